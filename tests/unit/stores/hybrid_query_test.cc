// Queries of a vector store over the text of a document store.

#include "engine/stores/text/hybrid_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "quipu/kv_transaction.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/storage_context.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::DoubleEq;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Mode = VectorStoreQueryMode;

TEST(FusionTest, ByScoresScalesEachResult) {
  const VectorStoreQueryResult vectors{{"a", "b", "c"}, {0.9, 0.5, 0.1}};
  const VectorStoreQueryResult texts{{"c", "d", "b"}, {10, 6, 2}};
  const VectorStoreQueryResult fused = fuse_by_scores(vectors, texts, 0.6, 3);
  EXPECT_THAT(fused.ids, ElementsAre("a", "c", "b"));
  EXPECT_THAT(fused.similarities,
              ElementsAre(DoubleNear(0.6, 1e-12), DoubleNear(0.4, 1e-12), DoubleNear(0.3, 1e-12)));
  EXPECT_THAT(fuse_by_scores(vectors, texts, 0, 9).ids, ElementsAre("c", "d", "a", "b"));
  EXPECT_THAT(fuse_by_scores(vectors, {}, 0.5, 2).ids, ElementsAre("a", "b"));
  EXPECT_THAT(fuse_by_scores({}, {}, 0.5, 2).ids, IsEmpty());
  const VectorStoreQueryResult one{{"x"}, {7}};
  EXPECT_THAT(fuse_by_scores(one, {}, 0.25, 2).similarities, ElementsAre(DoubleEq(0.25)));
}

TEST(FusionTest, AVectorWithoutDirectionIsWorthNothing) {
  const VectorStoreQueryResult vectors{{"none", "a", "b"}, {std::nan(""), 0.9, 0.5}};
  const VectorStoreQueryResult fused = fuse_by_scores(vectors, {{"b"}, {3}}, 0.6, 3);
  EXPECT_THAT(fused.ids, ElementsAre("a", "b", "none"));
  EXPECT_THAT(fused.similarities, ElementsAre(DoubleEq(0.6), DoubleEq(0.4), DoubleEq(0)));
  EXPECT_THAT(fuse_by_scores({{"none"}, {std::nan("")}}, {}, 0.5, 2).similarities, ElementsAre(DoubleEq(0)));
}

TEST(FusionTest, ByRanks) {
  const VectorStoreQueryResult vectors{{"a", "b"}, {0.9, 0.5}};
  const VectorStoreQueryResult texts{{"b", "c"}, {10, 6}};
  const VectorStoreQueryResult fused = fuse_by_ranks(vectors, texts, 3);
  EXPECT_THAT(fused.ids, ElementsAre("b", "a", "c"));
  EXPECT_THAT(fused.similarities,
              ElementsAre(DoubleEq(1.0 / 61 + 1.0 / 60), DoubleEq(1.0 / 60), DoubleEq(1.0 / 61)));
}

class HybridQueryTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const BaseNode> node(std::string_view id, std::string_view text, double x, double y,
                                              int page = 1, std::string_view source = "S") {
    return *TextNodeBuilder()
                .id(std::string(id))
                .text(std::string(text))
                .embedding(std::vector<double>{x, y})
                .metadata(Json::from_canonical("{\"page\": " + std::to_string(page) + "}"))
                .relationship(NodeRelationship::SOURCE, RelatedNodeInfo{.node_id = std::string(source)})
                .build();
  }
  void SetUp() override {
    store_ = *RocksDBKVStore::open(directory_ / "db");
    const std::vector<std::shared_ptr<const BaseNode>> nodes = {node("a", "black cat", 1, 0),
                                                                node("b", "dog dog", 0.9, 0.1, 2),
                                                                node("c", "cat and dog", 0, 1, 2, "T")};
    ASSERT_TRUE(KVDocumentStore(store_).add_documents(nodes).is_ok());
    // In the document store alone.
    const std::vector<std::shared_ptr<const BaseNode>> other = {node("z", "cat cat cat", 1, 1)};
    ASSERT_TRUE(KVDocumentStore(store_).add_documents(other).is_ok());
    ASSERT_TRUE(vectors_ptr()->add(nodes));
  }
  std::unique_ptr<KVVectorStore> vectors_ptr() const { return std::make_unique<KVVectorStore>(store_); }
  std::vector<std::string> ids(const VectorStoreQuery& query) const {
    const auto found = vectors_ptr()->query(query);
    EXPECT_TRUE(found.has_value()) << found.error().message();
    return found ? found->ids : std::vector<std::string>();
  }

  TempDir directory_;
  std::shared_ptr<RocksDBKVStore> store_;
};

TEST_F(HybridQueryTest, FindsTextsThatHaveVectors) {
  EXPECT_THAT(ids({.similarity_top_k = 9, .mode = Mode::TEXT_SEARCH, .query_str = "cats"}),
              ElementsAre("a", "c"));
  EXPECT_THAT(ids({.similarity_top_k = 1, .mode = Mode::SPARSE, .query_str = "cat \"dog"}), ElementsAre("c"));
  EXPECT_THAT(ids({.similarity_top_k = 1, .mode = Mode::SPARSE, .query_str = "cat", .sparse_top_k = 2}),
              ElementsAre("a", "c"));
  EXPECT_THAT(ids({.similarity_top_k = 9, .mode = Mode::TEXT_SEARCH, .query_str = "cat -dog"}),
              ElementsAre("a"));
  EXPECT_THAT(ids({.similarity_top_k = 0, .mode = Mode::SPARSE, .query_str = "cat"}), ElementsAre("a", "c"));
  const auto bad = vectors_ptr()->query({.mode = Mode::TEXT_SEARCH, .query_str = "\"cat"});
  EXPECT_EQ(StatusCode::kInvalidArgument, bad.error().code());
}

