// The index finds what a comparison of all vectors finds, with the lower halves of codes or without.

#include "engine/vectors/vector_index.h"

#include <gtest/gtest.h>

#include <map>

#include "engine/vectors/codes/similarity.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using Vector = std::vector<double>;

constexpr size_t kDimensions = 96;
constexpr SimilarityMode kModes[] = {SimilarityMode::DEFAULT, SimilarityMode::DOT_PRODUCT,
                                     SimilarityMode::EUCLIDEAN};

class VectorIndexTest : public ::testing::Test {
 protected:
  Vector any_vector(size_t dimensions = kDimensions) {
    Vector vector;
    for (size_t i = 0; i < dimensions; ++i) {
      vector.push_back(static_cast<double>(random_.below(2'000'001)) / 1e6 - 1);
    }
    return vector;
  }
  void put(const std::string& id, Vector vector) {
    index_.put(id, std::nullopt, vector);
    stored_[id] = std::move(vector);
  }
  void add(int count) {
    for (int i = 0; i < count; ++i) put("v" + std::to_string(added_++), any_vector());
  }
  void erase(const std::string& id) {
    index_.erase(id);
    stored_.erase(id);
  }

  VectorIndex::Fetch fetch() {
    return [this](auto ids, const auto& use) {
      for (size_t i = 0; i < ids.size(); ++i) {
        if (const auto found = stored_.find(ids[i]); found != stored_.end()) use(i, found->second);
        ++fetched_;
      }
      return Status::ok();
    };
  }
  std::vector<std::string> nearest(const Vector& query, size_t k, SimilarityMode mode,
                                   const std::vector<uint32_t>* rows) {
    std::vector<std::pair<double, std::string>> all;
    const auto take = [&](std::string_view id) {
      const Vector& vector = stored_.find(id)->second;
      all.emplace_back(similarity(query, norm_of(query), vector, norm_of(vector), mode), id);
    };
    index_.for_each_row(nullptr, [&](uint32_t row) {
      if (rows == nullptr || std::ranges::find(*rows, row) != rows->end()) take(index_.id_of(row));
    });
    std::ranges::sort(all, std::greater());
    std::vector<std::string> ids;
    for (size_t i = 0; i < std::min(k, all.size()); ++i) ids.push_back(all[i].second);
    return ids;
  }
  void expect_nearest(const std::vector<uint32_t>* rows) {
    for (const SimilarityMode mode : kModes) {
      for (const int k : {1, 10, 200}) {
        const Vector query = any_vector();
        const VectorIndex::TopK wanted{query, k, mode};
        const auto found = index_.top_k(wanted, rows, fetch());
        ASSERT_TRUE(found) << found.error().to_string();
        const auto expected = nearest(query, static_cast<size_t>(k), mode, rows);
        EXPECT_EQ(found->ids, expected) << "mode " << static_cast<int>(mode) << ", k " << k;
        if (rows != nullptr) continue;
        const auto together = index_.top_k_all(std::vector{wanted, wanted}, fetch(), 2);
        EXPECT_EQ(together[1]->ids, expected) << "mode " << static_cast<int>(mode) << ", k " << k;
      }
    }
  }
  void expect_nearest() {
    expect_nearest(nullptr);
    for (const uint64_t one_in : {2, 10, 50}) {
      std::vector<uint32_t> rows;
      index_.for_each_row(nullptr, [&](uint32_t row) {
        if (random_.one_in(one_in)) rows.push_back(row);
      });
      expect_nearest(&rows);
    }
  }

  Random random_{test_seed()};
  VectorIndex index_;
  std::map<std::string, Vector, std::less<>> stored_;
  int added_ = 0;
  size_t fetched_ = 0;
};

TEST_F(VectorIndexTest, FindsTheNearest) {
  add(2000);
  ASSERT_TRUE(index_.keep_within(100 << 20));
  expect_nearest();
}

TEST_F(VectorIndexTest, FindsTheNearestWithoutLowerHalves) {
  add(1500);
  const size_t before = index_.memory_bytes();
  ASSERT_TRUE(index_.keep_within(before));
  EXPECT_LE(index_.memory_bytes() + 1500 * kDimensions / 2, before);
  add(1500);
  for (int i = 0; i < 300; ++i) erase("v" + std::to_string(random_.below(3000)));
  for (int i = 0; i < 3000; i += 7) {
    if (stored_.contains("v" + std::to_string(i))) put("v" + std::to_string(i), any_vector());
  }
  expect_nearest();
  put("longer", any_vector(kDimensions + 1));
  EXPECT_FALSE(index_.top_k({any_vector(), 1, kModes[0]}, nullptr, fetch()));
  EXPECT_FALSE(index_.keep_within(1000));
  index_.clear();
  stored_.clear();
  add(100);
  EXPECT_GE(index_.memory_bytes(), 100 * kDimensions);  // with them again
}

TEST_F(VectorIndexTest, OrdersEqualsAlikeWithoutLowerHalves) {
  for (int round = 0; round < 30; ++round) {
    index_.clear();
    stored_.clear();
    const Vector best = any_vector();
    for (int i = 0; i < 300; ++i) put("r" + std::to_string(i), random_.one_in(60) ? best : any_vector());
    const VectorIndex::TopK wanted{best, 4, SimilarityMode::DEFAULT};
    const auto before = index_.top_k(wanted, nullptr, fetch());
    ASSERT_TRUE(index_.keep_within(index_.memory_bytes()));
    EXPECT_EQ(index_.top_k(wanted, nullptr, fetch())->ids, before->ids) << "round " << round;
  }
}

TEST_F(VectorIndexTest, AsksAloneWhatHasTooManyCandidatesToGoTogether) {
  for (int i = 0; i < 40'000; ++i) put("e" + std::to_string(i), {3, 4});
  const Vector query{1, 2};
  const VectorIndex::TopK wanted{query, 3, SimilarityMode::DEFAULT};
  const auto together = index_.top_k_all(std::vector{wanted, wanted}, fetch(), 2);
  ASSERT_EQ(together.size(), 2U);
  EXPECT_EQ(together[1]->ids, index_.top_k(wanted, nullptr, fetch())->ids);
  EXPECT_EQ(together[0]->ids.size(), 3U);
}

// Where upper halves alone leave many candidates most of these are told from the best by a few comparisons.
TEST_F(VectorIndexTest, ComparesFewWithoutLowerHalves) {
  for (int i = 0; i < 3000; ++i) {
    Vector vector = any_vector();
    vector[0] += 12.0 * i / 3000;
    put(std::to_string(i), vector);
  }
  ASSERT_TRUE(index_.keep_within(index_.memory_bytes()));
  Vector query(kDimensions);
  query[0] = 1;
  const auto found = index_.top_k({query, 5, SimilarityMode::DEFAULT}, nullptr, fetch());
  EXPECT_EQ(found->ids, nearest(query, 5, SimilarityMode::DEFAULT, nullptr));
  EXPECT_LE(fetched_, 1500U);
}

}  // namespace
}  // namespace quipu::testing
