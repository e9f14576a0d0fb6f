// What a reader lets RocksDB do to the files: nothing but read.

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <filesystem>
#include <set>

#include "backends/rocksdb/files/pinned_file_system.h"
#include "backends/rocksdb/files/pinned_files.h"
#include "quipu/rocksdb_kv_store.h"
#include "tests/support/temp_dir.h"

namespace quipu::rocks {
namespace {

std::set<std::string> names_below(const std::string& path) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) names.insert(entry.path());
  return names;
}

TEST(PinnedFileSystemTest, RefusesEveryChange) {
  const testing::TempDir directory;
  const std::string path = directory / "db/rocksdb";
  {
    const auto store = RocksDBKVStore::open(directory / "db");
    ASSERT_TRUE(store) << store.error().to_string();
    ASSERT_TRUE((*store)->put("k", Json::from_canonical("{}"), "c").is_ok());
    ASSERT_TRUE((*store)->close().is_ok());
  }
  const auto pinned = PinnedFiles::capture(path);
  ASSERT_TRUE(pinned) << pinned.error().to_string();
  const std::unique_ptr<rocksdb::Env> env = make_pinned_env(*pinned);
  rocksdb::FileSystem& files = *env->GetFileSystem();
  const std::set<std::string> before = names_below(directory.path());

  const std::string current = path + "/CURRENT";
  const std::string added = path + "/added";
  std::unique_ptr<rocksdb::FSWritableFile> file;
  std::unique_ptr<rocksdb::FSDirectory> folder;
  std::shared_ptr<rocksdb::Logger> logger;
  rocksdb::FileLock* lock = nullptr;
  EXPECT_TRUE(files.NewWritableFile(added, {}, &file, nullptr).IsNotSupported());
  EXPECT_TRUE(files.DeleteFile(current, {}, nullptr).IsNotSupported());
  EXPECT_TRUE(files.RenameFile(current, added, {}, nullptr).IsNotSupported());
  EXPECT_TRUE(files.CreateDir(added, {}, nullptr).IsNotSupported());
  EXPECT_TRUE(files.CreateDirIfMissing(added, {}, nullptr).IsNotSupported());
  EXPECT_TRUE(files.DeleteDir(path, {}, nullptr).IsNotSupported());
  EXPECT_TRUE(files.LockFile(path + "/LOCK", {}, &lock, nullptr).IsNotSupported());
  EXPECT_TRUE(files.NewLogger(path + "/LOG", {}, &logger, nullptr).IsNotSupported());
  EXPECT_TRUE(files.NewDirectory(added, {}, &folder, nullptr).IsNotSupported());
  EXPECT_EQ(names_below(directory.path()), before);
}

TEST(PinnedFileSystemTest, HoldsTheFilesOfTheDirectoryAndNoOthers) {
  const testing::TempDir directory;
  const std::string path = directory / "db/rocksdb";
  {
    const auto store = RocksDBKVStore::open(directory / "db");
    ASSERT_TRUE(store) << store.error().to_string();
  }
  const auto pinned = PinnedFiles::capture(path);
  ASSERT_TRUE(pinned) << pinned.error().to_string();
  const std::unique_ptr<rocksdb::Env> env = make_pinned_env(*pinned);
  rocksdb::FileSystem& files = *env->GetFileSystem();
  testing::write_file(path + "/later", "x");

  uint64_t size = 0;
  EXPECT_TRUE(files.GetFileSize(path + "/CURRENT", {}, &size, nullptr).ok());
  EXPECT_EQ(size, std::filesystem::file_size(path + "/CURRENT"));
  EXPECT_TRUE(files.GetFileSize(path + "/later", {}, &size, nullptr).IsPathNotFound());
  bool is_directory = false;
  EXPECT_TRUE(files.IsDirectory(path, {}, &is_directory, nullptr).ok());
  EXPECT_TRUE(is_directory);
  EXPECT_TRUE(files.IsDirectory(path + "/CURRENT", {}, &is_directory, nullptr).ok());
  EXPECT_FALSE(is_directory);
}

}  // namespace
}  // namespace quipu::rocks
