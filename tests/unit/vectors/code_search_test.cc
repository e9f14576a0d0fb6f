// The first stages of exact search: whatever the vectors, the best by float64 are among the candidates.

#include "engine/vectors/cascade/code_search.h"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <new>

#include "engine/vectors/codes/similarity.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using Vector = std::vector<double>;

constexpr size_t kMany = 1 << 20;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr SimilarityMode kModes[] = {SimilarityMode::DEFAULT, SimilarityMode::DOT_PRODUCT,
                                     SimilarityMode::EUCLIDEAN};

double between(Random& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random.below(1'000'001)) / 1e6;
}

// One way to make vectors hard to tell apart, or far apart in size.
Vector odd_vector(Random& random, size_t dimensions, const Vector& base) {
  Vector vector(dimensions);
  const uint64_t kind = random.below(9);
  const double size = std::pow(10, between(random, -140, 140));
  for (size_t i = 0; i < dimensions; ++i) {
    const double element = between(random, -1, 1);
    switch (kind) {
      case 0: vector[i] = element * size; break;                        // any length
      case 1: vector[i] = base[i]; break;                               // all alike
      case 2: vector[i] = base[i] * (1 + 1e-9 * element); break;        // almost alike
      case 3: vector[i] = random.one_in(dimensions) ? size : 0; break;  // mostly zeros
      case 4: vector[i] = i == 0 ? 1 : element * 1e-3; break;           // one that outweighs the others
      case 5: vector[i] = element * std::pow(10, between(random, -12, 12)); break;
      case 6: vector[i] = -base[i]; break;
      case 7: vector[i] = i == 0 ? 1 : element * 5e-324; break;  // denormals
      default: vector[i] = element; break;
    }
  }
  if (!is_regular(norm_of(vector))) vector[0] = size;
  return vector;
}

struct Vectors {
  std::vector<Vector> all;
  VectorCodes codes;

  explicit Vectors(size_t dimensions) : codes(dimensions) {}
  void add(Vector vector) {
    codes.add(vector);
    all.push_back(std::move(vector));
  }
};

Vectors odd_vectors(Random& random, size_t dimensions, size_t count, const Vector& base) {
  Vectors vectors(dimensions);
  for (size_t i = 0; i < count; ++i) vectors.add(odd_vector(random, dimensions, base));
  return vectors;
}

Vector base_vector(Random& random, size_t dimensions) {
  Vector base;
  for (size_t i = 0; i < dimensions; ++i) base.push_back(between(random, -1, 1) + 1e-3);
  return base;
}

Vector similarities_of(const Vector& query, const std::vector<Vector>& vectors, SimilarityMode mode) {
  Vector similarities;
  for (const Vector& vector : vectors) {
    similarities.push_back(similarity(query, norm_of(query), vector, norm_of(vector), mode));
  }
  return similarities;
}

// The candidates hold every vector that is as similar as the k-th best of `allowed`, ties included.
void expect_best_among(const std::vector<Candidate>& found, const Vector& similarities, size_t k,
                       const std::vector<uint32_t>& allowed, const std::string& what) {
  Vector sorted;
  for (const uint32_t slot : allowed) sorted.push_back(similarities[slot]);
  std::ranges::sort(sorted, std::greater());
  std::vector<uint32_t> candidates;
  for (const Candidate& candidate : found) candidates.push_back(candidate.slot);
  EXPECT_TRUE(std::ranges::is_sorted(candidates)) << what;
  for (const uint32_t slot : allowed) {
    if (similarities[slot] < sorted[k - 1]) continue;
    EXPECT_TRUE(std::ranges::binary_search(candidates, slot))
        << what << ": vector " << slot << ", similarity " << similarities[slot] << ", k-th " << sorted[k - 1];
  }
}

std::vector<uint32_t> all_slots(const Vectors& vectors) {
  std::vector<uint32_t> slots;
  for (uint32_t slot = 0; slot < vectors.all.size(); ++slot) slots.push_back(slot);
  return slots;
}

