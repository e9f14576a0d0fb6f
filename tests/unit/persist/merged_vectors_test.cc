// Vectors that an import merges into a store that is searched by partitions.

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "quipu/backend/features.h"
#include "quipu/document_store.h"
#include "quipu/index_store.h"
#include "quipu/memory_kv_store.h"
#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "tests/support/coded_rows.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

constexpr size_t kDimensions = 24;

// How many vectors are in partitions, and how many in none.
std::pair<size_t, size_t> placed(const BaseKVStore& store) {
  std::pair<size_t, size_t> counts;
  const auto codes = store.vector_values().codes("vector_store/default/embeddings");
  EXPECT_TRUE((*codes)
                  ->scan_blocks(kDimensions, 0, UINT64_MAX,
                                [&](const CodeBlock& block) {
                                  const bool moved = block.number >= CodeBlock::kFirstMoved;
                                  (moved ? counts.first : counts.second) += block.rows;
                                  return Status::ok();
                                })
                  .is_ok());
  return counts;
}

TEST(MergedVectorsTest, AreInPartitionsAfterwards) {
  const TempDir directory;
  Random random(test_seed());
  Clusters clusters(random, 20, kDimensions, 0.7);
  const auto add = [&](KVVectorStore& store, const std::string& prefix, size_t count) {
    std::vector<std::string> ids;
    std::vector<Vector> vectors;
    std::vector<VectorStoreEntry> entries;
    for (size_t i = 0; i < count; ++i) {
      ids.push_back(prefix + std::to_string(i));
      vectors.push_back(clusters.next(random));
    }
    for (size_t i = 0; i < count; ++i) entries.push_back({.id = ids[i], .embedding = vectors[i]});
    ASSERT_TRUE(store.add_entries(entries).is_ok());
  };
  const std::string files = directory / "files";
  std::filesystem::create_directory(files);
  const auto memory = std::make_shared<MemoryKVStore>();
  KVVectorStore written(memory);
  add(written, "new", 2000);
  ASSERT_TRUE(written.persist(files + "/default__vector_store.json").is_ok());
  ASSERT_TRUE(KVDocumentStore(memory).persist(files + "/docstore.json").is_ok());
  ASSERT_TRUE(KVIndexStore(memory).persist(files + "/index_store.json").is_ok());
  const auto kvstore = *RocksDBKVStore::open(directory / "db");
  {
    KVVectorStore store(kvstore);
    add(store, "old", 5000);
    ASSERT_TRUE(store.use_ann(0.9).is_ok());
  }
  const auto imported = import_persist_dir(files, *kvstore, {.merge = true});
  ASSERT_TRUE(imported) << imported.error().to_string();
  EXPECT_EQ(placed(*kvstore), std::pair(size_t{7000}, size_t{0}));
  const KVVectorStore store(kvstore);
  const auto found = store.query({.query_embedding = *written.get("new7")});
  ASSERT_TRUE(found) << found.error().to_string();
  EXPECT_EQ(found->ids, std::vector<std::string>{"new7"});
}

}  // namespace
}  // namespace quipu::testing
