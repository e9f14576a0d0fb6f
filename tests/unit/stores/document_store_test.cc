// Document stores as files.

#include "quipu/document_store.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

TEST(SimpleDocumentStoreTest, PersistsAndLoads) {
  TempDir directory;
  SimpleDocumentStore store;
  const auto node = TextNodeBuilder()
                        .id("n")
                        .text("x")
                        .relationship(NodeRelationship::SOURCE, RelatedNodeInfo{.node_id = "d"})
                        .build();
  ASSERT_TRUE(node) << node.error().to_string();
  const std::vector<NodePtr> nodes = {*node};
  ASSERT_TRUE(store.add_documents(nodes).is_ok());
  const Status saved = store.persist(directory / "new/docstore.json");
  ASSERT_TRUE(saved.is_ok()) << saved.to_string();
  EXPECT_EQ(read_file(directory / "new/docstore.json"), store.to_dict().text());
  const auto loaded = SimpleDocumentStore::from_persist_dir(directory / "new");
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->to_dict(), store.to_dict());
  EXPECT_EQ(SimpleDocumentStore::from_dict(store.to_dict())->to_dict(), store.to_dict());
}

}  // namespace
}  // namespace quipu::testing
