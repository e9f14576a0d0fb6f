// File systems, and S3's signatures.

#include "quipu/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/files/aws/aws_signature.h"
#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/storage_context.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

const std::string kGoldens = std::string(QUIPU_SOURCE_DIR) + "/tests/data/goldens/";

std::string content(const FileSystem& fs, const std::string& path) {
  const auto file = fs.open(path);
  if (!file) return "no file: " + file.error().message();
  std::string bytes((*file)->size(), '\0');
  size_t read = 0;
  while (const size_t got = *(*file)->read(bytes.data() + read, bytes.size() - read)) read += got;
  EXPECT_EQ(read, bytes.size());
  return bytes;
}

void put(const FileSystem& fs, const std::string& path, std::string_view bytes) {
  const auto file = *fs.create(path);
  ASSERT_TRUE(file->append(bytes).is_ok());
  EXPECT_EQ(file->bytes_written(), bytes.size());
  ASSERT_TRUE(file->commit().is_ok());
}

TEST(MemoryFileSystemTest, KeepsFilesByTheirPaths) {
  const MemoryFileSystem files;
  put(files, "./a//b.json", "one");
  put(files, "a/c/d.json", "two");
  put(files, "ab", "three");
  EXPECT_EQ(content(files, "a/b.json"), "one");
  EXPECT_EQ(**files.file_size("a/c/d.json"), 3u);
  EXPECT_FALSE(files.file_size("a/c")->has_value());
  EXPECT_THAT(*files.list("a"), ElementsAre("b.json", "c"));
  EXPECT_THAT(*files.list("."), ElementsAre("a", "ab"));
  EXPECT_TRUE(files.list("nowhere")->empty());
  EXPECT_EQ(files.open("a").status().code(), StatusCode::kIoError);
  EXPECT_EQ(files.create("a/").status().code(), StatusCode::kInvalidArgument);
}

TEST(MemoryFileSystemTest, ReplacesAtCommitAndNotBefore) {
  const MemoryFileSystem files;
  put(files, "f", "old");
  const auto reader = *files.open("f");
  const auto file = *files.create("f");
  ASSERT_TRUE(file->append("new").is_ok());
  EXPECT_EQ(content(files, "f"), "old");
  ASSERT_TRUE(file->commit().is_ok());
  EXPECT_EQ(content(files, "f"), "new");
  char bytes[3];
  EXPECT_EQ(*reader->read(bytes, 3), 3u);
  EXPECT_EQ(std::string(bytes, 3), "old");
}

TEST(MemoryFileSystemTest, HoldsWholePersistDirectories) {
  const MemoryFileSystem files;
  for (const char* const name : {"graphs", "vectors", "unicode", "namespaces"}) {
    const std::string golden = kGoldens + name;
    const auto context = StorageContext::from_defaults({.persist_dir = golden});
    ASSERT_TRUE(context) << context.error().to_string();
    ASSERT_TRUE(context->persist(name, {}, files).is_ok());
    const auto loaded = StorageContext::from_defaults({.persist_dir = name, .fs = &files});
    ASSERT_TRUE(loaded) << loaded.error().to_string();
    EXPECT_EQ(loaded->to_dict()->text(), context->to_dict()->text());
    TempDir directory;
    const auto store = *RocksDBKVStore::open(directory / "db");
    const auto imported = import_persist_dir(name, *store, {.fs = &files});
    ASSERT_TRUE(imported) << imported.error().to_string();
    const std::string copy = std::string(name) + "-copy";
    ASSERT_TRUE(export_persist_dir(*store, copy, {.fs = &files}));
    const std::vector<std::string> names = *files.list(name);
    for (const std::string& file : names) {
      EXPECT_EQ(content(files, copy + "/" + file), content(files, std::string(name) + "/" + file)) << file;
    }
    EXPECT_EQ(content(files, copy + "/docstore.json"), read_file(golden + "/docstore.json"));
  }
  EXPECT_EQ(StorageContext::from_defaults({.persist_dir = "nowhere", .fs = &files}).status().code(),
            StatusCode::kNotFound);
}

TEST(LocalFileSystemTest, TellsFilesFromOthers) {
  const FileSystem& fs = local_file_system();
  TempDir directory;
  EXPECT_TRUE(*fs.make_directory(directory / "x/y"));
  EXPECT_FALSE(*fs.make_directory(directory / "x/y"));
  put(fs, directory / "x/f", "text");
  EXPECT_EQ(content(fs, directory / "x/f"), "text");
  EXPECT_EQ(**fs.file_size(directory / "x/f"), 4u);
  EXPECT_FALSE(fs.file_size(directory / "x/none")->has_value());
  EXPECT_FALSE(fs.file_size(directory / "x/f/none")->has_value());
  EXPECT_THAT(fs.file_size(directory / "x/y").error().message(), HasSubstr("it is a directory"));
  EXPECT_THAT(*fs.list(directory / "x"), ElementsAre("f", "y"));
  EXPECT_FALSE(fs.list(directory / "none"));
  fs.remove_directory(directory / "x");
  EXPECT_TRUE(fs.file_size(directory / "x/f")->has_value());
  EXPECT_EQ(directory_of("a/b/c"), "a/b");
  EXPECT_EQ(directory_of("c"), "");
  EXPECT_EQ(path_in("a", "c"), "a/c");
}

// The examples of AWS's documentation (sig-v4-header-based-auth.html).
class S3SignatureTest : public ::testing::Test {
 protected:
  std::string sign(AwsRequest request) {
    request.host = "examplebucket.s3.amazonaws.com";
    sign_aws_request({.credentials = {.access_key_id = "AKIAIOSFODNN7EXAMPLE",
                                      .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
                      .region = "us-east-1"},
                     "20130524T000000Z", request);
    return request.headers.at("authorization");
  }
};

TEST_F(S3SignatureTest, OfAGet) {
  EXPECT_EQ(sign({.method = "GET", .path = "/test.txt", .headers = {{"range", "bytes=0-9"}}}),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST_F(S3SignatureTest, OfAPut) {
  EXPECT_THAT(sign({.method = "PUT",
                    .path = "/test$file.text",
                    .headers = {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                                {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                    .body = "Welcome to Amazon S3."}),
              EndsWith("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST_F(S3SignatureTest, OfAQuery) {
  EXPECT_THAT(sign({.method = "GET", .path = "/", .query = {{"lifecycle", ""}}}),
              EndsWith("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
  EXPECT_THAT(sign({.method = "GET", .path = "/", .query = {{"max-keys", "2"}, {"prefix", "J"}}}),
              EndsWith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

}  // namespace
}  // namespace quipu::testing
