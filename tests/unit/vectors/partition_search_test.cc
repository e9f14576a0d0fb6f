// Centroids, and the search of partitions by them.

#include "engine/vectors/partitions/partition_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "engine/vectors/partitions/calibration.h"
#include "engine/vectors/partitions/division.h"
#include "tests/support/coded_rows.h"

namespace quipu::testing {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

double square_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::pow(double{a[i]} - b[i], 2);
  return sum;
}

// Vectors in partitions.
struct Partitions {
  Partitions(const Clusters& clusters, Random& random, size_t count, size_t dimensions)
      : rotation(dimensions), rows(dimensions), centroids(dimensions) {
    for (uint64_t i = 0; i < count; ++i) {
      vectors.push_back(clusters.next(random));
      add_vector(i, vectors.back(), rotation, rows);
    }
    const Division division = divide(rows, std::max<size_t>(1, count / kUsualRows), 1);
    for (uint64_t part = 0; part < division.means.size(); ++part) {
      centroids.put(kFirst + part, division.means[part]);
      partitions.emplace(kFirst + part, CodedRows(dimensions));
    }
    for (size_t row = 0; row < rows.size(); ++row) {
      partitions.at(kFirst + division.part_of[row]).add(rows, row);
    }
  }

  // What a search finds by its estimates; how many rows it has read.
  std::pair<std::vector<PartitionSearch::Hit>, size_t> search(const Vector& query,
                                                              PartitionSearch::Wanted wanted) const {
    return search(Probe(query, rotation), std::move(wanted));
  }
  std::pair<std::vector<PartitionSearch::Hit>, size_t> search(const Probe& probe,
                                                              PartitionSearch::Wanted wanted) const {
    PartitionSearch search(centroids, probe, std::move(wanted));
    size_t read = 0;
    std::set<uint64_t> seen;
    for (auto next = search.next(3); !next.empty(); next = search.next(3)) {
      for (const uint64_t partition : next) {
        EXPECT_TRUE(seen.insert(partition).second) << "named twice";
        search.take(partitions.at(partition).view());
        read += partitions.at(partition).size();
      }
    }
    return {search.hits(), read};
  }

  template <class Passes = bool (*)(uint64_t)>
  std::vector<uint64_t> nearest(
      const Vector& query, size_t k, const Passes& passes = [](uint64_t) { return true; }) const {
    std::vector<std::pair<double, uint64_t>> all;
    for (uint64_t number = 0; number < vectors.size(); ++number) {
      if (passes(number)) all.emplace_back(cosine(query, vectors[number]), number);
    }
    std::ranges::sort(all, std::greater());
    std::vector<uint64_t> found;
    for (size_t i = 0; i < std::min(k, all.size()); ++i) found.push_back(all[i].second);
    return found;
  }

  static constexpr uint64_t kFirst = uint64_t{1} << 63;
  Rotation rotation;
  std::vector<Vector> vectors;
  CodedRows rows;
  Centroids centroids;
  std::map<uint64_t, CodedRows> partitions;
};

size_t count_of(const std::vector<uint64_t>& expected, const std::vector<PartitionSearch::Hit>& hits) {
  size_t found = 0;
  for (const PartitionSearch::Hit& hit : hits) {
    found += static_cast<size_t>(std::ranges::count(expected, hit.number));
  }
  return found;
}

TEST(CentroidsTest, AreWhatHasBeenPutAndNotErased) {
  Random random(test_seed());
  const size_t dimensions = 32;
  const Rotation rotation(dimensions);
  Centroids centroids(dimensions);
  std::map<uint64_t, std::vector<float>> expected;
  for (int i = 0; i < 1500; ++i) {
    const uint64_t partition = random.below(600);
    if (random.one_in(4)) {
      centroids.erase(partition);
      expected.erase(partition);
      continue;
    }
    CodedRows row(dimensions);
    add_vector(0, random_vector(random, dimensions), rotation, row);
    std::vector<float> mean = mean_of(row);
    for (float& element : mean) element *= 0.6F;
    centroids.put(partition, mean);
    expected[partition] = mean;
  }
  ASSERT_EQ(centroids.size(), expected.size());
  EXPECT_GT(centroids.groups(), 4U);
  for (const uint64_t partition : centroids.partitions()) {
    ASSERT_TRUE(expected.contains(partition));
    EXPECT_TRUE(centroids.contains(partition));
    EXPECT_LT(square_distance(centroids.mean(partition), expected.at(partition)), 0.01);
  }
  // Each is scored once, in its group.
  const Vector query = random_vector(random, dimensions);
  const Probe probe(query, rotation);
  std::map<uint64_t, Centroids::Scored> scored;
  for (size_t group = 0; group < centroids.groups(); ++group) {
    std::vector<Centroids::Scored> some;
    centroids.score_group(probe, group, some);
    for (const Centroids::Scored& each : some) {
      EXPECT_TRUE(scored.emplace(each.number, each).second);
      EXPECT_EQ(centroids.group_of(each.number), group);
    }
  }
  ASSERT_EQ(scored.size(), expected.size());
  std::vector<float> rotated;
  for (const double element : query) rotated.push_back(static_cast<float>(element / norm_of(query)));
  rotation.apply(rotated.data());
  for (const auto& [partition, each] : scored) {
    const std::vector<float>& mean = expected.at(partition);
    double product = 0;
    for (size_t i = 0; i < dimensions; ++i) product += double{mean[i]} * rotated[i];
    EXPECT_NEAR(each.similarity, product, 0.06);
    EXPECT_NEAR(each.spread, 0.8, 0.01);
  }
}