TEST(CodeSearchTest, TheBestAreAmongTheCandidatesOfEveryKernel) {
  Random random(test_seed());
  for (const size_t dimensions : {1, 2, 7, 8, 9, 31, 50, 64, 65, 300, 384, 1000}) {
    for (int round = 0; round < 3; ++round) {
      const Vector base = base_vector(random, dimensions);
      const Vectors vectors = odd_vectors(random, dimensions, 150, base);
      ASSERT_FALSE(vectors.codes.has_irregular());
      std::vector<Vector> queries;
      std::vector<CodeQuery> wanted;
      for (int i = 0; i < 7; ++i) queries.push_back(odd_vector(random, dimensions, base));
      for (const Vector& query : queries) {
        wanted.push_back({query, random.pick(std::vector<size_t>{1, 10, 149}), kModes[random.below(3)]});
      }
      for (const CodeKernels& kernels : code_kernels()) {
        const auto found = find_candidates_together(vectors.codes, nullptr, wanted, kMany, 1, kernels);
        ASSERT_EQ(found.size(), wanted.size());
        for (size_t i = 0; i < wanted.size(); ++i) {
          expect_best_among(find_candidates(vectors.codes, nullptr, wanted[i], nullptr, kernels),
                            similarities_of(queries[i], vectors.all, wanted[i].mode), wanted[i].k,
                            all_slots(vectors), kernels.name);
          expect_best_among(*found[i], similarities_of(queries[i], vectors.all, wanted[i].mode), wanted[i].k,
                            all_slots(vectors),
                            std::string(kernels.name) + ", mode " +
                                std::to_string(static_cast<int>(wanted[i].mode)) + ", dimensions " +
                                std::to_string(dimensions));
        }
      }
    }
  }
}

TEST(CodeSearchTest, OfThoseAllowedTheBestAreAmongTheCandidates) {
  Random random(test_seed());
  for (const size_t dimensions : {3, 50, 384}) {
    const Vector base = base_vector(random, dimensions);
    const Vectors vectors = odd_vectors(random, dimensions, 300, base);
    for (const uint64_t one_in : {1, 2, 20, 60}) {
      std::vector<uint32_t> allowed = {0, 1, 299};
      for (uint32_t slot = 2; slot < 299; ++slot) {
        if (random.one_in(one_in)) allowed.push_back(slot);
      }
      const Vector query = odd_vector(random, dimensions, base);
      for (const SimilarityMode mode : kModes) {
        const CodeQuery wanted{query, 2, mode};
        const auto found = find_candidates(vectors.codes, nullptr, wanted, &allowed);
        expect_best_among(found, similarities_of(query, vectors.all, mode), 2, allowed,
                          std::to_string(one_in));
        for (const Candidate& each : found) EXPECT_NE(std::ranges::find(allowed, each.slot), allowed.end());
      }
    }
  }
}

TEST(CodeSearchTest, FewOthersAreAmongTheCandidates) {
  Random random(test_seed());
  for (const size_t dimensions : {16, 50, 384}) {
    Vectors vectors(dimensions);
    for (int i = 0; i < 2000; ++i) vectors.add(base_vector(random, dimensions));
    const Vector query = base_vector(random, dimensions);
    for (const SimilarityMode mode : kModes) {
      const CodeQuery wanted{query, 10, mode};
      const size_t found = find_candidates(vectors.codes, nullptr, wanted, nullptr).size();
      EXPECT_GE(found, 10U);
      EXPECT_LE(found, 100U) << dimensions;
    }
  }
}

// Some 20 a query; one in 8 bits alone has twice as many.
TEST(CodeSearchTest, AQuerysRemainderLeavesFewerCandidates) {
  constexpr size_t kQueries = 20;
  Random random(test_seed());
  Vectors vectors(384);
  for (int i = 0; i < 2000; ++i) vectors.add(base_vector(random, 384));
  size_t found = 0;
  for (size_t i = 0; i < kQueries; ++i) {
    const Vector query = base_vector(random, 384);
    found += find_candidates(vectors.codes, nullptr, {query, 10, SimilarityMode::DEFAULT}, nullptr).size();
  }
  EXPECT_LE(found, 28 * kQueries);
}

TEST(CodeSearchTest, LengthsBeyondFloat32AreTold) {
  for (const double size : {1e-120, 1e-25, 1.0, 1e25, 1e120}) {
    Vectors vectors(2);
    for (int i = 0; i < 100; ++i) vectors.add({size * (1 + i), size * (50 - i)});
    for (const SimilarityMode mode : {SimilarityMode::DOT_PRODUCT, SimilarityMode::EUCLIDEAN}) {
      const Vector query = {size * 40, size * 12};
      const CodeQuery wanted{query, 3, mode};
      const auto found = find_candidates(vectors.codes, nullptr, wanted, nullptr);
      expect_best_among(found, similarities_of(query, vectors.all, mode), 3, all_slots(vectors), "");
      EXPECT_LT(found.size(), 30U) << size;  // and few others
    }
  }
}

