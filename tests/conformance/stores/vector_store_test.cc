// Vector stores beyond what the recorded traces show: many vectors, threads, errors.

#include "quipu/vector_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

#include "engine/vectors/codes/similarity.h"
#include "engine/vectors/top_k_heap.h"
#include "quipu/persist_dir.h"
#include "tests/support/backends.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using Vector = std::vector<double>;

std::shared_ptr<const BaseNode> node(const std::string& id, const Vector& embedding, int page = 0,
                                     const std::string& source = "") {
  TextNodeBuilder builder;
  builder.id(id).text("t").embedding(embedding);
  builder.metadata(Json::from_canonical("{\"page\": " + std::to_string(page) + "}"));
  if (!source.empty()) {
    builder.relationship(NodeRelationship::SOURCE,
                         RelatedNodeInfo{.node_id = source, .node_type = {}, .hash = {}});
  }
  return *builder.build();
}

Vector random_vector(Random& random, size_t dimensions) {
  Vector vector;
  for (size_t i = 0; i < dimensions; ++i)
    vector.push_back(static_cast<double>(random.below(20001)) / 1e4 - 1);
  return vector;
}

double true_similarity(const Vector& a, const Vector& b, SimilarityMode mode) {
  double dot = 0;
  double a_norm = 0;
  double b_norm = 0;
  double distance = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += a[i] * b[i];
    a_norm += a[i] * a[i];
    b_norm += b[i] * b[i];
    distance += (a[i] - b[i]) * (a[i] - b[i]);
  }
  if (mode == SimilarityMode::DOT_PRODUCT) return dot;
  if (mode == SimilarityMode::EUCLIDEAN) return -std::sqrt(distance);
  return dot / std::sqrt(a_norm) / std::sqrt(b_norm);
}

