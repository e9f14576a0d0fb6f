// Vector stores and property graphs whose index would be larger than search_memory_bytes: the same answers,
// read from the database.

#include <gtest/gtest.h>

#include <set>

#include "quipu/property_graph_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/storage_context.h"
#include "quipu/vector_store.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using Vector = std::vector<double>;
using Nodes = std::vector<std::shared_ptr<const BaseNode>>;
constexpr size_t kDimensions = 16;

std::shared_ptr<RocksDBKVStore> open(const std::string& path, uint64_t search_memory_bytes) {
  RocksDBOptions options;
  options.search_memory_bytes = search_memory_bytes;
  auto opened = RocksDBKVStore::open(path, options);
  EXPECT_TRUE(opened) << opened.error().to_string();
  return *std::move(opened);
}

Vector random_vector(Random& random, size_t dimensions = kDimensions) {
  Vector vector;
  for (size_t i = 0; i < dimensions; ++i)
    vector.push_back(static_cast<double>(random.below(2'000'001)) / 1e6 - 1);
  return vector;
}

std::shared_ptr<const BaseNode> node(const std::string& id, const Vector& embedding, const std::string& page,
                                     const std::string& source = "d") {
  TextNodeBuilder builder;
  builder.id(id).text("t").embedding(embedding).metadata(Json::from_canonical("{\"page\": " + page + "}"));
  builder.relationship(NodeRelationship::SOURCE,
                       RelatedNodeInfo{.node_id = source, .node_type = {}, .hash = {}});
  return *builder.build();
}

MetadataFilters page_below(int64_t page) {
  return MetadataFilters{{MetadataFilter{"page", Json::from_int(page), FilterOperator::LT}}};
}

// Two databases with the same data, one of which may hold no index.
class VectorStreamTest : public ::testing::Test {
 protected:
  void add(const Nodes& nodes) {
    for (KVVectorStore* const store : {&held_, &streamed_}) {
      const auto added = store->add(nodes);
      ASSERT_TRUE(added) << added.error().to_string();
    }
  }
  void add_random(int count) {
    Nodes nodes;
    for (int i = 0; i < count; ++i) {
      nodes.push_back(node("v" + std::to_string(random_.below(1'000'000)), random_vector(random_),
                           std::to_string(random_.below(50)), random_.one_in(2) ? "even" : "odd"));
    }
    add(nodes);
  }
  void expect_same(const VectorStoreQuery& query) {
    const auto held = held_.query(query);
    const auto streamed = streamed_.query(query);
    ASSERT_EQ(held.status().to_string(), streamed.status().to_string());
    if (!held) return;
    EXPECT_EQ(held->ids, streamed->ids);
    EXPECT_EQ(held->similarities, streamed->similarities);
  }
  VectorStoreQuery random_query() {
    VectorStoreQuery query{.query_embedding = random_vector(random_)};
    query.similarity_top_k = random_.pick(std::vector<int>{1, 2, 10, 100, 5000, 0, -1});
    query.similarity = random_.pick(std::vector<SimilarityMode>{
        SimilarityMode::DEFAULT, SimilarityMode::DOT_PRODUCT, SimilarityMode::EUCLIDEAN});
    if (random_.one_in(2)) query.filters = page_below(static_cast<int64_t>(random_.below(50)));
    if (random_.one_in(3)) {
      const auto all = held_.query({.query_embedding = query.query_embedding, .similarity_top_k = 400});
      query.node_ids = all->ids;
      query.node_ids->emplace_back("unknown");
      query.node_ids->push_back(query.node_ids->front());
    }
    return query;
  }

