#include "engine/vectors/cascade/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/support/random.h"

namespace quipu::testing {
namespace {

std::vector<uint32_t> slots_of(const std::vector<Candidate>& candidates) {
  std::vector<uint32_t> slots;
  for (const Candidate& candidate : candidates) slots.push_back(candidate.slot);
  return slots;
}

TEST(CandidatesTest, KeepsThoseWhoseUpperBoundReachesTheKthBestLowerBound) {
  Random random(test_seed());
  for (const size_t k : {1, 3, 50}) {
    Candidates candidates(k);
    std::vector<ScoreBounds> all;
    for (uint32_t slot = 0; slot < 20'000; ++slot) {
      const auto middle = static_cast<double>(random.below(1'000'000));
      const auto half = static_cast<double>(random.below(50'000));
      all.push_back({middle - half, middle + half});
      candidates.offer(slot, all.back());
    }
    std::vector<double> lower;
    for (const ScoreBounds& bounds : all) lower.push_back(bounds.lower);
    std::ranges::sort(lower, std::greater());
    EXPECT_EQ(candidates.threshold(), lower[k - 1]);
    std::vector<uint32_t> expected;
    for (uint32_t slot = 0; slot < all.size(); ++slot) {
      if (all[slot].upper >= lower[k - 1]) expected.push_back(slot);
    }
    EXPECT_EQ(slots_of(candidates.take()), expected);
  }
}

// Each is better than all before: at its turn every one is a candidate.
TEST(CandidatesTest, ForgetsThoseThatAreOvertaken) {
  Candidates candidates(10);
  size_t most = 0;
  for (uint32_t slot = 0; slot < 1'000'000; ++slot) {
    candidates.offer(slot, {slot + 0.0, slot + 0.5});
    most = std::max(most, candidates.size());
  }
  EXPECT_LE(most, 5000U);
  EXPECT_EQ(candidates.take().size(), 10U);
}

TEST(CandidatesTest, KeepsNothingOfTooMany) {
  Candidates candidates(10, 6000);
  size_t most = 0;
  for (uint32_t slot = 0; slot < 100'000; ++slot) {
    candidates.offer(slot, {0, 1});
    most = std::max(most, candidates.size());
  }
  EXPECT_TRUE(candidates.too_many());
  EXPECT_LE(most, 12'000U);
  EXPECT_EQ(candidates.size(), 0U);
  Candidates few(10, 6000);
  for (uint32_t slot = 0; slot < 4000; ++slot) few.offer(slot, {0, 1});
  EXPECT_FALSE(few.too_many());
  EXPECT_EQ(few.take().size(), 4000U);
}

}  // namespace
}  // namespace quipu::testing