TEST_F(HybridQueryTest, FiltersNodesAndDocuments) {
  VectorStoreQuery query{.similarity_top_k = 9, .mode = Mode::TEXT_SEARCH, .query_str = "cat dog"};
  query.filters = MetadataFilters{{MetadataFilter{"page", *Json::parse("2")}}};
  EXPECT_THAT(ids(query), ElementsAre("c", "b"));
  query.node_ids = {{"a", "c", "z"}};
  EXPECT_THAT(ids(query), ElementsAre("c"));
  query.filters.reset();
  EXPECT_THAT(ids(query), ElementsAre("c", "a"));
  query.doc_ids = {{"S"}};
  EXPECT_THAT(ids(query), ElementsAre("a"));
  query.node_ids.reset();
  EXPECT_THAT(ids(query), ElementsAre("b", "a"));
  query.mode = Mode::HYBRID;
  query.query_embedding = {0, 1};
  EXPECT_THAT(ids(query), ElementsAre("b", "a"));
}

TEST_F(HybridQueryTest, FusesTextsAndVectors) {
  VectorStoreQuery query{
      .query_embedding = {1, 0}, .similarity_top_k = 2, .mode = Mode::HYBRID, .query_str = "dog"};
  EXPECT_THAT(ids(query), ElementsAre("a", "b"));  // the best of vectors and worst, and the best of texts
  query.alpha = 1;
  EXPECT_THAT(ids(query), ElementsAre("a", "b"));
  query.alpha = 0;
  EXPECT_EQ("b", ids(query).front());
  query.alpha = 0.5;
  query.hybrid_top_k = 9;
  EXPECT_THAT(ids(query), ElementsAre("a", "b", "c"));
  query.mode = Mode::SEMANTIC_HYBRID;
  EXPECT_THAT(ids(query), ElementsAre("b", "a", "c"));
  query.mode = Mode::HYBRID;
  query.query_embedding.clear();
  EXPECT_EQ(StatusCode::kInvalidArgument, vectors_ptr()->query(query).error().code());
  query.query_embedding = {1, 0};
  query.alpha = 2;
  EXPECT_EQ("ValueError: alpha must be from 0 to 1", vectors_ptr()->query(query).error().message());
}

TEST_F(HybridQueryTest, AnotherDocumentStoreMayBeSearched) {
  KVDocumentStore other(store_, {.ns = "other"});
  ASSERT_TRUE(other.add_documents(std::vector<NodePtr>{node("b", "cat", 0, 0)}).is_ok());
  KVVectorStore vectors(store_);
  vectors.use_document_store("other");
  const VectorStoreQuery query{.similarity_top_k = 9, .mode = Mode::SPARSE, .query_str = "cat"};
  EXPECT_THAT(vectors.query(query)->ids, ElementsAre("b"));
  EXPECT_THAT(vectors.aquery(query).get()->ids, ElementsAre("b"));
  EXPECT_THAT((*vectors.query_all(std::span(&query, 1)))[0].ids, ElementsAre("b"));
}

TEST_F(HybridQueryTest, InATransaction) {
  ASSERT_TRUE(KVDocumentStore(store_).index_text().is_ok());
  const auto transaction = *store_->begin();
  const std::vector<std::shared_ptr<const BaseNode>> nodes = {node("d", "a bird", 0, 1)};
  ASSERT_TRUE(KVDocumentStore(transaction).add_documents(nodes).is_ok());
  KVVectorStore inside(transaction);
  const VectorStoreQuery query{.similarity_top_k = 9, .mode = Mode::SPARSE, .query_str = "bird"};
  EXPECT_THAT(inside.query(query)->ids, IsEmpty());  // it has no vector yet
  ASSERT_TRUE(inside.add(nodes));
  EXPECT_THAT(inside.query(query)->ids, ElementsAre("d"));
  EXPECT_THAT(ids(query), IsEmpty());
  ASSERT_TRUE(transaction->commit().is_ok());
  EXPECT_THAT(ids(query), ElementsAre("d"));
}

// A filter that few pass, and one that many do: as many as there are.
TEST_F(HybridQueryTest, AnyFilterFindsAllThatPass) {
  std::vector<std::shared_ptr<const BaseNode>> nodes;
  for (int i = 0; i < 400; ++i) {
    nodes.push_back(node("n" + std::to_string(i), "many words of " + std::to_string(i), 1, i, i % 100));
  }
  ASSERT_TRUE(KVDocumentStore(store_).add_documents(nodes).is_ok());
  ASSERT_TRUE(vectors_ptr()->add(nodes));
  VectorStoreQuery query{.similarity_top_k = 500, .mode = Mode::SPARSE, .query_str = "many words"};
  query.filters = MetadataFilters{{MetadataFilter{"page", *Json::parse("7")}}};
  EXPECT_EQ(4u, ids(query).size());
  query.filters = MetadataFilters{{MetadataFilter{"page", *Json::parse("7"), FilterOperator::NE}}};
  EXPECT_EQ(396u, ids(query).size());
}

}  // namespace
}  // namespace quipu::testing
