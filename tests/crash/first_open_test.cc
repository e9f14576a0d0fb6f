// What is synced when a directory is made: the names of its files too, else a power cut could take them and
// leave what refuses to open.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <set>

#include "quipu/rocksdb_kv_store.h"
#include "tests/support/temp_dir.h"

namespace {

std::mutex mutex;
std::set<std::string>* synced_paths = nullptr;  // null: nobody wants to know

}  // namespace

// This program's fsync takes the place of the C library's, for the store too.
extern "C" int fsync(int file) {
  {
    std::lock_guard lock(mutex);
    std::error_code ignored;
    const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file), ignored);
    if (synced_paths != nullptr) synced_paths->insert(path.string());
  }
  return static_cast<int>(::syscall(SYS_fsync, file));
}

namespace quipu::testing {
namespace {

TEST(FirstOpenTest, NamesAreSynced) {
  const TempDir directory;
  std::set<std::string> synced;
  {
    std::lock_guard lock(mutex);
    synced_paths = &synced;
  }
  const auto store = RocksDBKVStore::open(directory / "db");
  {
    std::lock_guard lock(mutex);
    synced_paths = nullptr;
  }
  ASSERT_TRUE(store) << store.error().to_string();
  EXPECT_TRUE(synced.contains(directory.path())) << "that the directory is there";
  EXPECT_TRUE(synced.contains(directory / "db/SESSION"));
  ASSERT_TRUE((*store)->close().is_ok());
  // Synced again after SESSION and rocksdb have been made in it: one more than for QUIPU.
  std::filesystem::remove_all(directory / "db/rocksdb");
  std::filesystem::remove(directory / "db/SESSION");
  synced.clear();
  {
    std::lock_guard lock(mutex);
    synced_paths = &synced;
  }
  const auto again = RocksDBKVStore::open(directory / "db");
  {
    std::lock_guard lock(mutex);
    synced_paths = nullptr;
  }
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_TRUE(synced.contains(directory / "db")) << "that SESSION and rocksdb are in it";
}

}  // namespace
}  // namespace quipu::testing
