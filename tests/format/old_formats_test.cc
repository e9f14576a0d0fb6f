// Directories as each released version wrote them (tests/data/format, made by the make.py beside them): every
// later build reads, verifies, writes and restores them, whichever RocksDB either was built with.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "quipu/backup.h"
#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/storage_context.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = std::filesystem;  // whose copy() goes from one device to another, too

const fs::path kGoldens = fs::path(QUIPU_SOURCE_DIR) / "tests/data/format";

std::vector<std::string> versions() {
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(kGoldens)) {
    if (fs::is_directory(entry)) found.push_back(entry.path().filename().string());
  }
  std::ranges::sort(found);
  return found;
}

class OldFormatsTest : public ::testing::TestWithParam<std::string> {
 protected:
  // A copy, for a golden directory never changes.
  void SetUp() override { fs::copy(golden_, copy_, fs::copy_options::recursive); }

  void expect_exported_as_then(const BaseKVStore& store) {
    const std::string out = directory_ / ("out" + std::to_string(exports_++));
    ASSERT_TRUE(export_persist_dir(store, out));
    size_t files = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(golden_ / "persist")) {
      const std::string name = entry.path().filename().string();
      EXPECT_EQ(read_file(out + "/" + name), read_file(entry.path().string())) << name;
      ++files;
    }
    EXPECT_EQ(files, 6U);
    // Every storage that was made here has an image store now.
    EXPECT_EQ(read_file(out + "/image__vector_store.json"),
              R"({"embedding_dict": {}, "text_id_to_ref_doc_id": {}, "metadata_dict": {}})");
    EXPECT_EQ(std::distance(fs::directory_iterator(out), fs::directory_iterator()), files + 1);
  }

  TempDir directory_;
  const fs::path golden_ = kGoldens / GetParam();
  const std::string copy_ = directory_ / "copy";
  int exports_ = 0;
};

TEST_P(OldFormatsTest, IsReadWithoutChangingIt) {
  const auto reader = RocksDBKVStore::open_reader(copy_ + "/database");
  ASSERT_TRUE(reader) << reader.error().message();
  expect_consistent(**reader);
  expect_exported_as_then(**reader);
  EXPECT_EQ(read_file(copy_ + "/database/SESSION"), read_file((golden_ / "database/SESSION").string()));
}

TEST_P(OldFormatsTest, IsWrittenToAndOpenedAgain) {
  for (const bool again : {false, true}) {
    auto context = StorageContext::open(copy_ + "/database");
    ASSERT_TRUE(context) << context.error().message();
    VectorStoreQuery query;
    query.query_embedding = std::vector<double>{1, 0, 0};
    query.similarity_top_k = 1;
    const auto found = (*context->vector_store())->query(query);
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->ids, std::vector<std::string>{"n0"});
    EXPECT_EQ(*context->docstore().document_exists("new"), again);
    RelatedNodeInfo source;
    source.node_id = "doc0";
    const std::shared_ptr<const BaseNode> node =
        *TextNodeBuilder().id("new").text("t").relationship(NodeRelationship::SOURCE, source).build();
    ASSERT_TRUE(context->docstore().add_documents(std::span(&node, 1)).is_ok());
    const auto info = *context->docstore().get_ref_doc_info("doc0");
    ASSERT_TRUE(info);
    EXPECT_EQ(info->node_ids.back(), "new");
    EXPECT_EQ(info->node_ids.size(), 11U);
    expect_consistent(*context->kvstore());
  }
}

// The number rises with the first change of a struct, which is the first thing here that needs it.
TEST_P(OldFormatsTest, StructsThatAreChangedNeedANewerFormat) {
  const auto marker = [&] { return read_file(copy_ + "/database/QUIPU"); };
  const std::string before = marker();
  std::string expected;
  for (const bool again : {false, true}) {
    auto context = StorageContext::open(copy_ + "/database");
    ASSERT_TRUE(context) << context.error().message();
    auto& store = dynamic_cast<KVIndexStore&>(context->index_store());
    const std::vector<IndexStruct> structs = *store.index_structs();
    ASSERT_FALSE(structs.empty());
    const IndexStruct& old = structs.front();
    if (again) {
      EXPECT_EQ(old.to_json().text(), expected);
    }
    ASSERT_TRUE(store.add_index_struct(old).is_ok()) << "as loading an index does";
    if (!again) {
      EXPECT_EQ(marker(), before);
    }
    std::string data(old.data().text());
    const std::string dict = "_dict\": {";
    const size_t place = data.find(dict);
    ASSERT_NE(place, std::string::npos) << data;
    data.insert(place + dict.size(), again ? "\"x\": \"x\", " : "\"y\": \"y\", ");
    const IndexStruct changed = *IndexStruct::create(old.type(), Json::from_canonical(data));
    ASSERT_TRUE(store.add_index_struct(changed).is_ok());
    expected = changed.to_json().text();
    EXPECT_EQ((**store.get_index_struct(old.index_id())).to_json().text(), expected);
    EXPECT_EQ(marker(), "quipu format 2\n");
    expect_consistent(*context->kvstore());
  }
}

TEST_P(OldFormatsTest, BackupsAreRestored) {
  const auto backups = list_backups(copy_ + "/backups");
  ASSERT_TRUE(backups) << backups.error().message();
  ASSERT_EQ(backups->size(), 2U);
  for (const BackupInfo& backup : *backups) {
    EXPECT_TRUE(verify_backup(copy_ + "/backups", backup.id).is_ok());
    RestoreOptions options;
    options.backup = backup.id;
    const std::string place = directory_ / ("restored" + std::to_string(backup.id));
    const auto restored = restore_backup(copy_ + "/backups", place, options);
    ASSERT_TRUE(restored) << restored.error().message();
    const auto store = RocksDBKVStore::open_reader(place);
    ASSERT_TRUE(store) << store.error().message();
    expect_consistent(**store);
    if (backup.id == 2) expect_exported_as_then(**store);
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, OldFormatsTest, ::testing::ValuesIn(versions()),
                         [](const auto& test) { return "Format" + test.param; });

}  // namespace
}  // namespace quipu::testing
