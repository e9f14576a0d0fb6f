// S3FileSystem against a server that s3_test.py starts; it says where by the environment.

#include "quipu/s3_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <thread>

#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/storage_context.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr size_t kMegabyte = 1 << 20;
const std::string kGolden = std::string(QUIPU_SOURCE_DIR) + "/tests/data/goldens/basic";

S3Options options() {
  S3Options options = *S3Options::from_environment();
  options.first_pause = std::chrono::milliseconds(1);
  return options;
}

S3Options options_at(const char* variable) {
  S3Options at = options();
  at.endpoint = std::getenv(variable);
  return at;
}

// Bytes of which no two parts are equal.
std::string bytes_of(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

Status write(const FileSystem& fs, const std::string& path, std::string_view bytes, size_t at_once = 70'000) {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, fs.create(path));
  for (; !bytes.empty(); bytes.remove_prefix(std::min(at_once, bytes.size()))) {
    QUIPU_RETURN_IF_ERROR(file->append(bytes.substr(0, at_once)));
  }
  return file->commit();
}

Result<std::string> read(const FileSystem& fs, const std::string& path) {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<InputFile> file, fs.open(path));
  std::string all;
  std::string part(100'000, '\0');
  while (true) {
    QUIPU_ASSIGN_OR_RETURN(const size_t got, file->read(part.data(), part.size()));
    if (got == 0) return all;
    all.append(part, 0, got);
  }
}

TEST(S3FileSystemTest, WritesAndReadsWhatIsSmallAndWhatIsLarge) {
  const S3FileSystem s3(options());
  for (const size_t size : {size_t{0}, size_t{1}, 8 * kMegabyte, 8 * kMegabyte + 1, 21 * kMegabyte}) {
    const std::string bytes = bytes_of(size);
    const Status written = write(s3, "bucket/some where/größe+" + std::to_string(size), bytes);
    ASSERT_TRUE(written.is_ok()) << written.to_string();
    EXPECT_EQ(**s3.file_size("s3://bucket/some where/größe+" + std::to_string(size)), size);
    const auto back = read(s3, "/bucket/some where/größe+" + std::to_string(size));
    ASSERT_TRUE(back) << back.error().to_string();
    EXPECT_TRUE(*back == bytes) << size;
  }
}

TEST(S3FileSystemTest, ListsADirectoryInPages) {
  const S3FileSystem s3(options());
  for (int i = 0; i < 1005; ++i) ASSERT_TRUE(write(s3, "bucket/many/" + std::to_string(i), "x").is_ok());
  ASSERT_TRUE(write(s3, "bucket/list/a b&c%.json", "x").is_ok());
  ASSERT_TRUE(write(s3, "bucket/list/below/d", "x").is_ok());
  ASSERT_TRUE(write(s3, "bucket/listless", "x").is_ok());
  EXPECT_THAT(*s3.list("bucket/list"), ElementsAre("a b&c%.json", "below"));
  EXPECT_EQ(s3.list("bucket/many/")->size(), 1005u);
  EXPECT_TRUE(s3.list("bucket/nothing")->empty());
}

TEST(S3FileSystemTest, SaysWhatIsWrong) {
  const S3FileSystem s3(options());
  EXPECT_FALSE(s3.file_size("bucket/missing")->has_value());
  EXPECT_THAT(s3.open("bucket/missing").error().message(), HasSubstr("bucket/missing"));
  EXPECT_EQ(s3.create("").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(s3.create("bucket").status().code(), StatusCode::kInvalidArgument);
  const Status nowhere = write(s3, "no-such-bucket/key", "x");
  EXPECT_EQ(nowhere.code(), StatusCode::kIoError);
  EXPECT_THAT(nowhere.message(), HasSubstr("NoSuchBucket"));
  S3Options wrong = options();
  wrong.secret_access_key = "a wrong secret";
  const Status refused = write(S3FileSystem(wrong), "bucket/key", "x");
  EXPECT_EQ(refused.code(), StatusCode::kIoError);
  EXPECT_THAT(refused.message(), HasSubstr("SignatureDoesNotMatch"));
  EXPECT_THAT(refused.message(), ::testing::Not(HasSubstr(wrong.secret_access_key)));
  S3Options unreachable = options();
  unreachable.endpoint = "http://127.0.0.1:1";
  unreachable.attempts = 2;
  EXPECT_EQ(S3FileSystem(unreachable).file_size("bucket/key").status().code(), StatusCode::kIoError);
}

TEST(S3FileSystemTest, RequestsThatFailAreMadeAgain) {
  const S3FileSystem s3(options_at("QUIPU_TEST_S3_FLAKY"));
  const std::string bytes = bytes_of(17 * kMegabyte);
  const Status written = write(s3, "bucket/flaky", bytes);
  ASSERT_TRUE(written.is_ok()) << written.to_string();
  const auto back = read(s3, "bucket/flaky");
  ASSERT_TRUE(back) << back.error().to_string();
  EXPECT_TRUE(*back == bytes);
  S3Options hasty = options_at("QUIPU_TEST_S3_FLAKY");
  hasty.attempts = 1;
  EXPECT_FALSE(write(S3FileSystem(hasty), "bucket/flaky", bytes).is_ok());
}

TEST(S3FileSystemTest, AServerThatNeverAnswersIsGivenUp) {
  const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(silent, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(silent, 8), 0);  // so that connections are made, and nobody reads
  ASSERT_EQ(::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size), 0);
  S3Options waits = options();
  waits.endpoint = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  waits.request_timeout = std::chrono::milliseconds(50);
  waits.attempts = 2;
  const S3FileSystem s3(waits);
  EXPECT_EQ(s3.file_size("bucket/key").status().code(), StatusCode::kIoError);
  EXPECT_EQ(write(s3, "bucket/key", "x").code(), StatusCode::kIoError);
  EXPECT_EQ(s3.list("bucket").status().code(), StatusCode::kIoError);
  ::close(silent);
}

TEST(S3FileSystemTest, AnUploadThatIsInterruptedLeavesTheOldObject) {
  const S3FileSystem s3(options());
  ASSERT_TRUE(write(s3, "bucket/kept", "old").is_ok());
  const std::string bytes = bytes_of(11 * kMegabyte);
  const Status failed = write(S3FileSystem(options_at("QUIPU_TEST_S3_UNFINISHED")), "bucket/kept", bytes);
  EXPECT_EQ(failed.code(), StatusCode::kIoError);
  EXPECT_EQ(*read(s3, "bucket/kept"), "old");
  {
    const auto abandoned = *s3.create("bucket/kept");
    ASSERT_TRUE(abandoned->append(bytes).is_ok());
  }
  EXPECT_EQ(*read(s3, "bucket/kept"), "old");
}

TEST(S3FileSystemTest, AnObjectThatIsReplacedWhileItIsReadIsNotMixed) {
  S3Options in_small_parts = options();
  in_small_parts.part_bytes = kMegabyte;
  const S3FileSystem s3(in_small_parts);
  const std::string bytes = bytes_of(9 * kMegabyte);
  ASSERT_TRUE(write(s3, "bucket/changing", bytes).is_ok());
  const auto file = *s3.open("bucket/changing");
  std::string part(kMegabyte, '\0');
  size_t at = *file->read(part.data(), part.size());
  ASSERT_GT(at, 0u);
  ASSERT_TRUE(write(s3, "bucket/changing", std::string(9 * kMegabyte, 'n')).is_ok());
  Result<size_t> got = 0;
  while ((got = file->read(part.data(), part.size())) && *got != 0) {
    ASSERT_EQ(bytes.substr(at, *got), part.substr(0, *got)) << at;
    at += *got;
  }
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().message(), HasSubstr("replaced"));
  EXPECT_LT(at, bytes.size());
  EXPECT_FALSE(file->read(part.data(), part.size()));
}