TEST(CentroidsTest, TheNearestOfARowIsTheNearest) {
  Random random(test_seed());
  const size_t dimensions = 64;
  const Partitions all(Clusters(random, 50, dimensions, 0.3), random, 12000, dimensions);
  CodedRows some(dimensions);
  for (size_t row = 0; row < 300; ++row) some.add(all.rows, row);
  const std::vector<uint64_t> nearest = all.centroids.nearest(some);
  std::map<uint64_t, std::vector<float>> means;
  for (const uint64_t partition : all.centroids.partitions()) {
    means[partition] = all.centroids.mean(partition);
  }
  for (size_t row = 0; row < some.size(); ++row) {
    std::vector<float> vector(dimensions);
    add_row(some, row, 1, vector);
    double least = std::numeric_limits<double>::infinity();
    for (const auto& [partition, mean] : means) least = std::min(least, square_distance(vector, mean));
    EXPECT_LE(square_distance(vector, means.at(nearest[row])), least + 0.01);
  }
}

TEST(PartitionSearchTest, WithInfiniteReachAllIsReadAndTheBestAreFound) {
  Random random(test_seed());
  for (const size_t dimensions : {20, 64, 100}) {
    const Partitions all(Clusters(random, 20, dimensions, 0.5), random, 3000, dimensions);
    for (int i = 0; i < 10; ++i) {
      const Vector query = random_vector(random, dimensions);
      const auto passes = [](uint64_t number) { return number % 7 == 3; };
      for (const bool filtered : {false, true}) {
        PartitionSearch::Wanted wanted{.k = 10, .reach = {kInfinity, kInfinity}};
        if (filtered) wanted.passes = passes;
        const auto [hits, read] = all.search(query, wanted);
        EXPECT_EQ(read, 3000U);
        const auto expected = filtered ? all.nearest(query, 10, passes) : all.nearest(query, 10);
        const size_t found = count_of(expected, hits);
        EXPECT_GE(found, 8U);
        EXPECT_TRUE(std::ranges::is_sorted(hits, std::greater(), &PartitionSearch::Hit::similarity));
        for (const PartitionSearch::Hit& hit : hits) {
          EXPECT_NEAR(hit.similarity, cosine(query, all.vectors[hit.number]), 0.12);
          EXPECT_TRUE(!filtered || passes(hit.number));
        }
      }
    }
  }
}

TEST(PartitionSearchTest, ARowIsFoundByItself) {
  Random random(test_seed());
  const size_t dimensions = 48;
  const Partitions all(Clusters(random, 60, dimensions, 0.8), random, 6000, dimensions);
  size_t found = 0;
  for (int i = 0; i < 100; ++i) {
    const uint64_t number = random.below(all.vectors.size());
    const auto [hits, read] = all.search(all.vectors[number], {.k = 1, .reach = {0, kInfinity}});
    found += !hits.empty() && hits.front().number == number ? 1 : 0;
    EXPECT_LT(read, 3000U);
  }
  EXPECT_GE(found, 95U);
}

TEST(PartitionSearchTest, FewerRowsThanAreWanted) {
  Random random(test_seed());
  const size_t dimensions = 16;
  const Partitions all(Clusters(random, 2, dimensions, 0.5), random, 40, dimensions);
  EXPECT_EQ(all.search(random_vector(random, dimensions), {.k = 100, .reach = {}}).first.size(), 40U);
  const auto none = [](uint64_t) { return false; };
  EXPECT_TRUE(
      all.search(random_vector(random, dimensions), {.k = 5, .reach = {}, .passes = none}).first.empty());
}

