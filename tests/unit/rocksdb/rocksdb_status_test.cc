#include "backends/rocksdb/format/status.h"

#include <gtest/gtest.h>

namespace quipu::rocks {
namespace {

// What RocksDB 11.12 says of a backup's file that it cannot read, and of one whose bytes are wrong.
TEST(RocksDBStatusTest, AFailedReadIsNotDamage) {
  const auto code = [](const char* text) {
    return from_rocksdb(rocksdb::Status::Corruption(text), "backup 1").code();
  };
  EXPECT_EQ(
      code("Failed to compute checksum for /b/private/1/MANIFEST-000004, IOStatus(code: ,5, subcode: 0)"),
      StatusCode::kIoError);
  EXPECT_EQ(
      code("Failed to compute checksum for /b/private/1/MANIFEST-000004, IOStatus(code: ,2, subcode: 0)"),
      StatusCode::kCorruption);
  EXPECT_EQ(
      code("File corruption! Checksum mismatch for /b/IOStatus(code: ,5, subcode: 0). Expected: 1, got: 2"),
      StatusCode::kCorruption);
}

TEST(RocksDBStatusTest, RocksDBsTextIsKept) {
  const Status status =
      from_rocksdb(rocksdb::Status::IOError("While open a file", "no space"), "cannot open x");
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_EQ(status.message(), "cannot open x: IO error: While open a file: no space");
  EXPECT_TRUE(from_rocksdb(rocksdb::Status::OK(), "cannot open x").is_ok());
}

}  // namespace
}  // namespace quipu::rocks
