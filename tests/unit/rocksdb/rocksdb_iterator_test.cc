// Damaged blocks in the way of a scan: told, wherever they are. Old versions of RocksDB forget some.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <memory>
#include <string>
#include <vector>

#include "backends/rocksdb/files/rocksdb_version.h"
#include "backends/rocksdb/read/sound_iterator.h"
#include "quipu/bulk_load.h"
#include "quipu/rocksdb_kv_store.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = boost::filesystem;

// A byte of the first block.
void damage(const std::string& table) {
  std::string bytes = read_file(table);
  ASSERT_GT(bytes.size(), 20u);
  bytes[12] = static_cast<char>(bytes[12] ^ 1);
  write_file(table, bytes);
}

std::vector<std::string> tables_in(const std::string& directory) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() == ".sst") found.push_back(entry.path().string());
  }
  std::ranges::sort(found);
  return found;
}

// A database of RocksDB's own.
class SoundIteratorTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    db_.reset();
    options_.table_factory.reset(rocksdb::NewBlockBasedTableFactory());  // with a cache of its own
    options_.create_if_missing = true;
    options_.disable_auto_compactions = true;
    rocks::FamilyHandles handles;
    check(
        rocks::open_rocksdb(options_, path_, {{rocksdb::kDefaultColumnFamilyName, options_}}, handles, db_));
    for (rocksdb::ColumnFamilyHandle* handle : handles) check(db_->DestroyColumnFamilyHandle(handle));
  }
  static void check(const rocksdb::Status& status) { ASSERT_TRUE(status.ok()) << status.ToString(); }
  void put(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) check(db_->Put({}, key, "value of " + key));
  }
  void flush() { check(db_->Flush({})); }
  // A table behind all others, at the bottom where nothing overlaps it.
  void ingest(const std::vector<std::string>& keys) {
    const std::string file = directory_ / "table";
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options_);
    check(writer.Open(file));
    for (const std::string& key : keys) check(writer.Put(key, "value of " + key));
    check(writer.Finish());
    rocksdb::IngestExternalFileOptions ingestion;
    ingestion.move_files = true;
    check(db_->IngestExternalFile({file}, ingestion));
  }
  // The keys, and whether the iterator says that something could not be read.
  std::string walk(bool forward, const rocksdb::ReadOptions& options = {}) {
    const auto it = rocks::sound_iterator(*db_, options, db_->DefaultColumnFamily());
    std::string keys;
    for (forward ? it->SeekToFirst() : it->SeekToLast(); it->Valid(); forward ? it->Next() : it->Prev()) {
      keys += it->key().ToString() + " ";
    }
    return keys + (it->status().ok() ? "end" : it->status().IsCorruption() ? "damaged" : "failed");
  }
  // What walking tells when one table is damaged, for each of them; the keys before do not count.
  void expect_each_told() {
    for (const std::string& table : tables_in(path_)) {
      const std::string sound = read_file(table);
      db_.reset();
      damage(table);
      open();
      rocksdb::ReadOptions ahead;
      ahead.readahead_size = 1 << 20;
      for (const bool forward : {true, false}) {
        EXPECT_THAT(walk(forward), ::testing::EndsWith("damaged")) << table;
        EXPECT_THAT(walk(forward, ahead), ::testing::EndsWith("damaged")) << table << " with readahead";
      }
      write_file(table, sound);
    }
    open();
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
  rocksdb::Options options_;
  std::unique_ptr<rocksdb::DB> db_;
};

TEST_F(SoundIteratorTest, TellsOfTheNextTableOfALevel) {
  ingest({"a", "b"});
  ingest({"c", "d"});
  ingest({"e", "f"});
  EXPECT_EQ(walk(true), "a b c d e f end");
  EXPECT_EQ(walk(false), "f e d c b a end");
  expect_each_told();
}

TEST_F(SoundIteratorTest, TellsOfWhatIsSteppedOver) {
  put({"m1", "m2", "n"});
  flush();
  check(db_->DeleteRange({}, db_->DefaultColumnFamily(), "m", "n"));
  put({"z"});
  flush();
  put({"m3", "y"});
  flush();
  EXPECT_EQ(walk(true), "m3 n y z end");
  EXPECT_EQ(walk(false), "z y n m3 end");
  expect_each_told();
}

TEST_F(SoundIteratorTest, ATurnAndASeekGoOn) {
  ingest({"a", "b"});
  ingest({"c", "d"});
  const auto it = rocks::sound_iterator(*db_, {}, db_->DefaultColumnFamily());
  std::string keys;
  const auto note = [&] { keys += it->Valid() ? it->key().ToString() : it->status().ok() ? "." : "!"; };
  it->Seek("b"), note();
  it->Next(), note();
  it->Prev(), note();
  it->Prev(), note();
  it->SeekForPrev("cc"), note();
  it->Next(), note();
  it->Next(), note();
  it->Seek("c"), note();
  it->Seek("x"), note();
  EXPECT_EQ(keys, "bcbacd.c.");
}

// The same by the store, for a collection with a family of its own and for one that shares it.
class DamagedTableTest : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Families, DamagedTableTest, ::testing::Values(32, 0));

TEST_P(DamagedTableTest, AScanTellsOfIt) {
  TempDir directory;
  RocksDBOptions options;
  options.max_collection_families = GetParam();
  const std::string path = directory / "db";
  {
    auto store = *RocksDBKVStore::open(path, options);
    const auto load = *store->bulk_load();
    ASSERT_TRUE(load->begin_collection("things", {}).is_ok());
    const std::string long_text(size_t{5} << 20, 'x');  // ends its table
    for (const char* const key : {"a", "b", "c"}) {
      ASSERT_TRUE(load->put(key, Json::from_canonical("{\"text\": \"" + long_text + "\"}")).is_ok());
    }
    ASSERT_TRUE(load->commit().is_ok());
    ASSERT_EQ(store->get_all("things")->size(), 3u);
  }
  int told = 0;
  for (const std::string& table : tables_in(path + "/rocksdb")) {
    const std::string sound = read_file(table);
    damage(table);
    const auto store = RocksDBKVStore::open_reader(path, options);
    const auto all = store ? (*store)->get_all("things") : Result<std::vector<KVEntry>>(store.error());
    if (all) {
      EXPECT_EQ(all->size(), 3u) << table;
    } else {
      EXPECT_EQ(all.error().code(), StatusCode::kCorruption) << all.error().to_string();
      ++told;
    }
    write_file(table, sound);
  }
  EXPECT_GE(told, 3);
}

}  // namespace
}  // namespace quipu::testing
