// Sparse vectors: their values, and what a search finds of them.

#include "engine/text/sparse_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "engine/text/stored/sparse_value.h"
#include "tests/support/memory_text_index.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(SparseValueTest, KeepsWhatIsGivenAndIndexesWhatCounts) {
  const std::vector<uint32_t> indices = {7, 2, UINT32_MAX};
  const std::vector<double> values = {0.5, 0, 1.25};
  const Json value = make_sparse_value(indices, values);
  EXPECT_EQ(R"({"indices": [7, 2, 4294967295], "values": [0.5, 0.0, 1.25]})", value.text());
  const auto weights = parse_sparse_value(value.text());
  ASSERT_TRUE(weights.has_value());
  EXPECT_THAT(*weights, ElementsAre(SparseWeight{7, 0.5F}, SparseWeight{UINT32_MAX, 1.25F}));
  EXPECT_EQ(*weights, unpacked(packed(*weights)));
  EXPECT_THAT(unpacked({}), IsEmpty());
}

TEST(SparseValueTest, SaysWhatIsWrong) {
  const auto error = [](std::vector<uint32_t> indices, std::vector<double> values) {
    return sparse_weights(indices, values).status().message();
  };
  EXPECT_THAT(error({1}, {}), HasSubstr("1 indices and 0 values"));
  EXPECT_THAT(error({1, 2}, {1, -0.5}), HasSubstr("the value -0.5 at the index 2"));
  EXPECT_THAT(error({1}, {std::numeric_limits<double>::quiet_NaN()}), HasSubstr("NaN"));
  EXPECT_THAT(error({1}, {1e39}), HasSubstr("1e+39"));
  EXPECT_THAT(error({5, 4, 5}, {1, 1, 1}), HasSubstr("the index 5 twice"));
  for (const std::string_view other :
       {"", "[1]", "{}", R"({"indices": [1]})", R"({"indices": [1], "values": [-1]})",
        R"({"indices": [0.5], "values": [1]})", R"({"indices": [4294967296], "values": [1]})",
        R"({"indices": ["1"], "values": [1]})"}) {
    EXPECT_FALSE(parse_sparse_value(other).has_value()) << other;
  }
}

TEST(TermScoreTest, CodesOfWeightsFallAsWeightsRise) {
  const std::vector<float> weights = {1e-45F, 1e-30F, 0.5F, 1, 3.25F, std::numeric_limits<float>::max()};
  for (size_t i = 0; i < weights.size(); ++i) {
    EXPECT_EQ(weights[i], weight_of_code(code_of_weight(weights[i])));
    if (i == 0) continue;
    EXPECT_LT(code_of_weight(weights[i]), code_of_weight(weights[i - 1]));
  }
  EXPECT_EQ(3.0F, TermScore::product(2).score(1, code_of_weight(1.5F)));
}

using Vector = std::map<uint32_t, double>;

std::string value_of(const Vector& vector) {
  std::vector<uint32_t> indices;
  std::vector<double> values;
  for (const auto& [index, value] : vector) {
    indices.push_back(index);
    values.push_back(value);
  }
  return std::string(make_sparse_value(indices, values).text());
}

Vector random_vector(Random& random, size_t most) {
  Vector vector;
  for (size_t i = 1 + random.below(most); i != 0; --i) {
    const uint64_t range = 1 + random.below(400);
    vector[static_cast<uint32_t>(random.below(range))] = static_cast<double>(1 + random.below(900)) / 300;
  }
  return vector;
}

// All products, the best first; equal ones by rows, which are those of the vectors.
std::vector<std::pair<std::string, float>> best_of(const std::map<std::string, Vector>& vectors,
                                                   const MemoryTextIndex& made, const Vector& query,
                                                   size_t k) {
  const auto index = made.index();
  std::vector<std::tuple<float, uint32_t, std::string>> all;
  for (const auto& [id, vector] : vectors) {
    double sum = 0;
    bool common = false;
    for (const auto& [term, weight] : query) {
      const auto found = vector.find(term);
      if (found == vector.end()) continue;
      common = true;
      sum += double{static_cast<float>(weight) * static_cast<float>(found->second)};
    }
    if (common) all.emplace_back(-static_cast<float>(sum), **index->row_of(id), id);
  }
  std::ranges::sort(all);
  all.resize(std::min(k, all.size()));
  std::vector<std::pair<std::string, float>> best;
  for (const auto& [score, row, id] : all) best.emplace_back(id, -score);
  return best;
}

TEST(SparseSearchTest, FindsWhatAllProductsFindAfterAnyChanges) {
  Random random(test_seed());
  MemoryTextIndex made(SPARSE_VECTORS);
  std::map<std::string, Vector> vectors;
  for (int round = 0; round < 30; ++round) {
    std::map<std::string, std::string> changes;
    for (size_t i = random.below(round % 5 == 0 ? 400 : 20); i != 0; --i) {
      const std::string id = "v" + std::to_string(random.below(1500));
      if (random.one_in(5)) {
        changes[id] = "";
        vectors.erase(id);
      } else {
        vectors[id] = random_vector(random, 60);
        changes[id] = value_of(vectors[id]);
      }
    }
    made.change(changes);
    if (random.one_in(6)) made.fold_all();
    for (int query = 0; query < 5; ++query) {
      const Vector wanted = random_vector(random, 80);
      std::vector<TextRun::Weight> weights;
      for (const auto& [index, value] : wanted) {
        weights.push_back({term_of_index(index), static_cast<float>(value)});
      }
      const auto index = made.index();
      const size_t k = 1 + random.below(30);
      const auto hits = search_sparse(*index, weights, k);
      ASSERT_TRUE(hits.has_value()) << hits.error().message();
      std::vector<std::pair<std::string, float>> named;
      for (const TextHit& hit : *hits) named.emplace_back(**index->node_of(hit.row), hit.score);
      ASSERT_EQ(best_of(vectors, made, wanted, k), named);
    }
  }
}

}  // namespace
}  // namespace quipu::testing
