#include "engine/text/text_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/memory_text_index.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class TextSearchTest : public ::testing::Test {
 protected:
  void add(std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) index_.add(text);
  }

  std::vector<TextHit> hits(std::string_view text, const std::vector<uint32_t>* allowed = nullptr) {
    const Result<TextQuery> query = TextQuery::parse(text);
    EXPECT_TRUE(query.has_value()) << query.error().message();
    const Result<std::vector<TextHit>> found =
        search_text(*index_.index(), *query, index_.analyser(), 100, {.rows = allowed});
    EXPECT_TRUE(found.has_value()) << found.error().message();
    return *found;
  }

  std::vector<uint32_t> rows(std::string_view text, const std::vector<uint32_t>* allowed = nullptr) {
    std::vector<uint32_t> rows;
    for (const TextHit& hit : hits(text, allowed)) rows.push_back(hit.row);
    return rows;
  }

  MemoryTextIndex index_;
};

TEST_F(TextSearchTest, AnyWordIsEnough) {
  add({"a cat", "a dog", "a cat and a dog", "a bird"});
  EXPECT_THAT(rows("cat"), ElementsAre(0, 2));  // 2 is longer
  EXPECT_THAT(rows("cats dogs"), ElementsAre(2, 0, 1));
  EXPECT_THAT(rows("unicorn"), IsEmpty());
  EXPECT_THAT(rows("the"), IsEmpty());
}

TEST_F(TextSearchTest, TermsThatMustBeThere) {
  add({"a cat", "a dog", "a cat and a dog", "a bird and a cat"});
  EXPECT_THAT(rows("cat AND dog"), ElementsAre(2));
  EXPECT_THAT(rows("+cat dog"), ElementsAre(2, 0, 3));
  EXPECT_THAT(rows("+cat +unicorn"), IsEmpty());
  EXPECT_THAT(rows("+the +bird"), ElementsAre(3));  // of "the" nothing is left
}

TEST_F(TextSearchTest, TermsThatMustNotBeThere) {
  add({"a cat", "a dog", "a cat and a dog", "a bird and a cat"});
  EXPECT_THAT(rows("cat -dog"), ElementsAre(0, 3));
  EXPECT_THAT(rows("cat NOT (dog OR bird)"), ElementsAre(0));
  EXPECT_THAT(rows("cat AND NOT unicorn"), ElementsAre(0, 2, 3));
  EXPECT_THAT(rows("(cat AND dog) OR bird"), UnorderedElementsAre(2, 3));
  EXPECT_THAT(rows("the -cat"), IsEmpty());
}

TEST_F(TextSearchTest, ScoresOfGroupsAreSumsOfTheirTerms) {
  add({"cat dog", "cat", "dog", "bird"});
  const float both = hits("cat dog")[0].score;
  EXPECT_FLOAT_EQ(both, hits("cat AND dog")[0].score);
  EXPECT_FLOAT_EQ(both, hits("+cat dog")[0].score);
  EXPECT_FLOAT_EQ(both, hits("(cat OR unicorn) AND dog")[0].score);
  EXPECT_FLOAT_EQ(2 * both, hits("cat cat dog dog")[0].score);
}

TEST_F(TextSearchTest, PhrasesAreWordsSideBySide) {
  add({"black cat", "cat black", "black big cat", "cat, the black cat and the black cats",
       "the state of the art", "the state art"});
  EXPECT_THAT(rows("\"black cat\""), UnorderedElementsAre(0, 3));
  EXPECT_THAT(rows("\"cat black\""), ElementsAre(1));  // in 3 a word that is left out is between them
  EXPECT_THAT(rows("\"state of the art\""), ElementsAre(4));
  EXPECT_THAT(rows("\"state for an art\""), ElementsAre(4));  // any word may stand for a stop word
  EXPECT_THAT(rows("\"state art\""), ElementsAre(5));
  EXPECT_THAT(rows("\"the\""), IsEmpty());
  EXPECT_THAT(rows("\"cat\""), UnorderedElementsAre(0, 1, 2, 3));
  EXPECT_THAT(rows("\"black unicorn\""), IsEmpty());
  EXPECT_THAT(rows("cat -\"black cat\""), UnorderedElementsAre(1, 2));
  EXPECT_THAT(rows("\"cats black cats\""), IsEmpty());
}