TEST(S3FileSystemTest, SeveralFilesAreReadAndWrittenAtOnce) {
  S3Options few = options();
  few.part_bytes = 5 * kMegabyte;
  few.parallel_requests = 3;
  const S3FileSystem s3(few);
  const std::string bytes = bytes_of(23 * kMegabyte);
  std::vector<std::thread> threads;
  std::array<bool, 3> same{};
  for (size_t i = 0; i < same.size(); ++i) {
    threads.emplace_back([&, i] {
      const std::string path = "bucket/at-once-" + std::to_string(i);
      const std::string own = bytes.substr(i);
      const Result<std::string> back =
          write(s3, path, own).is_ok() ? read(s3, path) : Result<std::string>("");
      same[i] = back && *back == own;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(same, ElementsAre(true, true, true));
  EXPECT_EQ((*s3.open("bucket/at-once-0"))->size(), bytes.size());  // and goes, nothing read
}

TEST(S3FileSystemTest, HoldsPersistDirectories) {
  const S3FileSystem s3(options());
  TempDir directory;
  const auto context = *StorageContext::from_defaults({.persist_dir = kGolden});
  const Status persisted = context.persist("bucket/storage", {}, s3);
  ASSERT_TRUE(persisted.is_ok()) << persisted.to_string();
  const auto loaded = StorageContext::from_defaults({.persist_dir = "bucket/storage", .fs = &s3});
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->to_dict()->text(), context.to_dict()->text());
  const auto store = *RocksDBKVStore::open(directory / "db");
  const auto imported = import_persist_dir("bucket/storage", *store, {.fs = &s3});
  ASSERT_TRUE(imported) << imported.error().to_string();
  const auto exported = export_persist_dir(*store, "s3://bucket/copy", {.fs = &s3});
  ASSERT_TRUE(exported) << exported.error().to_string();
  EXPECT_EQ(export_persist_dir(*store, "s3://bucket/copy", {.fs = &s3}).status().code(),
            StatusCode::kAlreadyExists);
  for (const char* const name : {"docstore.json", "index_store.json", "default__vector_store.json"}) {
    EXPECT_EQ(*read(s3, std::string("bucket/copy/") + name), read_file(kGolden + "/" + name)) << name;
  }
}

}  // namespace
}  // namespace quipu::testing