TEST(CodeSearchTest, ChangedAndMovedVectorsAreFoundWhereTheyAre) {
  Random random(test_seed());
  for (const size_t dimensions : {5, 100}) {
    const Vector base = base_vector(random, dimensions);
    Vectors vectors = odd_vectors(random, dimensions, 200, base);
    for (int change = 0; change < 150; ++change) {
      const size_t slot = random.below(vectors.all.size());
      if (random.one_in(2)) {
        vectors.all[slot] = odd_vector(random, dimensions, base);
        vectors.codes.set(slot, vectors.all[slot]);
      } else {
        vectors.codes.move_last_to(slot);
        vectors.all[slot] = vectors.all.back();
        vectors.all.pop_back();
      }
    }
    ASSERT_EQ(vectors.codes.size(), vectors.all.size());
    const Vector query = odd_vector(random, dimensions, base);
    for (const SimilarityMode mode : kModes) {
      const CodeQuery wanted{query, 5, mode};
      const auto found = find_candidates(vectors.codes, nullptr, wanted, nullptr);
      expect_best_among(found, similarities_of(query, vectors.all, mode), 5, all_slots(vectors), "");
    }
  }
}

// All that is kept of a vector.
std::vector<double> kept_of(const VectorCodes& codes, size_t slot) {
  const VectorCodes::Coarse& coarse = codes.coarse(slot / kGroupRows);
  const size_t row = slot % kGroupRows;
  std::vector<double> kept = {coarse.along[row], coarse.across[row], codes.fine(slot).along,
                              codes.fine(slot).across, codes.norm(slot)};
  const uint8_t* const lower = codes.lower_halves(slot);
  kept.insert(kept.end(), lower, lower + codes.chunks() * kChunkBytes);
  const uint8_t* const upper = codes.upper_halves(slot);
  kept.insert(kept.end(), upper, upper + codes.chunks() * kChunkBytes);
  return kept;
}

TEST(VectorCodesTest, ACodeIsItsVectorsWhereverItLies) {
  Random random(test_seed());
  for (const size_t dimensions : {3, 50, 384}) {
    Vectors vectors = odd_vectors(random, dimensions, 150, base_vector(random, dimensions));
    for (const size_t slot : {149, 70, 3, 0}) {
      vectors.codes.move_last_to(slot);
      vectors.all[slot] = vectors.all.back();
      vectors.all.pop_back();
    }
    for (const size_t slot : {145, 70, 64, 3, 0}) {
      VectorCodes alone(dimensions);
      alone.add(vectors.all[slot]);
      EXPECT_EQ(kept_of(vectors.codes, slot), kept_of(alone, 0)) << slot;
    }
  }
}

// 40,000 vectors are enough for two threads; the best may lie in the parts of both.
TEST(CodeSearchTest, SeveralThreadsFindWhatOneDoes) {
  Random random(test_seed());
  constexpr size_t kDimensions = 6;
  Vectors vectors(kDimensions);
  for (int i = 0; i < 40000; ++i) vectors.add(base_vector(random, kDimensions));
  std::vector<Vector> queries;
  std::vector<CodeQuery> wanted;
  for (int i = 0; i < 4; ++i) queries.push_back(base_vector(random, kDimensions));
  for (const Vector& query : queries) wanted.push_back({query, 20, kModes[random.below(3)]});
  const auto found = find_candidates_together(vectors.codes, nullptr, wanted, kMany, 3);
  for (size_t i = 0; i < wanted.size(); ++i) {
    const Vector similarities = similarities_of(queries[i], vectors.all, wanted[i].mode);
    expect_best_among(*found[i], similarities, wanted[i].k, all_slots(vectors), std::to_string(i));
    EXPECT_LE(found[i]->size(), find_candidates(vectors.codes, nullptr, wanted[i], nullptr).size() + 5);
    const auto alone = find_candidates_together(vectors.codes, nullptr, std::span(&wanted[i], 1), kMany, 2);
    expect_best_among(*alone[0], similarities, wanted[i].k, all_slots(vectors), std::to_string(i));
  }
}

TEST(CodeSearchTest, TooManyCandidatesOfTwoThreadsAreNone) {
  Random random(test_seed());
  Vectors vectors(3);
  const Vector same = base_vector(random, 3);
  for (int i = 0; i < 40000; ++i) vectors.add(same);
  const std::vector<CodeQuery> wanted = {{same, 3, SimilarityMode::DEFAULT}};
  EXPECT_FALSE(find_candidates_together(vectors.codes, nullptr, wanted, 5000, 2)[0]);
  EXPECT_FALSE(find_candidates_together(vectors.codes, nullptr, wanted, 30000, 2)[0]);
  EXPECT_EQ(find_candidates_together(vectors.codes, nullptr, wanted, kMany, 2)[0]->size(), 40000U);
}

