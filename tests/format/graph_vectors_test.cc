// Property graphs of versions that answered vector queries without being asked (tests/data/graph_vectors,
// made by the make.py beside them): their entities' embeddings are on the nodes alone, and are found by
// everyone.

#include <gtest/gtest.h>

#include <filesystem>

#include "quipu/persist_dir.h"
#include "quipu/property_graph_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kGoldens = fs::path(QUIPU_SOURCE_DIR) / "tests/data/graph_vectors";

class GraphVectorsTest : public ::testing::TestWithParam<std::string> {
 protected:
  // A copy, for a golden directory never changes.
  void SetUp() override { fs::copy(kGoldens / GetParam() / "database", copy_, fs::copy_options::recursive); }

  static std::vector<std::string> entities(const KVPropertyGraphStore& graph) {
    std::vector<std::string> ids;
    const std::vector<LabelledNode> nodes = *graph.get();
    for (const LabelledNode& node : nodes) {
      if (!node.is_chunk()) ids.push_back(node.id());
    }
    return ids;
  }

  TempDir directory_;
  const std::string copy_ = directory_ / "copy";
};

TEST_P(GraphVectorsTest, AnswersAndExportsWhatTheReferenceAnswersFrom) {
  auto opened = RocksDBKVStore::open_reader(copy_);
  ASSERT_TRUE(opened) << opened.error().message();
  const std::shared_ptr<BaseKVStore> reader = *opened;
  expect_consistent(*reader);
  const KVPropertyGraphStore graph(reader);
  EXPECT_TRUE(*graph.supports_vector_queries());
  VectorStoreQuery query;
  query.query_embedding = std::vector<double>(8, 1.0);
  query.similarity_top_k = 1000;
  const auto found = graph.vector_query(query);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(found->nodes.size(), entities(graph).size());
  EXPECT_GT(found->nodes.size(), 4U);

  ASSERT_TRUE(export_persist_dir(*reader, directory_ / "out"));
  const auto vectors = SimpleVectorStore::from_persist_dir(directory_ / "out");
  ASSERT_TRUE(vectors) << vectors.error().message();
  const auto same = vectors->query(query);
  ASSERT_TRUE(same) << same.error().message();
  ASSERT_EQ(same->ids.size(), found->nodes.size());
  for (size_t i = 0; i < same->ids.size(); ++i) {
    EXPECT_EQ(same->ids[i], found->nodes[i].id());
    EXPECT_EQ(same->similarities[i], found->similarities[i]);
  }
}

TEST_P(GraphVectorsTest, AWriteRecordsIt) {
  for (const bool again : {false, true}) {
    auto opened = RocksDBKVStore::open(copy_);
    ASSERT_TRUE(opened) << opened.error().message();
    const std::shared_ptr<BaseKVStore> store = *opened;
    EXPECT_EQ(*store->exists("supports_vector_queries", "property_graph_store/state"), again);
    KVPropertyGraphStore graph(store);
    ASSERT_TRUE(graph.upsert_relations(std::vector{Relation("knows", "Ann", "Bob")}).is_ok());
    EXPECT_TRUE(*graph.supports_vector_queries());
    expect_consistent(*store);
  }
}

INSTANTIATE_TEST_SUITE_P(Databases, GraphVectorsTest, ::testing::Values("built", "mixed"));

}  // namespace
}  // namespace quipu::testing
