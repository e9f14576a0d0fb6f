#include "engine/text/text_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;

TEST(TextRunTest, HasTheTermsOfItsDocuments) {
  const auto analyser = *Analyser::make("english");
  TextRun run;
  run.add(10, "Dogs and cats", *analyser);
  run.add(12, "", *analyser);
  run.add(15, "the cat, the cats; a mouse", *analyser);
  EXPECT_EQ(3u, run.documents());
  EXPECT_EQ(5u, run.tokens());
  EXPECT_EQ(4u, run.postings());
  const std::vector<TextRun::Term> terms = run.finish();
  ASSERT_EQ(3u, terms.size());
  EXPECT_EQ("cat", terms[0].term);
  EXPECT_THAT(terms[0].postings, ElementsAre(Posting{10, 1, 2}, Posting{15, 2, 3}));
  EXPECT_EQ("dog", terms[1].term);
  EXPECT_THAT(terms[1].postings, ElementsAre(Posting{10, 1, 2}));
  EXPECT_EQ("mous", terms[2].term);
  EXPECT_THAT(terms[2].postings, ElementsAre(Posting{15, 1, 3}));
}

TEST(TextRunTest, AMillionEqualWordsAreOnePosting) {
  const auto analyser = *Analyser::make("words");
  TextRun run;
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) text += "ab ";
  run.add(0, text, *analyser);
  const std::vector<TextRun::Term> terms = run.finish();
  ASSERT_EQ(1u, terms.size());
  EXPECT_THAT(terms[0].postings, ElementsAre(Posting{0, 1'000'000, 1'000'000}));
}

}  // namespace
}  // namespace quipu::testing
