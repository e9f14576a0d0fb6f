// Texts and queries that somebody may write on purpose: they end, take no more than their size, and say what
// is wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/text/text_search.h"
#include "tests/support/memory_text_index.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

size_t bytes_of(MemoryTextIndex& made) {
  size_t bytes = 0;
  for (const auto& [key, value] : made.entries().entries) bytes += key.size() + value.size();
  return bytes;
}

std::vector<TextHit> hits(const MemoryTextIndex& made, std::string_view words) {
  const auto index = made.index();
  return *search_text(*index, TextQuery::words(words), made.analyser(), 10);
}

std::string utf8(uint32_t code_point) {
  std::string text;
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  if (code_point < 0x800) {
    text += static_cast<char>(0xC0 | code_point >> 6);
  } else {
    if (code_point < 0x10000) {
      text += static_cast<char>(0xE0 | code_point >> 12);
    } else {
      text += static_cast<char>(0xF0 | code_point >> 18);
      text += static_cast<char>(0x80 | (code_point >> 12 & 0x3F));
    }
    text += static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
  }
  return text += static_cast<char>(0x80 | (code_point & 0x3F));
}

TEST(HostileTextTest, AMillionEqualWordsAreOnePosting) {
  MemoryTextIndex made("words");
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) text += "same ";
  made.add(text);
  made.add("same other");
  EXPECT_LT(bytes_of(made), 300U);
  EXPECT_EQ(2U, hits(made, "same").size());
  EXPECT_EQ(2U, hits(made, text).size());
  EXPECT_EQ(1'000'002U, made.totals().tokens);
}

TEST(HostileTextTest, AWordOfAMegabyteIsATermAsLongAsAny) {
  for (const char* const analyser : {"english", "words", "whitespace"}) {
    MemoryTextIndex made(analyser);
    const std::string word(1 << 20, 'x');
    made.add(word);
    made.add(word + "y");
    EXPECT_LT(bytes_of(made), 2000U) << analyser;
    EXPECT_EQ(1U, hits(made, word).size()) << analyser;
    EXPECT_EQ(1U, hits(made, word + "y").size()) << analyser;
  }
}

TEST(HostileTextTest, EveryCharacterGoesThroughEveryAnalyser) {
  std::string text;
  std::string apart;
  for (uint32_t code_point = 1; code_point < 0x110000; code_point += code_point < 0x3000 ? 1 : 7) {
    text += utf8(code_point);  // surrogates, too
    apart += utf8(code_point) + utf8(code_point) + " ";
  }
  text += "\xff\xfe\xc0\x80";  // which is no text
  for (const std::string& name : Analyser::names()) {
    const auto analyser = Analyser::make(name);
    ASSERT_TRUE(analyser.has_value()) << name;
    for (const std::string& each : {text, apart}) {
      uint32_t last = 0;
      size_t tokens = 0;
      (*analyser)->analyse(each, [&](const Token& token) {
        ASSERT_LE(token.term.size(), kMaxTermBytes) << name;
        ASSERT_GE(token.position, last) << name;
        last = token.position;
        ++tokens;
      });
      EXPECT_GT(tokens, 0U) << name;
    }
  }
}

TEST(HostileTextTest, ControlCharactersAreKeptApart) {
  MemoryTextIndex made("whitespace");
  made.add(std::string("a\0b", 3));
  made.add("a");
  made.add(
      "a\x01"
      "b");
  EXPECT_EQ(1U, hits(made, "a").size());
  EXPECT_EQ(1U, hits(made, std::string("a\0b", 3)).size());
}

TEST(HostileTextTest, QueriesOutOfTheSyntaxSayWhere) {
  Random random(test_seed());
  constexpr std::string_view kPieces[] = {"\"", "(",   ")",  "+",   "-", "*",    "\\",
                                          " ",  "AND", "OR", "NOT", "a", "\xff", "\n"};
  size_t errors = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (size_t i = random.below(30); i != 0; --i) text += kPieces[random.below(std::size(kPieces))];
    const Result<TextQuery> query = TextQuery::parse(text);
    if (query) continue;
    ++errors;
    EXPECT_EQ(StatusCode::kInvalidArgument, query.error().code());
    EXPECT_THAT(query.error().message(), StartsWith("text query, at byte "));
  }
  EXPECT_GT(errors, 10'000U);
}

TEST(HostileTextTest, LargeQueriesAreRefused) {
  const auto error = [](const std::string& query) { return TextQuery::parse(query).status().message(); };
  EXPECT_THAT(error(std::string(1'000'000, '(')),
              AllOf(HasSubstr("parentheses are more than"), HasSubstr("deep")));
  std::string words;
  for (int i = 0; i < 200'000; ++i) words += "a ";
  EXPECT_THAT(error(words), HasSubstr("more than"));
  EXPECT_THAT(error(std::string(1'000'000, '"')), HasSubstr("more than"));
  MemoryTextIndex made("words");
  made.add("aa bb");
  std::string phrase = "\"";
  for (int i = 0; i < 10'000; ++i) phrase += "aa bb ";
  const Result<TextQuery> query = TextQuery::parse(phrase + "\"");
  ASSERT_TRUE(query.has_value());
  const auto index = made.index();
  EXPECT_THAT(search_text(*index, *query, made.analyser(), 10).status().message(),
              HasSubstr("a phrase has more"));
}

}  // namespace
}  // namespace quipu::testing
