#include "engine/text/postings/bm25.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;

TEST(Bm25Test, ScoresAreThoseOfTheFormula) {
  // ln(1 + (10 - 3 + 0.5) / (3 + 0.5)) = 1.145132; 2 / (2 + 1.5 * (0.25 + 0.75 * 8 / 5)) = 0.479042
  const TextStatistics statistics{10, 50};
  const double idf = Bm25Term::idf(statistics, 3);
  EXPECT_NEAR(1.1451323, idf, 1e-7);
  EXPECT_NEAR(0.5485663, Bm25Term(statistics, idf).score(2, 8), 1e-6);
  EXPECT_NEAR(1.0971326, Bm25Term(statistics, 2 * idf).score(2, 8), 1e-6);
}

TEST(Bm25Test, NoTokensAreNoDivisionByZero) { EXPECT_GT(Bm25Term({1, 0}, 1.0).score(1, 0), 0); }

TEST(BestImpactsTest, WhatIsBeatenWhateverTheAverageIsLeftOut) {
  std::vector<Impact> documents = {{1, 10}, {1, 20}, {3, 40}, {2, 12}, {3, 35}, {2, 30}};
  // 2 in 12 beats 1 in 10: twice as often, in a document that is not twice as long.
  EXPECT_THAT(best_impacts(documents), ElementsAre(Impact{2, 12}, Impact{3, 35}));
}

TEST(BestImpactsTest, CornersOfTheHullAreKeptAndPointsWithinAreNot) {
  std::vector<Impact> documents = {{1, 1}, {2, 4}, {3, 9}, {4, 16}, {3, 10}};
  EXPECT_THAT(best_impacts(documents), ElementsAre(Impact{1, 1}, Impact{2, 4}, Impact{3, 9}, Impact{4, 16}));
  documents = {{1, 1}, {2, 9}, {3, 9}};
  EXPECT_THAT(best_impacts(documents), ElementsAre(Impact{1, 1}, Impact{3, 9}));
}

TEST(BestImpactsTest, TheBoundIsTheBestScoreForAnyStatistics) {
  Random random(test_seed());
  for (int round = 0; round < 500; ++round) {
    std::vector<Impact> documents;
    for (uint64_t i = 1 + random.below(128); i != 0; --i) {
      const auto frequency = static_cast<uint32_t>(1 + random.below(1 + random.below(40)));
      documents.push_back({frequency, frequency + static_cast<uint32_t>(random.below(500))});
    }
    const std::vector<Impact> all = documents;
    const std::vector<Impact> best = best_impacts(documents);
    for (const uint64_t average : {1, 20, 300, 100000}) {
      for (const double b : {0.0, 0.75, 1.0}) {
        const Bm25Term term({7, 7 * average}, 2.5, {1.5, b});
        float highest = 0;
        float bound = 0;
        for (const Impact& impact : all)
          highest = std::max(highest, term.score(impact.frequency, impact.length));
        for (const Impact& impact : best) bound = std::max(bound, term.bound(impact));
        ASSERT_GE(bound, highest);
        ASSERT_LE(bound, highest * 1.00001F);
      }
    }
  }
}

}  // namespace
}  // namespace quipu::testing
