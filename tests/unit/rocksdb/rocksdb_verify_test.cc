// RocksDBKVStore::verify() finds what is planted behind its back.

#include <gtest/gtest.h>

#include <boost/filesystem.hpp>

#include "backends/rocksdb/format/record.h"
#include "quipu/rocksdb_kv_store.h"
#include "tests/support/raw_database.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = boost::filesystem;

// Collection 1, "data", is indexed by "hash" and has a key "k" and a list "r" of "n1" and "n2".
class RocksDBVerifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto store = *RocksDBKVStore::open(path_);
    ASSERT_TRUE(store->declare_collection("data", {"", "hash"}).is_ok());
    WriteBatch batch;
    batch.put("data", "k", JsonView::from_canonical(R"({"hash": "h"})"));
    batch.put("data", "l", JsonView::from_canonical(R"({"hash": "i"})"));
    batch.put_list("data", "r", "{\"l\": [", "]}");
    batch.add_member("data", "r", "\"n1\"");
    batch.add_member("data", "r", "\"n2\"");
    ASSERT_TRUE(store->write(batch).is_ok());
    ASSERT_TRUE(store->close().is_ok());
  }
  std::string faults() const { return faults_of(path_); }
  static std::string faults_of(const std::string& path) {
    const auto store = RocksDBKVStore::open(path);
    if (!store) return store.error().to_string();
    std::string all;
    EXPECT_TRUE((*store)
                    ->verify([&](const Fault& fault) {
                      all += fault.collection + "/" + fault.key + ": " + fault.message + "\n";
                    })
                    .is_ok());
    return all;
  }
  // The faults after `change` contain `text`; before there were none.
  template <class Change>
  void expect_fault(const Change& change, const std::string& text) {
    ASSERT_EQ(faults(), "");
    {
      RawDatabase raw(path_ + "/rocksdb");
      change(raw);
    }
    EXPECT_NE(faults().find(text), std::string::npos) << faults();
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
};

TEST_F(RocksDBVerifyTest, FindsAMissingMember) {
  expect_fault([](RawDatabase& raw) { raw.erase("lists", rocks::list_prefix(1, "r") + "\"n1\""); },
               "data/r: the member list counts 2 members but holds 1");
}

TEST_F(RocksDBVerifyTest, FindsAMemberWithoutAList) {
  expect_fault([](RawDatabase& raw) { raw.put("lists", rocks::list_prefix(1, "k") + "n1", "\1"); },
               "data/k: there are members of a list, but no list");
}

TEST_F(RocksDBVerifyTest, FindsWhatBelongsToNoCollection) {
  expect_fault(
      [](RawDatabase& raw) {
        raw.put("lists", rocks::list_prefix(77, "k") + "n1", "\1");
        raw.put("index", rocks::index_prefix(78, "v") + "k", "");
      },
      "/: index entries of collection 78, which does not exist\n"
      "/: member lists of collection 77, which does not exist\n");
}

TEST_F(RocksDBVerifyTest, FindsAMissingIndexEntry) {
  expect_fault([](RawDatabase& raw) { raw.erase("index", rocks::index_prefix(1, "h") + "k"); },
               "data/k: is missing in the index of hash");
}

TEST_F(RocksDBVerifyTest, FindsAnIndexEntryTooMany) {
  expect_fault([](RawDatabase& raw) { raw.put("index", rocks::index_prefix(1, "old") + "k", ""); },
               "data/k: the index has it under \"old\", which is not its hash");
}

TEST_F(RocksDBVerifyTest, FindsAWrongCount) {
  expect_fault([](RawDatabase& raw) { raw.erase("c1:", "l"); }, "data/: counts 3 keys but holds 2");
}

TEST_F(RocksDBVerifyTest, FindsValuesThatAreNotCanonical) {
  expect_fault([](RawDatabase& raw) { raw.put("c1:", "k", "\7{\"hash\":  \"h\"}"); },
               "data/k: the value is not in json.dumps's form");
}

TEST_F(RocksDBVerifyTest, FindsValuesThatAreNotJson) {
  expect_fault([](RawDatabase& raw) { raw.put("c1:", "k", "\7{\"hash\": "); },
               "data/k: the value is not JSON");
}

TEST_F(RocksDBVerifyTest, FindsARecordOfNoKnownForm) {
  expect_fault([](RawDatabase& raw) { raw.put("c1:", "k", "\7\37"); }, "data/k: the record is malformed");
}

TEST_F(RocksDBVerifyTest, FindsAMalformedVector) {
  const auto put = [](const char* record) {
    return [record](RawDatabase& raw) {
      raw.put("c1:", "k", record);
      raw.put("c1:", "l", "\6\2\5abcde");
      raw.put("c1:", "m", "\5\2\4abc");
    };
  };
  expect_fault(put("\7\2"), "data/k: the vector is malformed");
  EXPECT_NE(faults().find("data/l: the vector is malformed"), std::string::npos);
  EXPECT_NE(faults().find("data/m: the vector is malformed"), std::string::npos);
}

TEST_F(RocksDBVerifyTest, FindsASequenceUsedTwice) {
  expect_fault([](RawDatabase& raw) { raw.put("c1:", "l", raw.get("c1:", "k")); },
               "the insertion sequence is used twice");
}

TEST_F(RocksDBVerifyTest, FindsASequenceBeyondTheLimit) {
  expect_fault(
      [](RawDatabase& raw) {
        std::string record;
        rocks::put_varint(1ULL << 60, record);
        raw.put("c1:", "k", record + R"({"hash": "h"})");
      },
      "data/k: the insertion sequence is beyond the limit");
}

TEST_F(RocksDBVerifyTest, TellsOfAnInterruptedMerge) {
  expect_fault([](RawDatabase& raw) { raw.put("default", "m", ""); }, "an import with merge was interrupted");
}

TEST_F(RocksDBVerifyTest, FindsAFlippedBit) {
  {
    const auto store = *RocksDBKVStore::open(path_);
    ASSERT_TRUE(
        store->put("long", Json::from_canonical("{\"t\": \"" + std::string(20000, 't') + "\"}")).is_ok());
    ASSERT_TRUE(store->close().is_ok());
  }
  ASSERT_EQ(faults(), "");
  int files = 0;
  for (const auto& entry : fs::directory_iterator(path_ + "/rocksdb")) {
    if (entry.path().extension() != ".sst") continue;
    const std::string copy = directory_ / ("copy" + std::to_string(++files));
    fs::copy(path_, copy, fs::copy_options::recursive);
    const std::string file = copy + "/rocksdb/" + entry.path().filename().string();
    std::string bytes = read_file(file);
    bytes[20] = static_cast<char>(bytes[20] ^ 0x10);
    write_file(file, bytes);
    EXPECT_NE(faults_of(copy), "") << file;
  }
  EXPECT_GT(files, 2);
}

}  // namespace
}  // namespace quipu::testing
