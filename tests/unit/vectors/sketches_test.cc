// Sketches: whatever the vectors, no cosine is above what a sketch says; and of vectors that do not fill
// their space few are left.

#include "engine/vectors/cascade/sketches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "engine/vectors/cascade/code_search.h"
#include "engine/vectors/cascade/query_bounds.h"
#include "engine/vectors/codes/similarity.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using Vector = std::vector<double>;

constexpr size_t kDimensions = 300;
constexpr size_t kMany = 1 << 20;
constexpr SimilarityMode kModes[] = {SimilarityMode::DEFAULT, SimilarityMode::DOT_PRODUCT,
                                     SimilarityMode::EUCLIDEAN};

double between(Random& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random.below(1'000'001)) / 1e6;
}

// Vectors near a few directions, as embeddings are, and some that are odd in any way.
class Source {
 public:
  explicit Source(Random& random) : random_(random) {
    for (size_t i = 0; i < kDirectionsOfSpace; ++i) space_.push_back(uniform());
    for (size_t i = 0; i < kClusters; ++i) clusters_.push_back(within(1));
  }

  Vector usual() {
    const Vector& cluster = clusters_[random_.below(kClusters)];
    const Vector around = within(0.5);
    const double size = random_.one_in(2) ? 1 : std::pow(10, between(random_, -3, 3));
    Vector vector;
    for (size_t i = 0; i < kDimensions; ++i) {
      vector.push_back(size * (cluster[i] + around[i] + between(random_, -0.1, 0.1)));
    }
    return vector;
  }

  Vector odd() {
    const Vector base = usual();
    Vector vector(kDimensions);
    const uint64_t kind = random_.below(7);
    const double size = std::pow(10, between(random_, -140, 140));
    for (size_t i = 0; i < kDimensions; ++i) {
      const double element = between(random_, -1, 1);
      switch (kind) {
        case 0: vector[i] = element * size; break;   // across the space, of any length
        case 1: vector[i] = clusters_[0][i]; break;  // all alike
        case 2: vector[i] = base[i] * (1 + 1e-9 * element); break;
        case 3: vector[i] = random_.one_in(kDimensions) ? size : 0; break;
        case 4: vector[i] = -base[i]; break;
        case 5: vector[i] = i == 7 ? 1 : element * 1e-3; break;
        default: vector[i] = element * std::pow(10, between(random_, -12, 12)); break;
      }
    }
    if (!is_regular(norm_of(vector))) vector[0] = size;
    return vector;
  }

  Vector any() { return random_.one_in(10) ? odd() : usual(); }

 private:
  static constexpr size_t kDirectionsOfSpace = 24;
  static constexpr size_t kClusters = 40;

  Vector uniform() {
    Vector vector;
    for (size_t i = 0; i < kDimensions; ++i) vector.push_back(between(random_, -1, 1));
    return vector;
  }
  Vector within(double size) {
    Vector vector(kDimensions);
    for (const Vector& direction : space_) {
      const double part = size * between(random_, -1, 1);
      for (size_t i = 0; i < kDimensions; ++i) vector[i] += part * direction[i];
    }
    return vector;
  }

  Random& random_;
  std::vector<Vector> space_;
  std::vector<Vector> clusters_;
};

struct Vectors {
  std::vector<Vector> all;
  VectorCodes codes{kDimensions};
  Sketches sketches;

  void add(Vector vector) {
    sketches.changed(codes, codes.add(vector));
    all.push_back(std::move(vector));
  }
  void set(size_t slot, Vector vector) {
    codes.set(slot, vector);
    sketches.changed(codes, slot);
    all[slot] = std::move(vector);
  }
  void remove(size_t slot) {
    codes.move_last_to(slot);
    sketches.changed(codes, slot);
    all[slot] = all.back();
    all.pop_back();
  }
  // Of all that there are.
  void learn() {
    sketches.learn(codes);
    sketches.learn(codes);
  }
};

void fill(Source& source, size_t count, Vectors& vectors) {
  for (size_t i = 0; i < count; ++i) vectors.add(source.any());
}

// With sketches, which the few rows that are drawn as a sample do not always call for where many are odd.
std::unique_ptr<Vectors> sketched(Source& source, size_t count) {
  for (int tries = 0; tries < 8; ++tries) {
    auto vectors = std::make_unique<Vectors>();
    fill(source, count, *vectors);
    vectors->learn();
    if (vectors->sketches.groups() == vectors->codes.groups()) return vectors;
  }
  ADD_FAILURE() << "no sample calls for sketches";
  return nullptr;
}

