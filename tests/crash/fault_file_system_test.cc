// What the fault-injecting file systems promise to the tests that use them.

#include "tests/support/faults/fault_file_system.h"

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <filesystem>

#include "quipu/file_system.h"
#include "tests/support/child_process.h"
#include "tests/support/faults/faulty_files.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = std::filesystem;

// `number` is the seed. Two files and a rename, of which the first file alone is synced, name and all.
int write_and_lose_power(const std::string& path, int number) {
  Faults faults;
  FaultFileSystem disk(faults, static_cast<uint64_t>(number));
  rocksdb::Env& env = *disk.env();
  std::unique_ptr<rocksdb::WritableFile> file;
  std::unique_ptr<rocksdb::Directory> directory;
  const rocksdb::EnvOptions options;
  if (!env.NewWritableFile(path + "/synced", &file, options).ok() || !file->Append("synced").ok()) return 1;
  if (!file->Sync().ok() || !file->Append("not").ok()) return 2;
  if (!env.NewDirectory(path, &directory).ok() || !directory->Fsync().ok()) return 3;
  if (!env.NewWritableFile(path + "/new", &file, options).ok() || !file->Append("new").ok()) return 4;
  if (!env.RenameFile(path + "/new", path + "/renamed").ok()) return 5;
  if (!env.DeleteFile(path + "/synced").ok()) return 6;
  disk.cut_power_at(1);
  (void)file->Append("later").ok();
  return 7;
}

const ChildWork kWriteAndLosePower("write_and_lose_power", write_and_lose_power);

TEST(FaultFileSystemTest, APowerCutTakesWhatWasNotSynced) {
  Random random(test_seed());
  bool back = false;
  bool without_new = false;
  bool garbage = false;
  for (int round = 0; round < 40; ++round) {
    const TempDir directory;
    const int seed = static_cast<int>(random.below(1 << 30));
    ASSERT_EQ(wait_for(start_child("write_and_lose_power", directory.path(), seed)),
              FaultFileSystem::kPowerCut);
    EXPECT_FALSE(fs::exists(directory.path() + ".kept"));
    const bool synced = fs::exists(directory / "synced");
    if (synced) {
      EXPECT_EQ(read_file(directory / "synced").substr(0, 6), "synced") << seed;
    }
    back = back || synced;
    const bool renamed = fs::exists(directory / "renamed");
    EXPECT_TRUE(synced || renamed) << seed << ": a later change is there without an earlier one";
    without_new = without_new || !(renamed || fs::exists(directory / "new"));
    if (renamed) garbage = garbage || !std::string("newlater").starts_with(read_file(directory / "renamed"));
  }
  EXPECT_TRUE(back);
  EXPECT_TRUE(without_new);
  EXPECT_TRUE(garbage);
}

TEST(FaultFileSystemTest, TheNthOperationFails) {
  const TempDir directory;
  Faults faults;
  FaultFileSystem disk(faults, 1);
  std::unique_ptr<rocksdb::WritableFile> file;
  ASSERT_TRUE(disk.env()->NewWritableFile(directory / "f", &file, rocksdb::EnvOptions()).ok());
  faults.fail(2, FaultKind::kNoSpace, /*for_ever=*/false);
  EXPECT_TRUE(file->Append("12").ok());
  EXPECT_TRUE(file->Append("3456").IsNoSpace());
  EXPECT_EQ(faults.failed_on(), directory / "f");
  const std::string torn = read_file(directory / "f");
  EXPECT_TRUE(std::string("123456").starts_with(torn)) << torn;
  EXPECT_GE(torn.size(), 2u);
  EXPECT_TRUE(file->Append("7").ok());
  faults.fail(1, FaultKind::kIoError, /*for_ever=*/true);
  EXPECT_TRUE(file->Append("8").IsIOError());
  EXPECT_TRUE(file->Sync().IsIOError());
  faults.heal();
  EXPECT_TRUE(file->Sync().ok());
  EXPECT_EQ(read_file(directory / "f"), torn + "7" + read_file(directory / "f").substr(torn.size() + 1));
}

TEST(FaultyFilesTest, TheNthOperationFails) {
  const TempDir directory;
  Faults faults;
  const FaultyFiles files(local_file_system(), faults);
  faults.fail(3, FaultKind::kIoError, /*for_ever=*/false);
  const std::string path = directory / "f.json";
  auto file = files.create(path);
  ASSERT_TRUE(file) << file.error().to_string();
  EXPECT_TRUE((*file)->append("{}").is_ok());
  const Status failed = (*file)->commit();
  EXPECT_EQ(failed.code(), StatusCode::kIoError);
  EXPECT_NE(failed.message().find(path), std::string::npos) << failed.message();
  file->reset();
  EXPECT_TRUE(fs::is_empty(directory.path()));
  EXPECT_EQ(faults.operations(), 3u);
}

}  // namespace
}  // namespace quipu::testing