class VectorStoreTest : public BackendFixture {
 protected:
  void SetUp() override {
    BackendFixture::SetUp();
    if (keeps("default__vector_store.json")) return;
    KVVectorStore store(kv_);
    const auto one = node("n", {1}, 1);
    EXPECT_EQ(store.add(std::span(&one, 1)).status().code(), StatusCode::kNotSupported);
    GTEST_SKIP() << "vectors are refused";
  }
  void add(KVVectorStore& store, const std::vector<std::shared_ptr<const BaseNode>>& nodes) {
    const auto added = store.add(nodes);
    ASSERT_TRUE(added) << added.error().to_string();
  }
  // A backend that leaves no memory for an index is searched by reading it, which orders ties in a way of its
  // own (docs/COMPATIBILITY.md, 27).
  bool is_searched_by_index() const { return kv_->search_memory_bytes() != 0; }
  static std::vector<std::string> sorted(std::vector<std::string> ids) {
    std::ranges::sort(ids);
    return ids;
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, VectorStoreTest, ::testing::ValuesIn(backends()), backend_name);

// More vectors than are compared one by one, so that the codes and their bounds decide.
TEST_P(VectorStoreTest, FindsExactlyTheBestOfMany) {
  Random random(test_seed());
  constexpr size_t kDimensions = 37;
  KVVectorStore store(kv_);
  std::vector<std::pair<std::string, Vector>> vectors;
  std::vector<std::shared_ptr<const BaseNode>> nodes;
  for (int i = 0; i < 1500; ++i) {
    Vector vector = random_vector(random, kDimensions);
    if (i % 3 == 0) {  // lengths of many sizes
      for (double& element : vector) element *= static_cast<double>(random.below(1000) + 1);
    }
    vectors.emplace_back("v" + std::to_string(i), vector);
    nodes.push_back(node(vectors.back().first, vector, i % 7));
  }
  add(store, nodes);
  for (const SimilarityMode mode :
       {SimilarityMode::DEFAULT, SimilarityMode::DOT_PRODUCT, SimilarityMode::EUCLIDEAN}) {
    for (const bool filtered : {false, true}) {
      VectorStoreQuery query{.query_embedding = random_vector(random, kDimensions), .similarity_top_k = 12};
      query.similarity = mode;
      if (filtered)
        query.filters = MetadataFilters{{MetadataFilter{"page", Json::from_int(3), FilterOperator::LT}}};
      std::vector<std::pair<double, std::string>> expected;
      for (size_t i = 0; i < vectors.size(); ++i) {
        if (filtered && i % 7 >= 3) continue;
        expected.emplace_back(true_similarity(query.query_embedding, vectors[i].second, mode),
                              vectors[i].first);
      }
      std::ranges::sort(expected, std::greater<>());
      const auto found = store.query(query);
      ASSERT_TRUE(found) << found.error().to_string();
      ASSERT_EQ(found->ids.size(), 12u);
      for (size_t i = 0; i < 12; ++i) {
        EXPECT_EQ(found->ids[i], expected[i].second) << i;
        EXPECT_NEAR(found->similarities[i], expected[i].first,
                    1e-9 * std::max(1.0, std::abs(expected[i].first)));
      }
    }
  }
}

// Equal similarities stand as they lie in the reference's heap, which depends on all vectors before them.
TEST_P(VectorStoreTest, TiesOfFewVectorsAreInTheReferencesOrder) {
  Random random(test_seed());
  for (const int count : {20, 90, 200}) {
    KVVectorStore store(kv_, std::to_string(count));
    const std::vector<Vector> kinds = {random_vector(random, 5), random_vector(random, 5),
                                       random_vector(random, 5)};
    std::vector<std::shared_ptr<const BaseNode>> nodes;
    std::vector<Vector> vectors;
    for (int i = 0; i < count; ++i) {
      vectors.push_back(random.pick(kinds));
      nodes.push_back(node("v" + std::to_string(random.below(10)) + "-" + std::to_string(i), vectors.back()));
    }
    add(store, nodes);
    const Vector query = random_vector(random, 5);
    PythonTopK best(7);
    std::vector<std::string> ids;
    for (const auto& one : nodes) ids.push_back(one->node_id());
    for (size_t i = 0; i < ids.size(); ++i) {
      best.offer({similarity(query, norm_of(query), vectors[i], norm_of(vectors[i]), SimilarityMode::DEFAULT),
                  ids[i]});
    }
    const auto found = store.query({.query_embedding = query, .similarity_top_k = 7});
    ASSERT_TRUE(found) << found.error().to_string();
    std::vector<std::string> expected;
    for (const ScoredId& one : best.sorted()) expected.emplace_back(one.id);
    if (is_searched_by_index()) {
      EXPECT_EQ(found->ids, expected) << count;
    } else {  // the same ones, equal similarities in an order of their own
      EXPECT_EQ(sorted(found->ids), sorted(expected)) << count;
      EXPECT_TRUE(std::ranges::is_sorted(found->similarities, std::greater<>()));
    }
  }
}

TEST_P(VectorStoreTest, KeepsItsIndexCurrent) {
  KVVectorStore store(kv_);
  KVVectorStore same(kv_);
  add(store, {node("a", {1, 0}, 1, "d1"), node("b", {0, 1}, 2, "d1"), node("c", {1, 1}, 3, "d2")});
  const auto best = [&](const KVVectorStore& of, const Vector& vector) {
    const auto found = of.query({.query_embedding = vector, .similarity_top_k = 1});
    return found && !found->ids.empty() ? found->ids[0] : std::string();
  };
  EXPECT_EQ(best(store, {1, 0.1}), "a");
  EXPECT_EQ(best(same, {0.1, 1}), "b");
  add(same, {node("a", {-1, 0}, 9)});
  EXPECT_EQ(best(store, {1, 0.1}), "c");
  ASSERT_TRUE(store.delete_("d2").is_ok());
  EXPECT_EQ(best(same, {1, 1}), "b");
  ASSERT_TRUE(same.delete_nodes(std::vector<std::string>{"b", "unknown"}).is_ok());
  EXPECT_EQ(best(store, {1, 1}), "a");
  EXPECT_EQ(*store.get("a"), (Vector{-1, 0}));
  EXPECT_EQ(store.get("b").error().message(), "KeyError: 'b'");
  ASSERT_TRUE(store.clear().is_ok());
  EXPECT_EQ(best(same, {1, 1}), "");
}

TEST_P(VectorStoreTest, CandidatesAreWhatPassesInInsertionOrder) {
  KVVectorStore store(kv_);
  std::vector<std::shared_ptr<const BaseNode>> nodes;
  std::vector<std::pair<std::string, Vector>> expected;
  for (int i = 0; i < 600; ++i) {
    const std::string id = std::to_string(i * 7919 % 600);
    nodes.push_back(node(id, {static_cast<double>(i), 1}, i % 3));
    if (i % 3 == 1) expected.emplace_back(id, Vector{static_cast<double>(i), 1});
  }
  add(store, nodes);
  VectorStoreQuery query{.query_embedding = {1, 1}, .similarity_top_k = 2};
  query.mode = VectorStoreQueryMode::SVM;
  query.filters = MetadataFilters{{MetadataFilter{"page", Json::from_int(1)}}};
  const auto found = store.candidates(query);
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(*found, expected);
  query.node_ids = {"7", "8"};
  query.filters.reset();
  EXPECT_EQ(store.candidates(query)->size(), 2);
  query.query_embedding = {1};
  EXPECT_EQ(store.candidates(query)->size(), 2) << "the search is the caller's";
  query.filters = MetadataFilters{{MetadataFilter{"page", Json::from_string("x"), FilterOperator::GT}}};
  const std::string said = store.candidates(query).error().message();
  EXPECT_NE(said.find("not supported between instances"), std::string::npos) << said;
}

TEST_P(VectorStoreTest, KeepsVectorsWithoutLoss) {
  const std::vector<Vector> vectors = {{}, {0.1, 1e-320, -0.0}, {0.5, 1.25, -3}, {1e308, 5e-324, 1.0 / 3}};
  {
    KVVectorStore store(kv_);
    std::vector<std::shared_ptr<const BaseNode>> nodes;
    for (size_t i = 0; i < vectors.size(); ++i) nodes.push_back(node("n" + std::to_string(i), vectors[i]));
    add(store, nodes);
  }
  reopen();
  const KVVectorStore store(kv_);
  for (size_t i = 0; i < vectors.size(); ++i) {
    const auto read = store.get("n" + std::to_string(i));
    ASSERT_TRUE(read) << read.error().to_string();
    EXPECT_EQ(*read, vectors[i]);
    for (size_t j = 0; j < vectors[i].size(); ++j)
      EXPECT_EQ(std::signbit(read->at(j)), std::signbit(vectors[i][j]));
  }
}

TEST_P(VectorStoreTest, EntriesAreAddedAsNodesAre) {
  const std::vector<double> embedding{0.5, 0.25};
  const VectorStoreEntry with_source{"n1", embedding, "IndexNode", "d",
                                     JsonView::from_canonical(R"({"doc_id": 7, "x": NaN})")};
  const VectorStoreEntry without{.id = "n2", .embedding = embedding};
  KVVectorStore store(kv_);
  ASSERT_TRUE(store.add_entries(std::vector{with_source, without}).is_ok());
  EXPECT_EQ(store.to_dict()->text(),
            R"({"embedding_dict": {"n1": [0.5, 0.25], "n2": [0.5, 0.25]}, )"
            R"("text_id_to_ref_doc_id": {"n1": "d", "n2": "None"}, )"
            R"("metadata_dict": {"n1": {"doc_id": "d", "x": null, "_node_type": "IndexNode", )"
            R"("document_id": "d", "ref_doc_id": "d"}, "n2": {"_node_type": "TextNode", )"
            R"("document_id": "None", "doc_id": "None", "ref_doc_id": "None"}}})");
}

TEST_P(VectorStoreTest, SaysWhatIsWrong) {
  KVVectorStore store(kv_);
  add(store, {node("a", {1, 0})});
  EXPECT_EQ(store.query({.query_embedding = {1, 2, 3}}).error().message(),
            "ValueError: shapes (3,) and (2,) not aligned: 3 (dim 0) != 2 (dim 0)");
  EXPECT_EQ(store.query({.query_embedding = {1, 2}, .mode = VectorStoreQueryMode::SVM}).error().code(),
            StatusCode::kNotSupported);
  EXPECT_EQ(store.query({.query_embedding = {1, 2}, .mode = VectorStoreQueryMode::HYBRID}).error().message(),
            "ValueError: Invalid query mode: VectorStoreQueryMode.HYBRID");
  const std::vector<std::pair<VectorStoreQueryMode, std::string>> invalid = {
      {VectorStoreQueryMode::SPARSE, "SPARSE"},
      {VectorStoreQueryMode::TEXT_SEARCH, "TEXT_SEARCH"},
      {VectorStoreQueryMode::SEMANTIC_HYBRID, "SEMANTIC_HYBRID"}};
  for (const auto& [mode, name] : invalid) {
    EXPECT_EQ(store.query({.query_embedding = {1, 2}, .mode = mode}).error().message(),
              "ValueError: Invalid query mode: VectorStoreQueryMode." + name);
  }
  for (const auto& [mode, name] : std::vector<std::pair<VectorStoreQueryMode, std::string>>{
           {VectorStoreQueryMode::LOGISTIC_REGRESSION, "LOGISTIC_REGRESSION"},
           {VectorStoreQueryMode::LINEAR_REGRESSION, "LINEAR_REGRESSION"}}) {
    const Status refused = store.query({.query_embedding = {1, 2}, .mode = mode}).error();
    EXPECT_EQ(refused.code(), StatusCode::kNotSupported);
    EXPECT_NE(refused.message().find(name), std::string::npos) << refused.message();
  }
  const auto without = TextNodeBuilder().id("x").text("t").build();
  const std::vector<std::shared_ptr<const BaseNode>> nodes = {node("b", {0, 1}), *without, node("c", {1, 1})};
  EXPECT_EQ(store.add(nodes).error().message(), "embedding not set.");
  EXPECT_TRUE(store.get("b"));
  EXPECT_FALSE(store.get("c"));
}

TEST_P(VectorStoreTest, KeepsNoNodes) {
  KVVectorStore store(kv_);
  add(store, {node("a", {1, 0})});
  EXPECT_EQ(store.get_nodes().error().code(), StatusCode::kNotSupported);
  EXPECT_EQ(store.aget_nodes(std::vector<std::string>{"a"}).get().error().message(),
            "SimpleVectorStore does not store nodes directly.");
}

class KeptNodesTest : public VectorStoreTest {
 protected:
  // A store with b, a, c, of which b and c are from D and on page 1.
  void SetUp() override {
    VectorStoreTest::SetUp();
    if (IsSkipped()) return;
    store_.emplace(kv_, "kept", /*stores_text=*/true);
    add(*store_, {node("b", {1, 0}, 1, "D"), node("a", {0, 1}), node("c", {1, 1}, 1, "D")});
  }
  std::string got(std::optional<std::vector<std::string>> ids, std::optional<int> page = {}) {
    std::optional<MetadataFilters> filters;
    if (page) filters = MetadataFilters{{MetadataFilter{"page", Json::from_int(*page), FilterOperator::EQ}}};
    const auto nodes = store_->aget_nodes(std::move(ids), std::move(filters)).get();
    if (!nodes) return nodes.error().message();
    std::string all;
    for (const auto& each : *nodes) all += each->node_id();
    return all;
  }