TEST(CodeSearchTest, TooManyCandidatesOfOneOfManyAreNone) {
  Random random(test_seed());
  Vectors vectors(16);
  const Vector same = base_vector(random, 16);
  for (int i = 0; i < 20; ++i) vectors.add(base_vector(random, 16));
  for (int i = 0; i < 9000; ++i) vectors.add(same);
  const Vector opposite = [&] {
    Vector negative;
    for (const double element : same) negative.push_back(-element);
    return negative;
  }();
  const std::vector<CodeQuery> wanted = {{same, 3, SimilarityMode::DEFAULT},
                                         {opposite, 3, SimilarityMode::DEFAULT}};
  const auto found = find_candidates_together(vectors.codes, nullptr, wanted, 5000);
  EXPECT_FALSE(found[0]);
  ASSERT_TRUE(found[1]);
  EXPECT_LE(found[1]->size(), 20U);
  EXPECT_EQ(find_candidates_together(vectors.codes, nullptr, wanted, kMany)[0]->size(), 9000U);
  EXPECT_EQ(find_candidates(vectors.codes, nullptr, wanted[0], nullptr).size(), 9000U);
}

TEST(VectorCodesTest, KnowsWhereItsBoundsDoNotHold) {
  for (const Vector& odd :
       {Vector{0, 0}, Vector{kNaN, 1}, Vector{1, kInfinity}, Vector{1e200, 1}, Vector{5e-324, 0}}) {
    VectorCodes codes(2);
    codes.add(Vector{1, 2});
    codes.add(odd);
    codes.add(Vector{2, 1});
    EXPECT_TRUE(codes.has_irregular());
    codes.set(1, Vector{3, 3});
    EXPECT_FALSE(codes.has_irregular());
    codes.set(0, odd);
    EXPECT_TRUE(codes.has_irregular());
    codes.move_last_to(0);
    EXPECT_FALSE(codes.has_irregular());
  }
}

// Lets the process have so many bytes more, while it lives.
class ScarceMemory {
 public:
  explicit ScarceMemory(uint64_t bytes) {
    uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    ::getrlimit(RLIMIT_AS, &before_);
    rlimit few = before_;
    few.rlim_cur = pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) + bytes;
    ::setrlimit(RLIMIT_AS, &few);
  }
  ScarceMemory(const ScarceMemory&) = delete;
  ScarceMemory& operator=(const ScarceMemory&) = delete;
  ~ScarceMemory() { ::setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_{};
};

TEST(VectorCodesTest, AnAddWithoutMemoryChangesNothing) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer takes address space of its own";
#endif
  VectorCodes codes(1 << 14);
  const Vector vector(1 << 14, 1);
  size_t added = 0;
  {
    const ScarceMemory scarce(32 << 20);
    try {
      for (; added < 10'000; ++added) codes.add(vector);
    } catch (const std::bad_alloc&) {
    }
  }
  ASSERT_LT(added, 10'000U);
  EXPECT_EQ(codes.size(), added);
  EXPECT_EQ(codes.add(vector), added);
  const CodeQuery wanted{vector, 1, SimilarityMode::DEFAULT};
  EXPECT_EQ(find_candidates(codes, nullptr, wanted, nullptr).size(), added + 1);
}

TEST(VectorCodesTest, TooLongVectorsHaveNoCodes) {
  VectorCodes longest(1 << 15);
  longest.add(Vector(1 << 15, 1));
  EXPECT_FALSE(longest.has_irregular());
  VectorCodes codes((1 << 15) + 1);
  codes.add(Vector((1 << 15) + 1, 1));
  EXPECT_TRUE(codes.has_irregular());
  EXPECT_LE(codes.memory_bytes(), kGroupRows * 24);
  codes.add(Vector((1 << 15) + 1, 2));
  codes.move_last_to(0);
  EXPECT_EQ(codes.size(), 1U);
  EXPECT_EQ(codes.norms(0)[0], norm_of(Vector((1 << 15) + 1, 2)));
}

TEST(VectorCodesTest, MemoryFollowsTheCountOfVectors) {
  VectorCodes codes(128);
  EXPECT_EQ(codes.memory_bytes(), 0U);
  for (int i = 0; i < 640; ++i) codes.add(Vector(128, 1));
  EXPECT_GE(codes.memory_bytes(), 640U * 128);
  EXPECT_LE(codes.memory_bytes(), 640U * (128 + 32));
  while (codes.size() > 64) codes.move_last_to(0);
  EXPECT_LE(codes.memory_bytes(), 64U * (128 + 32));
}

}  // namespace
}  // namespace quipu::testing
