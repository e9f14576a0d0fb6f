#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/text/text_query.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

std::string list(const char* name, const std::vector<TextQuery>& queries);

// A query as text that shows its parts: w(cat) "black cat" p(ca) {must: ... any: ... not: ...}
std::string show(const TextQuery& query) {
  if (const auto* words = std::get_if<TextQuery::Words>(&query.node)) return "w(" + words->text + ")";
  if (const auto* phrase = std::get_if<TextQuery::Phrase>(&query.node)) return "\"" + phrase->text + "\"";
  if (const auto* prefix = std::get_if<TextQuery::Prefix>(&query.node)) return "p(" + prefix->beginning + ")";
  const auto& group = std::get<TextQuery::Group>(query.node);
  return "{" + list("must", group.required) + list("any", group.optional) + list("not", group.excluded) + "}";
}

std::string list(const char* name, const std::vector<TextQuery>& queries) {
  if (queries.empty()) return {};
  std::string text = std::string("[") + name;
  for (const TextQuery& query : queries) text += " " + show(query);
  return text + "]";
}

std::string parsed(std::string_view text) {
  const Result<TextQuery> query = TextQuery::parse(text);
  return query ? show(*query) : query.error().message();
}

std::string error(int at, const std::string& what) {
  return "text query, at byte " + std::to_string(at) + ": " + what;
}

TEST(QueryParserTest, WordsPhrasesAndPrefixes) {
  EXPECT_EQ("w(cat)", parsed("  cat "));
  EXPECT_EQ("{[any w(cat) w(dog)]}", parsed("cat dog"));
  EXPECT_EQ("\"black cat\"", parsed("\"black cat\""));
  EXPECT_EQ("{[any w(a) \"b c\" w(d)]}", parsed("a\"b c\"d"));
  EXPECT_EQ("p(ca)", parsed("ca*"));
  EXPECT_EQ("\"\"", parsed("\"\""));
  EXPECT_EQ("w(black-cat?)", parsed("black-cat?"));
}

TEST(QueryParserTest, WhatMustAndMustNotBe) {
  EXPECT_EQ("{[must w(cat)][any w(big)][not w(dog)]}", parsed("+cat big -dog"));
  EXPECT_EQ("{[any w(cat)][not \"a b\"]}", parsed("cat NOT \"a b\""));
  EXPECT_EQ("{[any w(a)][not p(b)]}", parsed("a -b*"));
}

TEST(QueryParserTest, OperatorsBindInTheirOrder) {
  EXPECT_EQ("{[must w(a) w(b)]}", parsed("a AND b"));
  EXPECT_EQ("{[any w(a) w(b) w(c)]}", parsed("a OR b OR c"));
  EXPECT_EQ("{[any w(a) {[must w(b) w(c)]}]}", parsed("a OR b AND c"));
  EXPECT_EQ("{[any w(x) {[must w(a)][not w(b)]}]}", parsed("x a AND NOT b"));
  EXPECT_EQ("{[must {[any w(a) w(b)]} w(c)]}", parsed("(a OR b) AND c"));
  EXPECT_EQ("{[must w(a)][not {[any w(b) w(c)]}]}", parsed("+a -(b c)"));
  EXPECT_EQ("w(a)", parsed("((a))"));
}

TEST(QueryParserTest, SmallLettersAndPartsOfWordsAreNoOperators) {
  EXPECT_EQ("{[any w(a) w(and) w(b)]}", parsed("a and b"));
  EXPECT_EQ("{[any w(a) w(ORB) w(NOTE)]}", parsed("a ORB NOTE"));
}

TEST(QueryParserTest, ABackslashMakesALetter) {
  EXPECT_EQ("{[any w(a*) w(-b) w(\"c) w(d(e))]}", parsed("a\\* \\-b \\\"c d\\(e\\)"));
  EXPECT_EQ("\"a\"b\"", parsed("\"a\\\"b\""));
  EXPECT_EQ("w(a\\)", parsed("a\\"));
  EXPECT_EQ("{[any w(a) w(OR) w(b)]}", parsed("a \\OR b"));
}