TEST_F(TextSearchTest, APhraseCountsAsOftenAsItIsThere) {
  add({"new york new york", "york new york xx", "new new york york"});
  const std::vector<TextHit> found = hits("\"new york\"");
  ASSERT_EQ(3u, found.size());
  EXPECT_EQ(0u, found[0].row);
  EXPECT_FLOAT_EQ(found[1].score, found[2].score);
  // Twice in four words, which is the average; every document has both words.
  const double idf = 2 * std::log1p(0.5 / 3.5);
  EXPECT_NEAR(idf * 2 / (2 + 1.5), found[0].score, 1e-6);
  EXPECT_NEAR(idf * 1 / (1 + 1.5), found[1].score, 1e-6);
  EXPECT_THAT(rows("\"new york new york\""), ElementsAre(0));
}

TEST_F(TextSearchTest, PrefixesAreAllTheirWords) {
  add({"indexes", "indirection", "insides", "oxen"});
  EXPECT_THAT(rows("ind*"), UnorderedElementsAre(0, 1));
  EXPECT_THAT(rows("IND* -indirection"), ElementsAre(0));
  EXPECT_THAT(rows("+z* oxen"), IsEmpty());
}

TEST_F(TextSearchTest, APrefixOfTooManyWordsIsAnError) {
  std::string text;
  for (size_t i = 0; i <= kMaxPrefixTerms; ++i) text += "w" + std::to_string(i) + "x ";
  add({text});
  const Result<std::vector<TextHit>> found =
      search_text(*index_.index(), *TextQuery::parse("w*"), index_.analyser(), 1);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(StatusCode::kInvalidArgument, found.error().code());
  EXPECT_EQ("text query: more than 1024 words begin with \"w\"; write more of the word",
            found.error().message());
  EXPECT_THAT(rows("w1*"), ElementsAre(0));
}

TEST_F(TextSearchTest, APhraseOfTooManyWordsIsAnError) {
  add({"ab"});
  std::string words;
  for (size_t i = 0; i <= kMaxPhraseWords; ++i) words += "ab ";
  const Result<std::vector<TextHit>> found =
      search_text(*index_.index(), *TextQuery::parse("\"" + words + "\""), index_.analyser(), 1);
  ASSERT_FALSE(found.has_value());
  EXPECT_THAT(found.error().message(), HasSubstr("a phrase has more than 256 words"));
}

TEST_F(TextSearchTest, OnlyAllowedRowsAreFound) {
  add({"a cat", "a dog", "a cat and a dog", "a bird and a cat"});
  const std::vector<uint32_t> allowed = {2, 3};
  EXPECT_THAT(rows("cat", &allowed), ElementsAre(2, 3));
  EXPECT_THAT(rows("cat dog bird", &allowed), UnorderedElementsAre(2, 3));
  EXPECT_THAT(rows("+cat -dog", &allowed), ElementsAre(3));
  const auto accepts = [](uint32_t row) { return row == 3; };
  const Result<std::vector<TextHit>> found =
      search_text(*index_.index(), TextQuery::words("cat dog"), index_.analyser(), 5, {.accepts = accepts});
  ASSERT_EQ(1u, found->size());
  EXPECT_EQ(3u, found->front().row);
}

TEST_F(TextSearchTest, AQuestionAsItIsNeedsNoSyntax) {
  add({"a cat", "a dog"});
  const Result<std::vector<TextHit>> found =
      search_text(*index_.index(), TextQuery::words("What's a (\"cat*\" AND"), index_.analyser(), 1);
  ASSERT_EQ(1u, found->size());
  EXPECT_EQ(0u, found->front().row);
}

}  // namespace
}  // namespace quipu::testing