Vector similarities_of(const Vector& query, const std::vector<Vector>& vectors, SimilarityMode mode) {
  Vector similarities;
  for (const Vector& vector : vectors) {
    similarities.push_back(similarity(query, norm_of(query), vector, norm_of(vector), mode));
  }
  return similarities;
}

// Of each row that has a sketch, what its cosine is at most.
std::vector<float> bounds_of(const Vectors& vectors, const Vector& query, const CodeKernels& kernels) {
  const QueryBounds of_codes(vectors.codes, query, SimilarityMode::DEFAULT);
  const SketchQuery sketch(vectors.sketches, of_codes.rotated(), of_codes.slack());
  const QueryBlock block({sketch.code()}, 1);
  std::vector<float> all;
  for (size_t group = 0; group < vectors.sketches.groups(); ++group) {
    int32_t products[kGroupRows];
    float bounds[kGroupRows];
    kernels.turned(vectors.sketches.group(group).codes, block, products);
    const float most = sketch.bounds(vectors.sketches.group(group), products, bounds);
    EXPECT_EQ(most, *std::ranges::max_element(bounds));
    all.insert(all.end(), bounds, bounds + vectors.codes.rows_of_group(group));
  }
  return all;
}

void expect_no_cosine_above(const Vectors& vectors, const Vector& query) {
  const Vector cosines = similarities_of(query, vectors.all, SimilarityMode::DEFAULT);
  for (const CodeKernels& kernels : code_kernels()) {
    const std::vector<float> bounds = bounds_of(vectors, query, kernels);
    for (size_t slot = 0; slot < bounds.size(); ++slot) {
      EXPECT_GE(bounds[slot], cosines[slot]) << kernels.name << ", vector " << slot;
    }
  }
}

void expect_best_found(const std::vector<Candidate>& found, const Vector& similarities, size_t k,
                       const std::vector<uint32_t>& allowed) {
  Vector sorted;
  for (const uint32_t slot : allowed) sorted.push_back(similarities[slot]);
  std::ranges::sort(sorted, std::greater());
  std::vector<uint32_t> slots;
  for (const Candidate& candidate : found) slots.push_back(candidate.slot);
  EXPECT_TRUE(std::ranges::is_sorted(slots));
  EXPECT_EQ(std::ranges::adjacent_find(slots), slots.end());
  for (const uint32_t slot : slots) EXPECT_TRUE(std::ranges::binary_search(allowed, slot)) << slot;
  for (const uint32_t slot : allowed) {
    if (similarities[slot] < sorted[k - 1]) continue;
    EXPECT_TRUE(std::ranges::binary_search(slots, slot)) << "vector " << slot << " of the " << k << " best";
  }
}

std::vector<uint32_t> some_slots(Random& random, const Vectors& vectors, uint64_t one_in) {
  std::vector<uint32_t> slots;
  for (uint32_t slot = 0; slot < vectors.all.size(); ++slot) {
    if (slot < 60 || random.one_in(one_in)) slots.push_back(slot);
  }
  return slots;
}

void expect_searches_find_the_best(Random& random, Source& source, const Vectors& vectors) {
  std::vector<Vector> queries;
  std::vector<CodeQuery> wanted;
  for (int i = 0; i < 6; ++i) queries.push_back(i == 0 ? vectors.all.front() : source.any());
  for (const Vector& query : queries) {
    wanted.push_back({query, random.pick(std::vector<size_t>{1, 10, 50}), kModes[random.below(3)]});
  }
  const std::vector<uint32_t> all = some_slots(random, vectors, 1);
  const std::vector<uint32_t> some = some_slots(random, vectors, 2);
  const auto together = find_candidates_together(vectors.codes, &vectors.sketches, wanted, kMany, 2);
  for (size_t i = 0; i < wanted.size(); ++i) {
    const Vector similarities = similarities_of(queries[i], vectors.all, wanted[i].mode);
    expect_best_found(*together[i], similarities, wanted[i].k, all);
    expect_best_found(find_candidates(vectors.codes, &vectors.sketches, wanted[i], nullptr), similarities,
                      wanted[i].k, all);
    expect_best_found(find_candidates(vectors.codes, &vectors.sketches, wanted[i], &some), similarities,
                      wanted[i].k, some);
  }
}