  TempDir directory_;
  Random random_{test_seed()};
  std::shared_ptr<RocksDBKVStore> held_kv_ = open(directory_ / "held", 1 << 30);
  std::shared_ptr<RocksDBKVStore> streamed_kv_ = open(directory_ / "streamed", 10'000);
  KVVectorStore held_{held_kv_};
  KVVectorStore streamed_{streamed_kv_};
};

TEST_F(VectorStreamTest, AnswersAsAnIndexDoes) {
  add_random(1000);
  for (int i = 0; i < 60; ++i) expect_same(random_query());
  for (int i = 0; i < 8; ++i) {
    VectorStoreQuery query = random_query();
    query.mode = VectorStoreQueryMode::MMR;
    query.similarity_top_k = random_.pick(std::vector<int>{1, 5, 20, -1});
    query.mmr_threshold = random_.pick(std::vector<double>{0, 0.3, 0.5, 1});
    expect_same(query);
  }
  VectorStoreQuery all{.query_embedding = random_vector(random_), .similarity_top_k = 0};
  all.mode = VectorStoreQueryMode::MMR;
  all.filters = page_below(2);
  expect_same(all);
}

// An index of a byte an element fits, the eight bytes that MMR takes do not.
TEST_F(VectorStreamTest, MmrOverMoreThanMemoryMayHold) {
  streamed_ = KVVectorStore(open(directory_ / "between", 400'000));
  Nodes nodes;
  for (int i = 0; i < 400; ++i) {
    nodes.push_back(node("v" + std::to_string(i), random_vector(random_, 256), std::to_string(i % 50)));
  }
  add(nodes);
  for (int i = 0; i < 5; ++i) {
    VectorStoreQuery query{.query_embedding = random_vector(random_, 256), .similarity_top_k = 5};
    expect_same(query);
    query.mode = VectorStoreQueryMode::MMR;
    if (i % 2 == 0) query.filters = page_below(20);
    expect_same(query);
  }
}

TEST_F(VectorStreamTest, SaysWhatItTakes) {
  add_random(1000);
  KVPropertyGraphStore graph(held_kv_, {}, true);
  EXPECT_TRUE(search_indexes(*held_kv_).empty());  // nothing has been searched
  // Of one vector: those that a query reads are kept beside the index, until there is a graph.
  expect_same({.query_embedding = random_vector(random_), .similarity_top_k = 1});
  std::vector<SearchIndexInfo> held = search_indexes(*held_kv_);
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held[0].name, "vector_store/default");
  EXPECT_GT(held[0].memory_bytes, 900 * kDimensions);
  EXPECT_LT(held[0].memory_bytes, 900 * kDimensions * 40);
  const std::vector<SearchIndexInfo> streamed = search_indexes(*streamed_kv_);
  ASSERT_EQ(streamed.size(), 1U);
  EXPECT_EQ(streamed[0].memory_bytes, 0U);
  ASSERT_TRUE(held_.use_hnsw().is_ok());
  EXPECT_GT(search_indexes(*held_kv_)[0].memory_bytes,
            held[0].memory_bytes + 900 * kDimensions * sizeof(float));
  ASSERT_TRUE(graph.vector_query({.query_embedding = Vector(kDimensions, 1)}));
  held = search_indexes(*held_kv_);
  ASSERT_EQ(held.size(), 2U);
  EXPECT_TRUE(held[0].name.starts_with("property_graph_store")) << held[0].name;
}

TEST_F(VectorStreamTest, AReaderHasABudgetOfItsOwn) {
  add_random(1000);
  const VectorStoreQuery query{.query_embedding = Vector(kDimensions, 1), .similarity_top_k = 7};
  RocksDBOptions options;
  options.search_memory_bytes = 10'000;
  std::shared_ptr<BaseKVStore> reader = *RocksDBKVStore::open_reader(directory_ / "held", options);
  for (int i = 0; i < 2; ++i) {
    const KVVectorStore vectors(reader);
    EXPECT_EQ(reader->search_memory_bytes(), 10'000U);
    EXPECT_EQ(vectors.query(query)->ids, held_.query(query)->ids);
    EXPECT_EQ(search_indexes(*reader).at(0).memory_bytes, 0U);
    add({node("new", Vector(kDimensions, 1), "1")});
    const auto now = reader->refresh();
    ASSERT_TRUE(now) << now.error().to_string();
    reader = *now;
  }
  EXPECT_GT(search_indexes(*held_kv_).at(0).memory_bytes, 0U);
}

TEST_F(VectorStreamTest, HasNoIndexAndRefusesAGraph) {
  ASSERT_TRUE(streamed_.query({.query_embedding = Vector(kDimensions, 1)}));
  add({node("few", Vector(kDimensions, 1), "1")});
  ASSERT_TRUE(streamed_.use_hnsw().is_ok());  // which fits
  ASSERT_TRUE(streamed_.drop_hnsw().is_ok());
  add_random(300);  // and now an index is too large
  for (int i = 0; i < 5; ++i) expect_same(random_query());
  const Status refused = streamed_.use_hnsw();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(refused.message().find("search_memory_bytes"), std::string::npos) << refused.message();
  EXPECT_FALSE((*streamed_.hnsw()).has_value());
  ASSERT_TRUE(held_.clear().is_ok());
  ASSERT_TRUE(streamed_.clear().is_ok());
  expect_same({.query_embedding = Vector(kDimensions, 1)});
  add({node("few", Vector(kDimensions, 1), "1")});
  EXPECT_TRUE(streamed_.use_hnsw().is_ok());
}

TEST_F(VectorStreamTest, AGraphThatGrowsTooLargeIsGivenUp) {
  ASSERT_TRUE(held_.query({.query_embedding = Vector(kDimensions, 1)}));
  ASSERT_TRUE(streamed_.use_hnsw().is_ok());
  for (int i = 0; i < 5; ++i) {
    add_random(200);
    expect_same(random_query());
  }
}

TEST_F(VectorStreamTest, FollowsChanges) {
  add_random(600);
  expect_same(random_query());
  for (int round = 0; round < 5; ++round) {
    add_random(50);
    const auto gone = held_.query({.query_embedding = random_vector(random_), .similarity_top_k = 30})->ids;
    const MetadataFilters few = page_below(static_cast<int64_t>(random_.below(3)));
    for (KVVectorStore* const store : {&held_, &streamed_}) {
      ASSERT_TRUE(store->delete_nodes(gone).is_ok());
      ASSERT_TRUE(store->delete_nodes(std::nullopt, &few).is_ok());
    }
    for (int i = 0; i < 5; ++i) expect_same(random_query());
    EXPECT_EQ(held_.to_dict()->text(), streamed_.to_dict()->text());
  }
  for (KVVectorStore* const store : {&held_, &streamed_}) ASSERT_TRUE(store->delete_("odd").is_ok());
  expect_same({.query_embedding = random_vector(random_), .similarity_top_k = 0});
  const auto txn = *StorageContext::over(streamed_kv_)->begin();
  const auto inner = *txn->vector_store();
  const Nodes more = {node("inner", Vector(kDimensions, 0.5), "1")};
  ASSERT_TRUE(inner->add(more));
  EXPECT_EQ(inner->query({.query_embedding = Vector(kDimensions, 0.5)})->ids,
            std::vector<std::string>{"inner"});
  ASSERT_TRUE(streamed_.delete_nodes().is_ok());
  EXPECT_TRUE(
      streamed_.query({.query_embedding = Vector(kDimensions, 1), .similarity_top_k = 0})->ids.empty());
}

TEST_F(VectorStreamTest, SaysWhatIsWrongAndChangesNothing) {
  add_random(600);
  add({node("text", random_vector(random_), "\"seven\"")});
  const std::string before = streamed_.to_dict()->text();
  expect_same({.query_embedding = {1, 2}});
  VectorStoreQuery query{.query_embedding = random_vector(random_)};
  query.filters = page_below(7);
  for (const VectorStoreQueryMode mode :
       {VectorStoreQueryMode::DEFAULT, VectorStoreQueryMode::MMR, VectorStoreQueryMode::HYBRID}) {
    query.mode = mode;
    for (const int k : {1, 0, -1}) {
      query.similarity_top_k = k;
      expect_same(query);  // a TypeError
    }
  }
  VectorStoreQuery other{.query_embedding = {1, 2}, .similarity_top_k = -1};
  expect_same(other);  // a wrong dimension
  other.mode = VectorStoreQueryMode::MMR;
  expect_same(other);
  other.mode = VectorStoreQueryMode::HYBRID;
  expect_same(other);
  EXPECT_EQ(streamed_.delete_nodes(std::nullopt, &*query.filters).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(streamed_.to_dict()->text(), before);
}

TEST_F(VectorStreamTest, FiltersAreEvaluatedBeforeAnythingIsCompared) {
  add({node("a", random_vector(random_), "1"), node("z", random_vector(random_), "\"seven\"")});
  VectorStoreQuery query{.query_embedding = {1, 2}};
  query.filters = page_below(7);
  for (const VectorStoreQueryMode mode : {VectorStoreQueryMode::DEFAULT, VectorStoreQueryMode::MMR}) {
    query.mode = mode;
    expect_same(query);
    EXPECT_NE(streamed_.query(query).error().message().find("TypeError"), std::string::npos)
        << streamed_.query(query).error().message();
  }
}

TEST_F(VectorStreamTest, OfVectorsThatDoNotFitTheFirstInsertedIsToldOf) {
  add({node("b", random_vector(random_, 3), "1"), node("a", random_vector(random_, 4), "1")});
  for (const VectorStoreQueryMode mode : {VectorStoreQueryMode::DEFAULT, VectorStoreQueryMode::MMR}) {
    VectorStoreQuery query{.query_embedding = {1, 2}};
    query.mode = mode;
    expect_same(query);
    EXPECT_NE(streamed_.query(query).error().message().find("(3,)"), std::string::npos);
  }
}

TEST_F(VectorStreamTest, EqualOnesAndThoseWithoutADirection) {
  Nodes nodes;
  for (int i = 0; i < 400; ++i) {
    nodes.push_back(
        node("n" + std::to_string(i), i % 4 == 0 ? Vector(kDimensions, 0) : Vector(kDimensions, 1), "1"));
  }
  ASSERT_TRUE(streamed_.add(nodes));
  const auto found = streamed_.query({.query_embedding = Vector(kDimensions, 1), .similarity_top_k = 3});
  ASSERT_TRUE(found) << found.error().to_string();
  // Of equal ones the largest ids, as in the reference; zeros are as far as can be.
  EXPECT_EQ(std::set<std::string>(found->ids.begin(), found->ids.end()),
            (std::set<std::string>{"n97", "n98", "n99"}));
}

TEST_F(VectorStreamTest, PropertyGraphsToo) {
  KVPropertyGraphStore held(held_kv_);
  KVPropertyGraphStore streamed(streamed_kv_);
  std::vector<LabelledNode> nodes = {LabelledNode::entity("without an embedding")};
  for (int i = 0; i < 400; ++i) {
    nodes.push_back(LabelledNode::entity(
        "e" + std::to_string(i),
        {.embedding = random_vector(random_),
         .properties = Json::from_canonical("{\"page\": " + std::to_string(i % 50) + "}")}));
  }
  for (KVPropertyGraphStore* const graph : {&held, &streamed})
    ASSERT_TRUE(graph->upsert_nodes(nodes).is_ok());
  for (int i = 0; i < 30; ++i) {
    VectorStoreQuery query = random_query();
    query.node_ids.reset();
    if (random_.one_in(3)) query.node_ids = {"e1", "e2", "e200", "none"};
    if (random_.one_in(4)) query.mode = VectorStoreQueryMode::MMR;
    if (query.mode == VectorStoreQueryMode::MMR) query.similarity_top_k = 7;
    const auto one = held.vector_query(query);
    const auto other = streamed.vector_query(query);
    ASSERT_EQ(one.status().to_string(), other.status().to_string());
    ASSERT_EQ(one->nodes.size(), other->nodes.size());
    for (size_t n = 0; n < one->nodes.size(); ++n) EXPECT_EQ(one->nodes[n].id(), other->nodes[n].id());
    EXPECT_EQ(one->similarities, other->similarities);
    ASSERT_TRUE(streamed.delete_({.ids = {"e" + std::to_string(i * 3)}}).is_ok());
    ASSERT_TRUE(held.delete_({.ids = {"e" + std::to_string(i * 3)}}).is_ok());
  }
}

}  // namespace
}  // namespace quipu::testing
