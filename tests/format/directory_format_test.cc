// Stored bytes as docs/FORMAT.md has them, written out here by hand.

#include <gtest/gtest.h>

#include "backends/rocksdb/format/record.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "quipu/write_batch.h"
#include "tests/support/raw_database.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using Records = std::map<std::string, std::string>;

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}
std::string u64_little(int value) { return bytes({value, 0, 0, 0, 0, 0, 0, 0}); }

class DirectoryFormatTest : public ::testing::Test {
 protected:
  void make(const RocksDBOptions& options = {}) {
    const auto store = *RocksDBKVStore::open(path_, options);
    ASSERT_TRUE(store->declare_collection("docs/x y", {"docstore.json", "hash"}).is_ok());
    WriteBatch batch;
    batch.put("docs/x y", "k", JsonView::from_canonical(R"({"hash": "h"})"));
    batch.put_list("docs/x y", "r", "{\"l\": [", "]}");
    batch.add_member("docs/x y", "r", "\"n\"");
    batch.put_vector("docs/x y", "f", std::vector<double>{1.0, -2.0});
    batch.put_vector("docs/x y", "d", std::vector<double>{0.1});
    ASSERT_TRUE(store->write(batch).is_ok());
    ASSERT_TRUE(store->close().is_ok());
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
};

TEST_F(DirectoryFormatTest, Files) {
  make();
  EXPECT_EQ(read_file(path_ + "/QUIPU"), "quipu format 1\n");
  const std::string session = read_file(path_ + "/SESSION");
  EXPECT_EQ(session.size(), 4096u);
  EXPECT_EQ(session.substr(0, 8), "QUIPUSES");
  EXPECT_EQ(session.substr(8, 8), bytes({1, 0, 0, 0, 2, 0, 0, 0}));  // version 1, closed cleanly
}

TEST_F(DirectoryFormatTest, ACollectionOfItsOwn) {
  make();
  const RawDatabase raw(path_ + "/rocksdb");
  EXPECT_EQ(raw.families(),
            (std::vector<std::string>{"default", "lists", "index", "shared", "c1:docs/x%20y"}));
  const Records data = {
      {"k", bytes({0}) + R"({"hash": "h"})"},
      {"r", bytes({1, 1, 1, 7}) + "{\"l\": [" + "]}"},
      {"f", bytes({3, 2, 4, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0})},
      {"d", bytes({4, 2, 8, 0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f})},
  };
  EXPECT_EQ(raw.all("c1:"), data);
  EXPECT_EQ(raw.all("lists"), (Records{{bytes({0, 0, 0, 1, 1}) + "r\"n\"", bytes({2})}}));
  EXPECT_EQ(raw.all("index"), (Records{{bytes({0, 0, 0, 1, 1}) + "hk", ""}}));
  const Records catalog = raw.all("default");
  EXPECT_EQ(catalog.at("ndocs/x y").substr(2), bytes({0, 13}) + "docstore.json" + bytes({4}) + "hash");
  EXPECT_EQ(catalog.at("c" + bytes({0, 0, 0, 1})), u64_little(4));
  EXPECT_EQ(catalog.at("i"), bytes({2}));
  EXPECT_TRUE(catalog.contains("s"));
}

// They raise the format's number, which a build that does not know them refuses, and so is their family.
TEST_F(DirectoryFormatTest, AComposedValue) {
  make();
  {
    const auto store = *RocksDBKVStore::open(path_);
    EXPECT_EQ(*store->format(), 1u);
    WriteBatch batch;
    batch.put_composed("docs/x y", "v", std::vector<std::string_view>{"{\"a\": [", "]}"});
    batch.put_part("docs/x y", "v", 0, "p", "7");
    ASSERT_TRUE(store->write(batch).is_ok());
    EXPECT_EQ(*store->format(), 2u);
    ASSERT_TRUE(store->close().is_ok());
  }
  EXPECT_EQ(read_file(path_ + "/QUIPU"), "quipu format 2\n");
  const RawDatabase raw(path_ + "/rocksdb");
  EXPECT_EQ(raw.families().back(), "parts");
  const std::string record = raw.all("c1:").at("v");
  std::string_view rest = record;
  uint64_t sequence = 0;
  uint64_t revision = 0;
  ASSERT_TRUE(rocks::take_varint(rest, sequence));
  ASSERT_EQ(rest.front(), 3);
  rest.remove_prefix(1);
  ASSERT_TRUE(rocks::take_varint(rest, revision));
  EXPECT_EQ(revision, sequence + 1);
  EXPECT_EQ(rest, bytes({1, 1, 7}) + "{\"a\": [" + bytes({2}) + "]}");
  std::string part;
  rocks::put_varint(sequence + 2, part);
  EXPECT_EQ(raw.all("parts"), (Records{{bytes({0, 0, 0, 1, 1}) + "v" + bytes({0}) + "p", part + "7"}}));
}

TEST_F(DirectoryFormatTest, ASharedFamily) {
  make({.max_collection_families = 0});
  const RawDatabase raw(path_ + "/rocksdb");
  const Records shared = raw.all("shared");
  EXPECT_EQ(shared.size(), 4u);
  EXPECT_EQ(shared.at(bytes({0, 0, 0, 1}) + "k"), bytes({0}) + R"({"hash": "h"})");
  EXPECT_EQ(raw.all("default").at("ndocs/x y")[2], 1);
}

}  // namespace
}  // namespace quipu::testing
