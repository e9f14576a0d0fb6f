// What stores keep in memory of their collections, where others write to these, too: two objects over one map
// stand for two processes.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "quipu/property_graph_store.h"
#include "quipu/vector_store.h"
#include "tests/support/shared_map_kv_store.h"

namespace quipu::testing {
namespace {

using Ids = std::vector<std::string>;
using Nodes = std::vector<std::shared_ptr<const BaseNode>>;

std::shared_ptr<const BaseNode> node(const std::string& id, std::vector<double> embedding, int page = 1) {
  TextNodeBuilder builder;
  builder.id(id).text("t").embedding(std::move(embedding));
  builder.metadata(Json::from_canonical("{\"page\": " + std::to_string(page) + "}"));
  return *builder.build();
}

VectorStoreQuery nearest(int k) { return {.query_embedding = {1, 0}, .similarity_top_k = k}; }

VectorStoreQuery nearest_of_page(int page) {
  VectorStoreQuery query = nearest(10);
  query.filters = MetadataFilters{{MetadataFilter{"page", Json::from_int(page)}}};
  return query;
}

Ids ids_of(const Result<VectorStoreQueryResult>& found) {
  EXPECT_TRUE(found) << found.error().to_string();
  return found ? found->ids : Ids();
}

class ChangeVersionTest : public ::testing::Test {
 protected:
  const std::shared_ptr<SharedMap> map_ = std::make_shared<SharedMap>();
  const std::shared_ptr<SharedMapKVStore> mine_ = std::make_shared<SharedMapKVStore>(map_);
  const std::shared_ptr<SharedMapKVStore> theirs_ = std::make_shared<SharedMapKVStore>(map_);
};

class VectorChangeVersionTest : public ChangeVersionTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(here_.add(Nodes{node("a", {1, 0}), node("b", {0, 1})}));
    ASSERT_EQ(Ids({"a", "b"}), ids_of(here_.query(nearest(10))));  // the index is loaded
    ASSERT_EQ(Ids({"a", "b"}), ids_of(here_.query(nearest_of_page(1))));
  }
  KVVectorStore here_{mine_};
  KVVectorStore there_{theirs_};
};

TEST_F(VectorChangeVersionTest, QueriesThatDoNotGoTogetherAskOnceEach) {
  const std::vector<VectorStoreQuery> one = {nearest_of_page(1)};
  mine_->version_reads = 0;
  ASSERT_EQ(ids_of(here_.query(one[0])), Ids({"a", "b"}));
  const int expected = mine_->version_reads;
  EXPECT_GE(expected, 1);
  mine_->version_reads = 0;
  ASSERT_EQ(ids_of(here_.query_all(one)->front()), Ids({"a", "b"}));
  EXPECT_EQ(mine_->version_reads, expected);
}

TEST_F(VectorChangeVersionTest, AQuerySeesWhatAnotherAdded) {
  ASSERT_TRUE(there_.add(Nodes{node("c", {1, 0.1}, 2)}));
  EXPECT_EQ(Ids({"a", "c", "b"}), ids_of(here_.query(nearest(10))));
  EXPECT_EQ(Ids({"c"}), ids_of(here_.query(nearest_of_page(2))));
}

TEST_F(VectorChangeVersionTest, AQuerySeesWhatAnotherReplaced) {
  ASSERT_TRUE(there_.add(Nodes{node("b", {2, 0.1}, 2)}));
  ASSERT_TRUE(there_.add(Nodes{node("a", {0, 1})}));
  EXPECT_EQ(Ids({"b", "a"}), ids_of(here_.query(nearest(10))));
  EXPECT_EQ(Ids({"a"}), ids_of(here_.query(nearest_of_page(1))));
}

TEST_F(VectorChangeVersionTest, AQuerySeesWhatAnotherDeleted) {
  ASSERT_TRUE(there_.delete_nodes(Ids{"a"}).is_ok());
  EXPECT_EQ(Ids({"b"}), ids_of(here_.query(nearest(10))));
  ASSERT_TRUE(there_.clear().is_ok());
  EXPECT_EQ(Ids(), ids_of(here_.query(nearest(10))));
}