// Packed rows, all at once or some at a time, tell what others tell.
TEST(PartitionSearchTest, PackedRowsAreTheSameRows) {
  Random random(test_seed());
  for (const size_t dimensions : {20, 64, 100, 200}) {
    const Rotation rotation(dimensions);
    const Clusters clusters(random, 5, dimensions, 0.8);
    const size_t count = 1 + random.below(300);
    CodedRows rows(dimensions);
    VectorEncoder encoder(dimensions);
    for (uint64_t i = 0; i < count; ++i) {
      const VectorCode code = encoder.encode(clusters.next(random));
      rows.add(i, code.coarse, code.upper, CodeRest::to_bytes("n" + std::to_string(i), code, dimensions));
    }
    const PackedRows packed(rows.view(), dimensions);
    EXPECT_EQ(packed.size(), count);
    const Centroids centroids(dimensions);
    const Probe probe(clusters.next(random), rotation);
    const auto hits_of = [&](const auto& take) {
      PartitionSearch search(centroids, probe, {.k = 7, .reach = {}});
      take(search);
      std::map<uint64_t, std::pair<float, std::string>> found;
      for (const PartitionSearch::Hit& hit : search.hits()) found[hit.number] = {hit.similarity, hit.key};
      return found;
    };
    const auto all = hits_of([&](PartitionSearch& search) { search.take(packed); });
    EXPECT_GE(all.size(), std::min<size_t>(count, 7));
    for (const auto& [number, found] : all) EXPECT_EQ(found.second, "n" + std::to_string(number));
    const auto parts = hits_of([&](PartitionSearch& search) {
      for (size_t begin = 0; begin < count;) {
        const size_t end = std::min(count, begin + 1 + random.below(90));
        search.take(packed, begin, end);
        begin = end;
      }
    });
    // How far codes usually are from vectors is known of the rows that are taken first.
    const auto best_of = [](const auto& found) {
      std::vector<std::pair<float, uint64_t>> best;
      for (const auto& [number, each] : found) best.emplace_back(each.first, number);
      std::ranges::sort(best, std::greater());
      best.resize(std::min<size_t>(best.size(), 7));
      return best;
    };
    EXPECT_EQ(best_of(parts), best_of(all)) << dimensions << " " << count;
    EXPECT_EQ(best_of(hits_of([&](PartitionSearch& search) { search.take(rows.view()); })), best_of(all));
  }
}

TEST(PartitionSearchTest, NoPartitionsAreNoRows) {
  const Centroids centroids(8);
  const Probe probe(Vector(8, 1.0), Rotation(8));
  PartitionSearch search(centroids, probe, {.k = 1, .reach = {}});
  EXPECT_TRUE(search.next(5).empty());
  EXPECT_TRUE(search.hits().empty());
}

TEST(CalibrationTest, TheRecallThatWasAskedForIsHad) {
  Random random(test_seed());
  constexpr size_t kRows = 8000;
  for (const size_t dimensions : {32, 128}) {
    const Clusters clusters(random, 60, dimensions, 0.8);
    const Partitions all(clusters, random, kRows, dimensions);
    std::vector<Calibration::Sample> samples;
    for (int i = 0; i < 100; ++i) {
      const uint64_t number = random.below(all.vectors.size());
      samples.push_back({number, Probe(all.vectors[number], all.rotation)});
    }
    std::vector<uint64_t> numbers;
    for (const Calibration::Sample& sample : samples) numbers.push_back(sample.number);
    Calibration calibration(std::move(samples), 10, dimensions);
    for (const auto& [partition, rows] : all.partitions) calibration.take(partition, rows.view());
    for (size_t i = 0; i < numbers.size(); ++i) {
      std::vector<double> similarities;
      for (const Calibration::Near& near : calibration.near(i)) {
        EXPECT_NE(near.number, numbers[i]);
        similarities.push_back(cosine(all.vectors[numbers[i]], all.vectors[near.number]));
      }
      calibration.rank(i, similarities);
      ASSERT_EQ(calibration.near(i).size(), 10U);
      EXPECT_TRUE(
          std::ranges::is_sorted(calibration.near(i), std::greater(), &Calibration::Near::similarity));
    }
    const auto search = [&](const Probe& probe, size_t k, const Reach& reach) -> Result<Calibration::Found> {
      auto [hits, read] = all.search(probe, {.k = k, .reach = reach});
      return Calibration::Found{std::move(hits), {1, read}};
    };
    constexpr size_t kQueries = 40;
    std::vector<Vector> queries;
    std::vector<std::vector<uint64_t>> expected;
    for (size_t i = 0; i < kQueries; ++i) {
      queries.push_back(clusters.next(random));
      expected.push_back(all.nearest(queries.back(), 10));
    }
    double last_share = 0;
    for (const double recall : {0.8, 0.95, 0.99}) {
      const Result<Reach> found_reach = calibration.reach(all.centroids, recall, search);
      ASSERT_TRUE(found_reach.has_value());
      const Reach reach = *found_reach;
      size_t found = 0;
      size_t read = 0;
      for (size_t i = 0; i < kQueries; ++i) {
        const auto [hits, rows] = all.search(queries[i], {.k = 10, .reach = reach});
        read += rows;
        found += count_of(expected[i], hits);
      }
      EXPECT_GE(static_cast<double>(found) / (10.0 * kQueries), recall - 0.04) << dimensions;
      const double share = static_cast<double>(read) / kQueries / kRows;
      EXPECT_GE(share, last_share - 0.02);
      EXPECT_LE(share, recall < 0.9 ? 0.4 : 0.8) << dimensions << " at " << recall;
      last_share = share;
    }
  }
}

TEST(CalibrationTest, WithoutNeighboursThereIsADefault) {
  const Centroids centroids(8);
  Calibration calibration({}, 10, 8);
  calibration.take(3, CodedRows(8).view());
  const auto never = [](const Probe&, size_t, const Reach&) -> Result<Calibration::Found> {
    return Status::invalid_argument("there is nothing to search");
  };
  EXPECT_EQ(calibration.reach(centroids, 0.95, never)->partition, Reach().partition);
}

}  // namespace
}  // namespace quipu::testing
