// Rows of codes, their means, and how rows are divided by these.

#include "engine/vectors/partitions/means.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "engine/vectors/partitions/division.h"
#include "tests/support/coded_rows.h"

namespace quipu::testing {
namespace {

std::vector<float> rotated(const Vector& vector, const Rotation& rotation) {
  std::vector<float> unit;
  for (const double element : vector) unit.push_back(static_cast<float>(element / norm_of(vector)));
  rotation.apply(unit.data());
  return unit;
}

TEST(CodedRowsTest, RowsAreAddedMovedAndSeenAsAView) {
  Random random(test_seed());
  for (const size_t dimensions : {1, 50, 64, 65, 200}) {
    const Rotation rotation(dimensions);
    CodedRows rows(dimensions);
    CodedRows each(dimensions);
    std::vector<uint64_t> expected;
    for (uint64_t number = 0; number < 200; ++number) {
      add_vector(number, random_vector(random, dimensions), rotation, each);
      rows.add(each, number);
      expected.push_back(number);
    }
    for (int i = 0; i < 150; ++i) {
      const size_t row = random.below(expected.size());
      rows.move_last_to(row);
      expected[row] = expected.back();
      expected.pop_back();
    }
    CodedRows copy(dimensions);
    copy.add(rows.view());
    ASSERT_EQ(copy.size(), expected.size());
    for (size_t row = 0; row < expected.size(); ++row) {
      const uint64_t number = expected[row];
      EXPECT_EQ(copy.number(row), number);
      EXPECT_EQ(copy.along(row), each.along(number));
      EXPECT_EQ(copy.coarse(row).across, each.coarse(number).across);
      EXPECT_TRUE(std::ranges::equal(copy.upper(row), each.upper(number)));
    }
  }
}

TEST(MeansTest, TheMeanOfARowIsItsVector) {
  Random random(test_seed());
  for (const size_t dimensions : {8, 50, 64, 129, 768}) {
    const Rotation rotation(dimensions);
    const Vector vector = random_vector(random, dimensions);
    CodedRows rows(dimensions);
    add_vector(7, vector, rotation, rows);
    const std::vector<float> mean = mean_of(rows);
    const std::vector<float> exact = rotated(vector, rotation);
    double product = 0;
    for (size_t i = 0; i < dimensions; ++i) product += double{mean[i]} * exact[i];
    EXPECT_NEAR(product, 1, 0.05) << dimensions;
  }
}

TEST(MeansTest, TheNearestMeanIsTheNearest) {
  Random random(test_seed());
  const size_t dimensions = 70;
  const Rotation rotation(dimensions);
  CodedRows rows(dimensions);
  for (uint64_t i = 0; i < 150; ++i) add_vector(i, random_vector(random, dimensions), rotation, rows);
  Means means(dimensions);
  for (int i = 0; i < 300; ++i) {
    const std::vector<float> one = rotated(random_vector(random, dimensions), rotation);
    std::ranges::transform(one, means.add().begin(), [&](float x) { return 0.5F * x; });
  }
  means.add();  // zero
  std::vector<std::vector<uint32_t>> found;
  for (const CodeKernels& kernels : code_kernels()) found.push_back(nearest_means(rows, means, kernels));
  for (const auto& each : found) EXPECT_EQ(each, found.front());
  for (size_t row = 0; row < rows.size(); ++row) {
    std::vector<float> vector(dimensions);
    add_row(rows, row, 1, vector);
    const auto distance = [&](size_t mean) {
      double sum = 0;
      for (size_t i = 0; i < dimensions; ++i) sum += std::pow(double{vector[i]} - means[mean][i], 2);
      return sum;
    };
    double least = std::numeric_limits<double>::infinity();
    for (size_t mean = 0; mean < means.size(); ++mean) least = std::min(least, distance(mean));
    EXPECT_LE(distance(found.front()[row]), least + 0.02);
  }
}

TEST(MeansTest, ClustersFarApartGetMeansOfTheirOwn) {
  Random random(test_seed());
  const size_t dimensions = 96;
  const Rotation rotation(dimensions);
  const Clusters clusters(random, 30, dimensions, 0.1);
  CodedRows rows(dimensions);
  for (uint64_t i = 0; i < 3000; ++i) add_vector(i % 30, clusters.next(random, i % 30), rotation, rows);
  for (const size_t count : {30, 90}) {
    const Means means = find_means(rows, count, random.below(1000));
    EXPECT_NEAR(static_cast<double>(means.size()), static_cast<double>(count),
                0.4 * static_cast<double>(count));
    const std::vector<uint32_t> nearest = nearest_means(rows, means);
    std::map<uint32_t, std::map<uint64_t, size_t>> of_mean;
    for (size_t row = 0; row < rows.size(); ++row) ++of_mean[nearest[row]][rows.number(row)];
    size_t pure = 0;
    for (const auto& [mean, of_cluster] : of_mean) {
      size_t most = 0;
      for (const auto& [cluster, size] : of_cluster) most = std::max(most, size);
      pure += most;
    }
    EXPECT_GE(pure, count == 30 ? rows.size() / 2 : rows.size() * 9 / 10) << count;
  }
}

TEST(DivisionTest, NoPartIsEmptyAndMeansAreThoseOfTheParts) {
  Random random(test_seed());
  const size_t dimensions = 40;
  const Rotation rotation(dimensions);
  const Vector same = random_vector(random, dimensions);
  for (const bool alike : {false, true}) {
    for (const size_t count : {2, 7, 100, 500}) {
      CodedRows rows(dimensions);
      for (uint64_t i = 0; i < count; ++i) {
        add_vector(i, alike ? same : random_vector(random, dimensions), rotation, rows);
      }
      for (const size_t parts : {size_t{1}, size_t{2}, count / 2, count}) {
        if (parts == 0) continue;
        const Division division = divide(rows, parts, random.below(1000));
        EXPECT_GE(division.means.size(), parts);
        std::vector<CodedRows> divided(division.means.size(), CodedRows(dimensions));
        for (size_t row = 0; row < count; ++row) divided.at(division.part_of[row]).add(rows, row);
        for (size_t part = 0; part < divided.size(); ++part) {
          ASSERT_GT(divided[part].size(), 0U) << parts << " of " << count;
          const std::vector<float> mean = mean_of(divided[part]);
          for (size_t i = 0; i < dimensions; ++i) EXPECT_NEAR(division.means[part][i], mean[i], 1e-4);
        }
      }
    }
  }
}

TEST(DivisionTest, TwoClustersAreDivided) {
  Random random(test_seed());
  const size_t dimensions = 48;
  const Rotation rotation(dimensions);
  const Clusters clusters(random, 2, dimensions, 0.2);
  CodedRows rows(dimensions);
  for (uint64_t i = 0; i < 400; ++i) add_vector(i, clusters.next(random, i % 2), rotation, rows);
  const Division division = divide(rows, 2, 1);
  for (size_t row = 2; row < rows.size(); ++row) {
    EXPECT_EQ(division.part_of[row], division.part_of[row % 2]);
  }
  EXPECT_NE(division.part_of[0], division.part_of[1]);
}

TEST(DivisionTest, MisplacedRowsAreThoseNearerToOthers) {
  Random random(test_seed());
  const size_t dimensions = 48;
  const Rotation rotation(dimensions);
  const Clusters clusters(random, 5, dimensions, 0.2);
  std::vector<CodedRows> rows(5, CodedRows(dimensions));
  Centroids centroids(dimensions);
  for (uint64_t cluster = 0; cluster < 5; ++cluster) {
    for (uint64_t i = 0; i < 40; ++i) add_vector(i, clusters.next(random, cluster), rotation, rows[cluster]);
    centroids.put(100 + cluster, mean_of(rows[cluster]));
  }
  CodedRows mixed(dimensions);
  for (size_t i = 0; i < 40; ++i) mixed.add(rows[i % 5], i);
  const std::vector<Move> moves = misplaced(mixed, 102, centroids);
  ASSERT_EQ(moves.size(), 32U);
  for (const Move& move : moves) EXPECT_EQ(move.to, 100 + move.row % 5);
}

}  // namespace
}  // namespace quipu::testing