TEST(SketchesTest, NoCosineIsAboveWhatTheySay) {
  Random random(test_seed());
  for (int round = 0; round < 3; ++round) {
    Source source(random);
    const std::unique_ptr<Vectors> made = sketched(source, 2100);
    ASSERT_TRUE(made);
    Vectors& vectors = *made;
    for (int i = 0; i < 12; ++i) expect_no_cosine_above(vectors, i % 2 == 0 ? source.usual() : source.odd());
    expect_no_cosine_above(vectors, vectors.all[5]);
  }
}

TEST(SketchesTest, SearchesFindTheBest) {
  Random random(test_seed());
  for (int round = 0; round < 4; ++round) {
    Source source(random);
    const std::unique_ptr<Vectors> made = sketched(source, 2100);
    ASSERT_TRUE(made);
    Vectors& vectors = *made;
    expect_searches_find_the_best(random, source, vectors);
  }
}

TEST(SketchesTest, FollowChanges) {
  Random random(test_seed());
  Source source(random);
  const std::unique_ptr<Vectors> made = sketched(source, 2100);
  ASSERT_TRUE(made);
  Vectors& vectors = *made;
  for (int change = 0; change < 400; ++change) {
    const size_t slot = random.below(vectors.all.size());
    switch (random.below(3)) {
      case 0: vectors.add(source.any()); break;
      case 1: vectors.set(slot, source.any()); break;
      default: vectors.remove(random.one_in(4) ? vectors.all.size() - 1 : slot); break;
    }
  }
  expect_no_cosine_above(vectors, source.usual());
  expect_searches_find_the_best(random, source, vectors);
  fill(source, 500, vectors);  // groups that have none yet
  EXPECT_LT(vectors.sketches.groups(), vectors.codes.groups());
  expect_searches_find_the_best(random, source, vectors);
  while (vectors.all.size() > 70) vectors.remove(random.below(vectors.all.size()));
  EXPECT_EQ(vectors.sketches.groups(), 2U);
  expect_no_cosine_above(vectors, source.usual());
  expect_searches_find_the_best(random, source, vectors);
}

// Of vectors near some directions less than one in six; all would be left by bounds that say nothing.
TEST(SketchesTest, LeaveFew) {
  Random random(test_seed());
  Source source(random);
  Vectors vectors;
  for (int i = 0; i < 4000; ++i) vectors.add(source.usual());
  vectors.learn();
  size_t left = 0;
  for (int i = 0; i < 10; ++i) {
    const Vector query = source.usual();
    Vector cosines = similarities_of(query, vectors.all, SimilarityMode::DEFAULT);
    std::ranges::sort(cosines, std::greater());
    const std::vector<float> bounds = bounds_of(vectors, query, code_kernels().front());
    left +=
        static_cast<size_t>(std::ranges::count_if(bounds, [&](float most) { return most >= cosines[9]; }));
  }
  EXPECT_LE(left, 10 * 4000 / 6U);
}

TEST(SketchesTest, WhereTheyTellLittleThereAreNone) {
  Random random(test_seed());
  VectorCodes codes(kDimensions);
  Vector vector(kDimensions);
  for (int i = 0; i < 17000; ++i) {
    for (double& element : vector) element = between(random, -1, 1);
    codes.add(vector);
  }
  Sketches sketches;
  EXPECT_FALSE(sketches.wants(codes));
  sketches.note_scan(kMany * 8);
  EXPECT_TRUE(sketches.wants(codes));
  sketches.learn(codes);
  EXPECT_FALSE(sketches.wants(codes));
  EXPECT_EQ(sketches.groups(), 0U);
  EXPECT_EQ(sketches.memory_bytes(), 0U);
  const Vector query = vector;
  EXPECT_GE(find_candidates(codes, &sketches, {query, 3, SimilarityMode::DEFAULT}, nullptr).size(), 3U);
}

TEST(SketchesTest, AreWantedOnceSearchesHaveReadMuch) {
  Random random(test_seed());
  Source source(random);
  Vectors vectors;
  for (int i = 0; i < 17000; ++i) vectors.add(source.usual());
  const Vector query = source.usual();
  int searches = 0;
  for (; !vectors.sketches.wants(vectors.codes); ++searches) {
    ASSERT_LT(searches, 1000);
    (void)find_candidates(vectors.codes, &vectors.sketches, {query, 3, SimilarityMode::DEFAULT}, nullptr);
  }
  EXPECT_GT(searches, 10);
  vectors.learn();
  EXPECT_EQ(vectors.sketches.groups(), vectors.codes.groups());
  EXPECT_FALSE(vectors.sketches.wants(vectors.codes));
  EXPECT_LE(vectors.sketches.memory_bytes(), Sketches::expected_bytes(vectors.codes));
}

}  // namespace
}  // namespace quipu::testing