TEST_F(VectorChangeVersionTest, AQuerySeesChangedMetadataAlone) {
  ASSERT_TRUE(
      theirs_->put("a", Json::from_canonical("{\"page\": 7}"), "vector_store/default/metadata").is_ok());
  EXPECT_EQ(Ids({"a"}), ids_of(here_.query(nearest_of_page(7))));
  EXPECT_EQ(Ids({"b"}), ids_of(here_.query(nearest_of_page(1))));
}

TEST_F(VectorChangeVersionTest, DeletionsByFilterSeeWhatAnotherAdded) {
  ASSERT_TRUE(there_.add(Nodes{node("c", {1, 0.1}, 2)}));
  const MetadataFilters page_2{{MetadataFilter{"page", Json::from_int(2)}}};
  ASSERT_TRUE(here_.delete_nodes(std::nullopt, &page_2).is_ok());
  EXPECT_EQ(Ids({"a", "b"}), ids_of(there_.query(nearest(10))));
}

// Each is seen to have been the only one, by the version alone.
TEST_F(VectorChangeVersionTest, OwnWritesLoadNothingAnew) {
  KVVectorStore beside(mine_);  // shares the index
  ASSERT_TRUE(here_.add(Nodes{node("c", {1, 0.1}), node("d", {1, 0.2})}));
  ASSERT_TRUE(beside.add(Nodes{node("e", {1, 0.3}, 2)}));
  ASSERT_TRUE(here_.add(Nodes{}));
  ASSERT_TRUE(here_.delete_nodes(Ids{"a", "nobody"}).is_ok());
  mine_->whole_reads = 0;
  VectorStoreQuery query = nearest(3);
  EXPECT_EQ(Ids({"c", "d", "e"}), ids_of(here_.query(query)));
  EXPECT_EQ(0, mine_->whole_reads);
  ASSERT_TRUE(here_.clear().is_ok());
  mine_->whole_reads = 0;
  EXPECT_EQ(Ids(), ids_of(here_.query(query)));
  EXPECT_EQ(0, mine_->whole_reads);
}

TEST_F(VectorChangeVersionTest, AnotherWriteBesideAnOwnIsSeen) {
  ASSERT_TRUE(there_.add(Nodes{node("c", {1, 0.1})}));
  ASSERT_TRUE(here_.add(Nodes{node("d", {1, 0.2})}));
  EXPECT_EQ(Ids({"a", "c", "d", "b"}), ids_of(here_.query(nearest(10))));
  ASSERT_TRUE(there_.delete_nodes(Ids{"c"}).is_ok());
  ASSERT_TRUE(here_.delete_nodes(Ids{"d"}).is_ok());
  EXPECT_EQ(Ids({"a", "b"}), ids_of(here_.query(nearest(10))));
  ASSERT_TRUE(there_.add(Nodes{node("e", {1, 0.1})}));
  ASSERT_TRUE(here_.clear().is_ok());
  ASSERT_TRUE(there_.add(Nodes{node("f", {1, 0.1})}));
  EXPECT_EQ(Ids({"f"}), ids_of(here_.query(nearest(10))));
}

TEST_F(VectorChangeVersionTest, AGraphOfAnotherIsUsedAndDropped) {
  ASSERT_TRUE(there_.use_hnsw().is_ok());
  ASSERT_TRUE(there_.add(Nodes{node("c", {1, 0.1})}));
  EXPECT_EQ(Ids({"a", "c", "b"}), ids_of(here_.query(nearest(10))));
  ASSERT_TRUE(here_.add(Nodes{node("d", {1, 0.2})}));
  EXPECT_EQ(Ids({"a", "c", "d", "b"}), ids_of(there_.query(nearest(10))));
  ASSERT_TRUE(there_.drop_hnsw().is_ok());
  EXPECT_EQ(Ids({"a", "c", "d", "b"}), ids_of(here_.query(nearest(10))));
  EXPECT_EQ(Ids({"a", "c", "d", "b"}), ids_of(there_.query(nearest(10))));
}

