// The least memory budget: writing goes on, whatever holds memory, and does not write a table for each write.

#include <gtest/gtest.h>

#include <boost/filesystem.hpp>
#include <memory>
#include <string>
#include <vector>

#include "quipu/rocksdb_kv_store.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = boost::filesystem;

class RocksDBMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    RocksDBOptions options;
    options.memory_budget_bytes = 16 << 20;
    auto opened = RocksDBKVStore::open(directory_ / "db", options);
    ASSERT_TRUE(opened) << opened.error().to_string();
    store_ = *opened;
  }
  void write(int kibibytes, const std::string& collection) {
    for (int i = 0; i < kibibytes; ++i) {
      ASSERT_TRUE(store_->put(std::to_string(i % 5000), value_, collection).is_ok());
    }
  }
  int tables() const {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(directory_ / "db/rocksdb")) {
      count += entry.path().extension() == ".sst" ? 1 : 0;
    }
    return count;
  }

  const Json value_ = Json::from_canonical("{\"filler\": \"" + std::string(1000, 'x') + "\"}");
  TempDir directory_;
  std::shared_ptr<RocksDBKVStore> store_;
};

TEST_F(RocksDBMemoryTest, ManyCollectionsLeaveRoomToWrite) {
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 40; ++i) ASSERT_NO_FATAL_FAILURE(write(1, "c" + std::to_string(i)));
  }
  EXPECT_EQ(tables(), 0);  // 400 KiB: nothing is written out
  for (int i = 0; i < 40; ++i) EXPECT_EQ(*store_->count("c" + std::to_string(i)), 1u);
}

TEST_F(RocksDBMemoryTest, IteratorsOfTheWriterDoNotHoldItUp) {
  std::vector<std::unique_ptr<KVIterator>> iterators;  // each keeps the write buffer of its moment
  for (int i = 0; i < 4; ++i) {
    ASSERT_NO_FATAL_FAILURE(write(3500, "c" + std::to_string(i)));
    iterators.push_back(*store_->scan({}, "c" + std::to_string(i)));
  }
  ASSERT_NO_FATAL_FAILURE(write(10'000, "c"));
  for (const auto& it : iterators) {
    int found = 0;
    while (it->next()) ++found;
    EXPECT_EQ(found, 3500);
  }
  EXPECT_LT(tables(), 100);
}

}  // namespace
}  // namespace quipu::testing
