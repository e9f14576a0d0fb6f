#include "tests/cli/damaged_store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "quipu/document_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/raw_database.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

constexpr int kNodes = 6;

std::string node_id(int i) { return "n" + std::to_string(i); }
std::shared_ptr<const BaseNode> node(int i) {
  return *TextNodeBuilder()
              .id(node_id(i))
              .text("text of " + node_id(i))
              .relationship(NodeRelationship::SOURCE, RelatedNodeInfo{.node_id = "D"})
              .build();
}

bool is_set_aside(const std::string& path, const std::string& key) {
  if (!std::filesystem::exists(path + "/aside")) return false;
  for (const auto& file : std::filesystem::directory_iterator(path + "/aside")) {
    if (read_file(file.path()).find("\"key\": \"" + key + "\"") != std::string::npos) return true;
  }
  return false;
}

}  // namespace

void make_damaged_store(const std::string& path) {
  {
    const auto store = RocksDBKVStore::open(path);
    ASSERT_TRUE(store) << store.error().to_string();
    KVDocumentStore documents(*store);
    for (int i = 0; i < kNodes; ++i) ASSERT_TRUE(documents.add_documents({{node(i)}}).is_ok());
    ASSERT_TRUE((*store)->put("x", JsonView::from_canonical(R"({"a": 1})"), "docstore/data").is_ok());
    ASSERT_TRUE((*store)->close().is_ok());
  }
  RawDatabase raw(path + "/rocksdb");
  const uint32_t metadata = raw.number_of("docstore/metadata");
  raw.erase("index", rocks::index_prefix(metadata, *node(0)->hash()) + node_id(0));
  raw.put("index", rocks::index_prefix(metadata, "old") + node_id(1), "");
  raw.erase("lists", rocks::list_prefix(raw.number_of("docstore/ref_doc_info"), "D") + "\"n2\"");
}

void expect_nothing_lost(const std::string& path) {
  const auto store = RocksDBKVStore::open_reader(path);
  ASSERT_TRUE(store) << store.error().to_string();
  for (int i = 0; i < kNodes; ++i) {
    const auto found = (*store)->get(node_id(i), "docstore/data");
    ASSERT_TRUE(found && *found) << node_id(i);
    EXPECT_NE((*found)->text().find("text of " + node_id(i)), std::string::npos) << (*found)->text();
    EXPECT_TRUE(*(*store)->exists(node_id(i), "docstore/metadata")) << node_id(i);
  }
  EXPECT_TRUE(*(*store)->exists("x", "docstore/data") || is_set_aside(path, "x"));
}

void expect_mended(const std::string& path) {
  expect_nothing_lost(path);
  const auto store = RocksDBKVStore::open(path);
  ASSERT_TRUE(store) << store.error().to_string();
  expect_consistent(**store);
  EXPECT_FALSE(*(*store)->exists("x", "docstore/data"));
  const auto info = KVDocumentStore(*store).get_ref_doc_info("D");
  ASSERT_TRUE(info && *info);
  EXPECT_EQ((*info)->node_ids.size(), static_cast<size_t>(kNodes));
  EXPECT_EQ((*info)->node_ids.back(), "n2");  // listed again, behind the others
}

}  // namespace quipu::testing