  std::optional<KVVectorStore> store_;
};
INSTANTIATE_TEST_SUITE_P(Backends, KeptNodesTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(KeptNodesTest, AreFoundByIdAndByFilter) {
  using Ids = std::vector<std::string>;
  EXPECT_EQ(got({}), "bac");
  EXPECT_EQ(got(Ids{"c", "x", "b", "c"}), "bc");
  EXPECT_EQ(got(Ids{}), "");
  EXPECT_EQ(got({}, 1), "bc");
  EXPECT_EQ(got(Ids{"a", "c"}, 1), "c");
  const auto found = *store_->query({.query_embedding = {1, 0.1}, .similarity_top_k = 2});
  ASSERT_EQ(found.nodes.size(), 2U);
  EXPECT_EQ(found.ids, (Ids{"b", "c"}));
  EXPECT_EQ(found.nodes[1]->node_id(), "c");
  EXPECT_EQ(*found.nodes[0]->get_content(), "t");
  EXPECT_EQ(found.nodes[0]->metadata().text(), R"({"page": 1})");
  EXPECT_EQ(*found.nodes[0]->ref_doc_id(), "D");
  EXPECT_FALSE(found.nodes[0]->embedding());
  const VectorStoreQuery one{.query_embedding = {0, 1}};
  EXPECT_EQ(store_->query_all(std::vector{one, one})->back().nodes.at(0)->node_id(), "a");
}

TEST_P(KeptNodesTest, GoWithTheirVectors) {
  add(*store_, {node("a", {1, 0}, 7)});  // at its place
  EXPECT_EQ(got({}, 7), "a");
  EXPECT_EQ(got({}), "bac");
  ASSERT_TRUE(store_->delete_("D").is_ok());
  EXPECT_EQ(got({}), "a");
  KVVectorStore without(kv_, "kept");
  EXPECT_EQ(without.get_nodes().error().code(), StatusCode::kNotSupported);
  EXPECT_TRUE(without.query({.query_embedding = {1, 0}})->nodes.empty());
  add(without, {node("a", {1, 1})});
  const Json no_node = Json::from_canonical(R"({"__data__": []})");
  EXPECT_EQ(store_->add_entries(std::vector{VectorStoreEntry{.id = "a", .node = no_node}}).message(),
            R"(vector store kept: the node of "a" has no "__data__")");
  EXPECT_EQ(got({}).substr(0, 60), R"(vector store kept: no node is kept with the vector "a" (Valu)");
  EXPECT_EQ(store_->query({.query_embedding = {1, 0}}).error().code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(store_->clear().is_ok());
  EXPECT_EQ(got({}), "");
}

TEST_P(KeptNodesTest, GoThroughFiles) {
  const auto texts = [](const KVVectorStore& store) {
    std::string all;
    const auto nodes = store.get_nodes();
    for (const auto& each : *nodes) all += each->to_json().text();
    return all;
  };
  const Json dict = *store_->to_dict();
  const auto copy = SimpleVectorStore::from_dict(dict);
  ASSERT_TRUE(copy) << copy.error().to_string();
  EXPECT_EQ(copy->to_dict()->text(), dict.text());
  if (!lists_collections()) return;
  expect_consistent(*kv_);
  ASSERT_TRUE(export_persist_dir(*kv_, directory_ / "out"));
  BackendStores others(GetParam());
  const auto other = *others.create();
  ASSERT_TRUE(import_persist_dir(directory_ / "out", *other));
  const KVVectorStore read(other, "kept", true);
  EXPECT_EQ(read.to_dict()->text(), dict.text());
  EXPECT_EQ(texts(read), texts(*store_));
}

TEST_P(KeptNodesTest, KeepTheirClassAndTheirText) {
  const std::string odd = "\"\\\xe2\x82\xac\n\xed\xa0\x80";  // a quote, a backslash, a euro, a lone surrogate
  const std::vector<std::shared_ptr<const BaseNode>> nodes = {
      *TextNodeBuilder().id("text").text(odd).embedding(Vector{1, 0}).build(),
      *ImageNodeBuilder().id("image").image_path("p").embedding(Vector{1, 0}).build(),
      *IndexNodeBuilder().id("index").text("i").index_id("x").embedding(Vector{1, 0}).build(),
      *NodeNodeBuilder().id("node").text_resource({.text = "n"}).embedding(Vector{1, 0}).build(),
      *DocumentBuilder().id("document").text("d").embedding(Vector{1, 0}).build(),
      *ImageDocumentBuilder().id("both").text("b").embedding(Vector{1, 0}).build()};
  ASSERT_TRUE(store_->clear().is_ok());
  add(*store_, nodes);
  const auto found = *store_->get_nodes();
  ASSERT_EQ(found.size(), nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    EXPECT_EQ(found[i]->class_name(), nodes[i]->class_name());
    EXPECT_EQ(found[i]->get_type(), nodes[i]->get_type());
    EXPECT_EQ(*found[i]->get_content(), *nodes[i]->get_content());
    EXPECT_EQ(*found[i]->hash(), *nodes[i]->hash());
  }
}

// What the reference answered: NaN stands where its heap leaves it.
TEST_P(VectorStoreTest, VectorsWithNaNAndInfinityAreKeptAndAnswerAsInTheReference) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double nan = std::nan("");
  KVVectorStore store(kv_);
  if (kv_->capabilities().finite_numbers) {
    for (const double odd : {nan, kInfinity, -kInfinity}) {
      const std::vector<std::shared_ptr<const BaseNode>> nodes = {node("a", {1, 0}), node("b", {odd, 1})};
      EXPECT_EQ(store.add(nodes).status().code(), StatusCode::kInvalidArgument);
      EXPECT_FALSE(store.get("a").has_value()) << "a batch that is refused changes nothing";
    }
    return;
  }
  add(store, {node("a", {1, 0}), node("b", {nan, 1}), node("c", {kInfinity, 0}), node("d", {0, 0}),
              node("e", {0.6, 0.8})});
  EXPECT_TRUE(std::isnan(store.get("b")->at(0)));
  EXPECT_EQ(store.get("c")->at(0), kInfinity);
  const std::vector<std::pair<int, std::vector<std::string>>> expected = {{0, {"a", "b", "c", "d", "e"}},
                                                                          {1, {"e"}},
                                                                          {2, {"d", "e"}},
                                                                          {3, {"d", "b", "e"}},
                                                                          {5, {"a", "b", "c", "d", "e"}}};
  // Without an index NaN is below all others.
  const std::vector<std::pair<int, std::vector<std::string>>> expected_without = {
      {0, {"a", "b", "c", "d", "e"}},
      {1, {"a"}},
      {2, {"a", "e"}},
      {3, {"a", "d", "e"}},
      {5, {"a", "b", "c", "d", "e"}}};
  for (const auto& [k, ids] : is_searched_by_index() ? expected : expected_without) {
    const std::vector<std::string> found =
        store.query({.query_embedding = {1, 0}, .similarity_top_k = k})->ids;
    EXPECT_EQ(is_searched_by_index() ? found : sorted(found), ids) << k;
  }
}

// As above: Python's sort takes the run at the beginning, in which NaN breaks no order, as it is.
TEST_P(VectorStoreTest, AVectorWithoutDirectionIsSortedAsInTheReference) {
  KVVectorStore store(kv_);
  add(store, {node("a", {-3, 4}), node("b", {0, 0}), node("c", {1, 0}), node("d", {4, 3})});
  EXPECT_EQ(store.query({.query_embedding = {1, 0}, .similarity_top_k = 0})->ids,
            (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST_P(VectorStoreTest, AQueryWithNaNOrInfinityIsRefused) {
  KVVectorStore store(kv_);
  add(store, {node("a", {1, 0}), node("b", {0, 1})});
  for (const VectorStoreQueryMode mode : {VectorStoreQueryMode::DEFAULT, VectorStoreQueryMode::MMR}) {
    for (const double odd : {std::nan(""), std::numeric_limits<double>::infinity()}) {
      const auto found = store.query({.query_embedding = {1, odd}, .mode = mode});
      ASSERT_FALSE(found);
      EXPECT_EQ(found.error().message(), "ValueError: element 1 of the query embedding is NaN or infinite");
    }
  }
  EXPECT_EQ(store.query({.query_embedding = {}}).error().message(),
            "ValueError: shapes (0,) and (2,) not aligned: 0 (dim 0) != 2 (dim 0)");
}

TEST_P(VectorStoreTest, StoresOfOtherNamespacesAreApart) {
  KVVectorStore store(kv_);
  KVVectorStore other(kv_, "../other/\n");
  add(store, {node("a", {1, 0})});
  add(other, {node("b", {1, 0, 0})});
  EXPECT_EQ(store.query({.query_embedding = {1, 0}, .similarity_top_k = 0})->ids,
            std::vector<std::string>{"a"});
  EXPECT_EQ(other.query({.query_embedding = {1, 0, 0}, .similarity_top_k = 0})->ids,
            std::vector<std::string>{"b"});
}

TEST_P(VectorStoreTest, AsyncCallsAndManyQueriesAreTheSyncOnes) {
  Random random(test_seed());
  KVVectorStore store(kv_);
  std::vector<std::shared_ptr<const BaseNode>> nodes;
  for (int i = 0; i < 300; ++i) {
    nodes.push_back(
        node("n" + std::to_string(i), random_vector(random, 8), i % 5, i % 2 == 0 ? "even" : "odd"));
  }
  ASSERT_EQ(store.async_add(nodes).get()->size(), 300u);
  std::vector<VectorStoreQuery> queries;
  for (int i = 0; i < 20; ++i) {
    queries.push_back({.query_embedding = random_vector(random, 8), .similarity_top_k = 3});
  }
  const auto all = store.query_all(queries);
  ASSERT_TRUE(all) << all.error().to_string();
  for (size_t i = 0; i < queries.size(); ++i) {
    EXPECT_EQ((*all)[i].ids, store.query(queries[i])->ids);
    EXPECT_EQ((*all)[i].ids, store.aquery(queries[i]).get()->ids);
  }
  queries[7].query_embedding = {1};
  EXPECT_EQ(store.query_all(queries).status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(store.query_all({})->empty());
  ASSERT_TRUE(store.adelete("odd").get().is_ok());
  ASSERT_TRUE(store.adelete_nodes(std::vector<std::string>{"n0"}).get().is_ok());
  const MetadataFilters page_2{{MetadataFilter{"page", Json::from_int(2), FilterOperator::EQ}}};
  ASSERT_TRUE(store.adelete_nodes(std::nullopt, page_2).get().is_ok());
  queries[0].similarity_top_k = 0;
  EXPECT_EQ(store.query(queries[0])->ids.size(), 150u - 1 - 30);
  ASSERT_TRUE(store.aclear().get().is_ok());
  EXPECT_TRUE(store.query(queries[0])->ids.empty());
}

TEST_P(VectorStoreTest, QueriesRunBesideWriters) {
  KVVectorStore store(kv_);
  add(store, {node("fixed", {1, 0})});
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string id = std::to_string(t) + "-" + std::to_string(i);
        EXPECT_TRUE(store.add(std::vector{node(id, {0, 1}, i)}));
        if (i % 2 == 0) {
          EXPECT_TRUE(store.delete_nodes(std::vector{id}).is_ok());
        }
      }
    });
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        VectorStoreQuery query{.query_embedding = {1, 0}, .similarity_top_k = 1};
        if (i % 2 == 0)
          query.filters = MetadataFilters{{MetadataFilter{"page", Json::from_int(100), FilterOperator::LT}}};
        const auto found = store.query(query);
        ASSERT_TRUE(found) << found.error().to_string();
        EXPECT_EQ(found->ids, std::vector<std::string>{"fixed"});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store.query({.query_embedding = {1, 0}, .similarity_top_k = 0})->ids.size(), 51u);
}

}  // namespace
}  // namespace quipu::testing
