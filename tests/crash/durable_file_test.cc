// A file takes another's place when its bytes are durable, and is done when its name is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/rocksdb/files/file_util.h"
#include "quipu/file_system.h"
#include "tests/crash/disk_calls.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

TEST(DurableFileTest, ExportedFiles) {
  const TempDir directory;
  const DiskCalls calls;
  const Result<std::unique_ptr<OutputFile>> file = local_file_system().create(directory / "docstore.json");
  ASSERT_TRUE(file) << file.error().to_string();
  ASSERT_TRUE((*file)->append("{}").is_ok());
  ASSERT_TRUE((*file)->commit().is_ok());
  EXPECT_THAT(calls.made(),
              ElementsAre(StartsWith("sync " + (directory / ".docstore.json.")),
                          "rename " + (directory / "docstore.json"), "sync " + directory.path()));
}

TEST(DurableFileTest, FilesOfADatabase) {
  const TempDir directory;
  const DiskCalls calls;
  ASSERT_TRUE(rocks::replace_file(directory / "QUIPU", "quipu format 1\n").is_ok());
  EXPECT_THAT(calls.made(), ElementsAre("sync " + (directory / "QUIPU.tmp"),
                                        "rename " + (directory / "QUIPU"), "sync " + directory.path()));
}

}  // namespace
}  // namespace quipu::testing