TEST(QueryParserTest, ErrorsSayWhereAndWhat) {
  EXPECT_EQ(error(0, "it is empty"), parsed(""));
  EXPECT_EQ(error(2, "it is empty"), parsed("  "));
  EXPECT_EQ(error(2, "the quotation mark is not closed; \"\\\"\" is the character"), parsed("a \"b c"));
  EXPECT_EQ(error(2, "\"(\" is not closed; \"\\(\" is the character"), parsed("a (b"));
  EXPECT_EQ(error(1, "\")\" closes nothing; \"\\)\" is the character"), parsed("a) b"));
  EXPECT_EQ(error(3, "there is nothing between the parentheses"), parsed("a ()"));
  EXPECT_EQ(error(0, "it only says what is not to be there; add what is to be found"), parsed("-a -b"));
  EXPECT_EQ(error(0, "it only says what is not to be there; add what is to be found"),
            parsed("NOT a AND NOT b"));
  EXPECT_EQ(error(5, "OR beside what is not to be there would find nearly everything; leave out the OR"),
            parsed("a OR -b"));
  EXPECT_EQ(error(0, "\"+\" beside OR contradicts it; leave out one of them"), parsed("+a OR b"));
  EXPECT_EQ(error(2, "nothing stands behind AND; in small letters it is a word"), parsed("a AND"));
  EXPECT_EQ(error(0, "nothing stands behind NOT; in small letters it is a word"), parsed("NOT"));
  EXPECT_EQ(error(0, "OR needs something on both sides; in small letters it is a word"), parsed("OR a"));
  EXPECT_EQ(error(6, "AND needs something on both sides; in small letters it is a word"),
            parsed("a AND AND b"));
  EXPECT_EQ(error(4, "NOT needs something on its right; in small letters it is a word"), parsed("NOT NOT a"));
  EXPECT_EQ(error(2, "nothing stands behind \"-\"; \"\\-\" is the character"), parsed("a - b"));
  EXPECT_EQ(error(0, "nothing stands behind \"+\"; \"\\+\" is the character"), parsed("+"));
  EXPECT_EQ(error(1, "nothing stands before \")\""), parsed("-)"));
  EXPECT_EQ(error(0, "\"*\" needs the beginning of a word before it"), parsed("*"));
  EXPECT_EQ(error(2, "\"*\" stands at the end of a word; \"\\*\" is the character"), parsed("ab*c"));
}

TEST(QueryParserTest, QueriesHaveLimits) {
  std::string words;
  for (size_t i = 0; i < kMaxQueryClauses; ++i) words += "a ";
  EXPECT_TRUE(TextQuery::parse(words).has_value());
  EXPECT_EQ(error(2048, "it has more than 1024 words"), parsed(words + "a"));
  const auto nested = [](size_t depth) { return std::string(depth, '(') + "a" + std::string(depth, ')'); };
  EXPECT_EQ("w(a)", parsed(nested(kMaxQueryDepth)));
  EXPECT_EQ(error(64, "parentheses are more than 64 deep"), parsed(nested(100'000)));
}

TEST(QueryParserTest, AnyTextIsAQueryOrAnError) {
  Random random(test_seed());
  const std::vector<std::string> pieces = {"a",    "(",     ")",    "\"",     "*",
                                           "+",    "-",     "\\",   " ",      " AND ",
                                           " OR ", " NOT ", "\xff", "\u00e9", std::string(1, '\0')};
  size_t queries = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (uint64_t n = random.below(12); n != 0; --n) text += random.pick(pieces);
    const Result<TextQuery> query = TextQuery::parse(text);
    queries += query ? 1 : 0;
    if (!query) {
      ASSERT_EQ(StatusCode::kInvalidArgument, query.error().code());
    }
  }
  EXPECT_GT(queries, 1000u);
}

}  // namespace
}  // namespace quipu::testing
