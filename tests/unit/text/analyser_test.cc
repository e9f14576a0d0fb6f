#include "engine/text/analysis/analyser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/text/analysis/word_characters.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> analyse(const std::string& name, std::string_view text) {
  const auto analyser = Analyser::make(name);
  EXPECT_TRUE(analyser.has_value()) << name;
  std::vector<std::string> terms;
  (*analyser)->analyse(text, [&](const Token& token) {
    terms.push_back(std::string(token.term) + "@" + std::to_string(token.position));
  });
  return terms;
}

TEST(AnalyserTest, EnglishStemsWordsAndLeavesOutStopWords) {
  EXPECT_THAT(analyse("english", "The cats' WHISKERS, and running!"),
              ElementsAre("cat@1", "whisker@2", "run@4"));
}

TEST(AnalyserTest, WordsHaveTwoCharactersOrMore) {
  EXPECT_THAT(analyse("words", "a bc d_ 1 22 \u00e9 \u00e9t x-y"),
              ElementsAre("bc@0", "d_@1", "22@2", "\u00e9t@3"));
}

TEST(AnalyserTest, LanguagesHaveTheirStopWords) {
  EXPECT_THAT(analyse("german", "Die H\u00e4user und das Haus"), ElementsAre("haus@1", "haus@4"));
}

TEST(AnalyserTest, IcuFindsWordsWithoutSpaces) {
  EXPECT_THAT(analyse("icu", "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8, don't!"),
              ElementsAre("\u65e5\u672c\u8a9e@0", "\u306e@1", "\u30c6\u30ad\u30b9\u30c8@2", "don't@3"));
  EXPECT_THAT(
      analyse("icu", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01"),
      ElementsAre("\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35@0", "\u0e0a\u0e32\u0e27@1", "\u0e42\u0e25\u0e01@2"));
}

TEST(AnalyserTest, IcuFoldsCaseWidthAndComposition) {
  EXPECT_THAT(analyse("icu", "Stra\u00dfe \uff26\uff35\uff2c\uff2c caf\u00e9 cafe\u0301 3.14"),
              ElementsAre("strasse@0", "full@1", "caf\u00e9@2", "caf\u00e9@3", "3.14@4"));
  // Eighteen characters for one.
  EXPECT_THAT(analyse("icu", "\ufdfa").size(), ::testing::Gt(1u));
  EXPECT_THAT(analyse("icu", std::string("ab\xff"
                                         "cd")),
              ElementsAre("ab@0", "cd@1"));
  EXPECT_THAT(analyse("icu", ""), IsEmpty());
  EXPECT_EQ("strass", (*Analyser::make("icu"))->prefix("STRA\u00df"));
  EXPECT_THAT((*Analyser::make("icu"))->version(), ::testing::StartsWith("icu "));
}

TEST(AnalyserTest, WhitespaceChangesNothing) {
  EXPECT_THAT(analyse("whitespace", " The\tC++ \u3000x\n"), ElementsAre("The@0", "C++@1", "x@2"));
  EXPECT_THAT(analyse("whitespace", ""), IsEmpty());
}

TEST(AnalyserTest, AnInitialIWithDotIsTwoCharactersInLowerCase) {
  // "i", a combining dot that ends the word, "stanbul".
  EXPECT_THAT(analyse("words", "\u0130stanbul"), ElementsAre("stanbul@0"));
}

TEST(AnalyserTest, BytesThatAreNoTextEndWords) {
  EXPECT_THAT(analyse("words",
                      "ab\xff"
                      "cd\xc3"),
              ElementsAre("ab@0", "cd@1"));
  EXPECT_THAT(analyse("words", std::string_view("ab\0cd", 5)), ElementsAre("ab@0", "cd@1"));
  EXPECT_THAT(analyse("words",
                      "ab\xed\xa0\x80"
                      "cd"),
              ElementsAre("ab@0", "cd@1"));  // a surrogate
}

TEST(AnalyserTest, ALongWordIsCutAndKeptApartFromOthers) {
  const std::string word(kMaxTermBytes, 'x');
  const std::string one = analyse("words", word + "1").front();
  const std::string other = analyse("words", word + "2").front();
  EXPECT_EQ(kMaxTermBytes + 2, one.size());
  EXPECT_EQ(one.substr(0, 96), word.substr(0, 96));
  EXPECT_NE(one, other);
  EXPECT_EQ(analyse("words", word).front(), word + "@0");
  // Stemmed before it is cut.
  EXPECT_EQ(analyse("english", word + "aaning"), analyse("english", word + "aaned"));
  EXPECT_EQ(1u, analyse("english", std::string(1 << 20, 'y')).size());
}

TEST(AnalyserTest, MoreWordsThanItRemembersAreStemmedAlike) {
  std::string text;
  for (int i = 0; i < 70'000; ++i) text += "w" + std::to_string(i) + " ";
  const std::vector<std::string> terms = analyse("english", text + "cats w0");
  ASSERT_EQ(70'002u, terms.size());
  EXPECT_EQ("w69999@69999", terms[69'999]);
  EXPECT_EQ("cat@70000", terms[70'000]);
}

TEST(AnalyserTest, PrefixesAreInTheCaseOfTheTerms) {
  EXPECT_EQ("ca", (*Analyser::make("english"))->prefix("Ca"));
  EXPECT_EQ("Ca", (*Analyser::make("whitespace"))->prefix("Ca"));
}

TEST(AnalyserTest, AnUnknownNameIsAnErrorThatNamesTheKnown) {
  const auto made = Analyser::make("klingon");
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(StatusCode::kInvalidArgument, made.error().code());
  EXPECT_THAT(made.error().message(), HasSubstr("no analyser is named \"klingon\"; there are arabic, "));
  EXPECT_THAT(made.error().message(), HasSubstr(", english, "));
  EXPECT_THAT(made.error().message(), HasSubstr(", whitespace, words, yiddish"));
  EXPECT_FALSE(Analyser::make("en").has_value());
}

TEST(AnalyserTest, TheVersionOfSnowballIsKnown) {
  EXPECT_THAT((*Analyser::make("english"))->version(), ::testing::StartsWith("snowball "));
  EXPECT_EQ("", (*Analyser::make("words"))->version());
}

TEST(WordCharactersTest, AreThoseOfPython) {
  // sum(chr(c).isalnum() for c in range(0x80, 0x110000)) in Python 3.11
  uint32_t count = 0;
  for (uint32_t c = 0x80; c < 0x110000; ++c) count += is_word_character(c) ? 1 : 0;
  EXPECT_EQ(133485u, count);
  for (const uint32_t c : {U'a', U'Z', U'0', U'9', U'_', U'\u00aa', U'\u00b2', U'\u00bd', U'\u4e2d'}) {
    EXPECT_TRUE(is_word_character(c)) << c;
  }
  for (const uint32_t c : {U' ', U'-', U'@', U'[', U'`', U'{', U'/', U':', U'\u00b4', U'\u0307', U'\u200d'}) {
    EXPECT_FALSE(is_word_character(c)) << c;
  }
}

}  // namespace
}  // namespace quipu::testing