LabelledNode entity(const std::string& name, std::vector<double> embedding) {
  LabelledNodeFields fields;
  fields.embedding = std::move(embedding);
  return LabelledNode::entity(name, fields);
}

Ids names_of(const Result<ScoredNodes>& found) {
  EXPECT_TRUE(found) << found.error().to_string();
  Ids names;
  if (!found) return names;
  for (const LabelledNode& node : found->nodes) names.push_back(node.id());
  return names;
}

class GraphChangeVersionTest : public ChangeVersionTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(here_.upsert_nodes(std::vector{entity("a", {1, 0}), entity("b", {0, 1})}).is_ok());
    ASSERT_EQ(Ids({"a", "b"}), names_of(here_.vector_query(nearest(10))));
  }
  KVPropertyGraphStore here_{mine_, {}, true};
  KVPropertyGraphStore there_{theirs_};
};

TEST_F(GraphChangeVersionTest, AQuerySeesWhatAnotherWrote) {
  ASSERT_TRUE(there_.upsert_nodes(std::vector{entity("c", {1, 0.1})}).is_ok());
  EXPECT_EQ(Ids({"a", "c", "b"}), names_of(here_.vector_query(nearest(10))));
  ASSERT_TRUE(there_.delete_({.ids = {"a"}}).is_ok());
  EXPECT_EQ(Ids({"c", "b"}), names_of(here_.vector_query(nearest(10))));
}

TEST_F(GraphChangeVersionTest, AQuerySeesVectorsThatAnotherAddedBesideTheGraph) {
  ASSERT_TRUE(here_.upsert_nodes(std::vector{LabelledNode::entity("c")}).is_ok());
  EXPECT_EQ(Ids({"a", "b"}), names_of(here_.vector_query(nearest(10))));
  KVVectorStore vectors(theirs_);
  ASSERT_TRUE(vectors.add(Nodes{node("c", {1, 0.1})}));
  EXPECT_EQ(Ids({"a", "c", "b"}), names_of(here_.vector_query(nearest(10))));
}

TEST_F(GraphChangeVersionTest, OwnWritesLoadNothingAnew) {
  ASSERT_TRUE(here_.upsert_nodes(std::vector{entity("b", {1, 0.1})}).is_ok());
  ASSERT_TRUE(here_.delete_({.ids = {"a"}}).is_ok());
  mine_->whole_reads = 0;
  EXPECT_EQ(Ids({"b"}), names_of(here_.vector_query(nearest(10))));
  EXPECT_EQ(0, mine_->whole_reads);
}

TEST_F(GraphChangeVersionTest, AnotherWriteBesideAnOwnIsSeen) {
  ASSERT_TRUE(there_.upsert_nodes(std::vector{entity("c", {1, 0.1})}).is_ok());
  ASSERT_TRUE(here_.upsert_nodes(std::vector{entity("b", {1, 0.2})}).is_ok());
  EXPECT_EQ(Ids({"a", "c", "b"}), names_of(here_.vector_query(nearest(10))));
}

TEST_F(GraphChangeVersionTest, WhereEmbeddingsAreIsSeen) {
  KVPropertyGraphStore other(mine_, "other");
  KVPropertyGraphStore other_there(theirs_, "other");
  ASSERT_TRUE(other.upsert_nodes(std::vector{LabelledNode::entity("a")}).is_ok());
  EXPECT_FALSE(*other.supports_vector_queries());
  EXPECT_FALSE(*other_there.supports_vector_queries());
  KVPropertyGraphStore asked(theirs_, "other", true);
  ASSERT_TRUE(asked.upsert_nodes(std::vector{LabelledNode::entity("b")}).is_ok());
  EXPECT_TRUE(*other.supports_vector_queries());
}

}  // namespace
}  // namespace quipu::testing
