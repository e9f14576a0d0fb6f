// What is synced when a directory is made: the names of its files too, else a power cut could take them and
// leave what refuses to open.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "quipu/rocksdb_kv_store.h"
#include "tests/crash/disk_calls.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::Contains;

TEST(FirstOpenTest, NamesAreSynced) {
  const TempDir directory;
  {
    const DiskCalls calls;
    const auto store = RocksDBKVStore::open(directory / "db");
    ASSERT_TRUE(store) << store.error().to_string();
    EXPECT_THAT(calls.made(), Contains("sync " + directory.path())) << "that the directory is there";
    EXPECT_THAT(calls.made(), Contains("sync " + (directory / "db/SESSION")));
    ASSERT_TRUE((*store)->close().is_ok());
  }
  // Synced again after SESSION and rocksdb have been made in it: one more than for QUIPU.
  std::filesystem::remove_all(directory / "db/rocksdb");
  std::filesystem::remove(directory / "db/SESSION");
  const DiskCalls calls;
  const auto again = RocksDBKVStore::open(directory / "db");
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_THAT(calls.made(), Contains("sync " + (directory / "db"))) << "that SESSION and rocksdb are in it";
}

}  // namespace
}  // namespace quipu::testing
