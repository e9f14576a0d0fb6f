// What each word of a query adds to a score, and where in the text it is.

#include "engine/text/explain_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "engine/text/text_search.h"
#include "tests/support/memory_text_index.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class ExplainTextTest : public ::testing::Test {
 protected:
  ExplainedScore explain(std::string_view text, uint32_t row) {
    const auto explained = explain_text(*index_.index(), *TextQuery::parse(text), index_.analyser(), row);
    EXPECT_TRUE(explained.has_value()) << explained.error().message();
    return *explained;
  }
  std::vector<std::string> parts(std::string_view text, uint32_t row) {
    std::vector<std::string> names;
    for (const TextScorePart& part : explain(text, row).parts) names.push_back(part.what);
    return names;
  }

  MemoryTextIndex index_;
};

TEST_F(ExplainTextTest, PartsAreTermsThatTheDocumentHas) {
  for (const std::string_view text : {"black cats", "a dog and a cat", "the birds"}) index_.add(text);
  EXPECT_THAT(parts("cat dog bird", 1), ElementsAre("cat", "dog"));
  EXPECT_THAT(parts("bla*", 0), ElementsAre("black"));
  EXPECT_THAT(parts("\"black cat\" dog", 0), ElementsAre("\"black cat\""));
  EXPECT_THAT(explain("\"black cat\" dog", 0).terms, UnorderedElementsAre("black", "cat"));
  EXPECT_THAT(parts("the", 2), IsEmpty());
  EXPECT_THAT(parts("(cat AND dog) OR black", 0), ElementsAre("black"));  // not "cat": the group does not fit
  EXPECT_THAT(parts("cat -black", 0), IsEmpty());
  EXPECT_THAT(parts("cat -black", 1), ElementsAre("cat"));
  EXPECT_THAT(parts("cat", 99), IsEmpty());
}

TEST_F(ExplainTextTest, PartsTogetherAreTheScore) {
  const std::vector<std::string> words = {"cat", "dog", "bird", "black", "sea"};
  Random random(test_seed());
  size_t all = 0;
  for (int i = 0; i < 60; ++i) {
    std::string text;
    for (size_t n = random.below(8); n > 0; --n) text += words[random.below(words.size())] + " ";
    index_.add(text);
  }
  for (const std::string_view query :
       {"cat dog", "cat cat bird", "+cat dog -sea", "\"black cat\" OR sea", "b* AND cat",
        "(cat AND dog) OR (black -bird) sea", "\"black sea\" AND (cat OR c*)"}) {
    const auto hits = search_text(*index_.index(), *TextQuery::parse(query), index_.analyser(), 100);
    ASSERT_TRUE(hits.has_value());
    all += hits->size();
    for (const TextHit& hit : *hits) {
      double sum = 0;
      for (const TextScorePart& part : explain(query, hit.row).parts) sum += part.score;
      EXPECT_NEAR(hit.score, sum, 1e-5 * hit.score) << query;
    }
  }
  EXPECT_LT(0, all);
}

std::vector<std::string> found(std::string_view text, const std::string& analyser,
                               const std::set<std::string, std::less<>>& terms) {
  std::vector<std::string> words;
  for (const TextPlace& place : find_terms(text, **Analyser::make(analyser), terms))
    words.emplace_back(text.substr(place.begin, place.end - place.begin));
  return words;
}

TEST_F(ExplainTextTest, PlacesAreWordsOfTheTerms) {
  EXPECT_THAT(found("Black-cat, (CATS)\ncat's dog", "english", {"cat"}), ElementsAre("cat", "CATS", "cat"));
  EXPECT_THAT(found("cat,dog cat, dog", "whitespace", {"cat,"}), ElementsAre("cat,"));
  EXPECT_THAT(found("viele Häuser.", "german", {"haus"}), ElementsAre("Häuser"));
  EXPECT_THAT(found("", "english", {"cat"}), IsEmpty());
  EXPECT_THAT(found("\xff\xfe cat\xff", "english", {"cat"}), ElementsAre("cat"));
  EXPECT_THAT(find_terms("a cat", **Analyser::make("english"), {"cat"}), ElementsAre(TextPlace{2, 5}));
  // A word of a script without spaces, within the run of letters that it is in.
  std::vector<std::string> terms;
  (*Analyser::make("icu"))->analyse("我喜欢北京", [&](const Token& token) {
    terms.emplace_back(token.term);
  });
  EXPECT_THAT(found("我喜欢北京。", "icu", {terms.back()}), ElementsAre(terms.back()));
  std::string long_run;
  for (int i = 0; i < 10'000; ++i) long_run += "北京";
  EXPECT_THAT(found(long_run, "icu", {"北京"}), IsEmpty());
}

}  // namespace
}  // namespace quipu::testing
