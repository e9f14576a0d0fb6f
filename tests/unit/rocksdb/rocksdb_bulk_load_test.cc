// RocksDBKVStore::bulk_load(): all or nothing, whatever ends it.

#include <gtest/gtest.h>

#include <boost/filesystem.hpp>

#include "quipu/backend/features.h"
#include "quipu/bulk_load.h"
#include "quipu/rocksdb_kv_store.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

Json number(int n) { return Json::from_canonical("{\"n\": " + std::to_string(n) + "}"); }
Json hashed(const std::string& hash) { return Json::from_canonical("{\"hash\": \"" + hash + "\"}"); }

class RocksDBBulkLoadTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override { open(); }
  void TearDown() override {
    if (store_) expect_no_faults();
  }

  void open() {
    store_.reset();
    auto opened = RocksDBKVStore::open(path_, options());
    ASSERT_TRUE(opened) << opened.error().to_string();
    store_ = *opened;
  }
  static RocksDBOptions options() {
    RocksDBOptions options;
    options.max_collection_families = GetParam();
    return options;
  }
  std::string keys(const std::string& collection) const {
    std::string all;
    ScanOptions in_order;
    in_order.order = ScanOptions::Order::kInsertion;
    const auto it = *store_->scan(in_order, collection);
    while (it->next()) all += std::string(it->key()) + " ";
    EXPECT_TRUE(it->status().is_ok());
    return all;
  }
  std::string names() const {
    std::string all;
    const std::vector<CollectionInfo> infos = *store_->collections();
    for (const CollectionInfo& info : infos) {
      all += info.name + "=" + std::to_string(info.count) + " ";
    }
    return all;
  }
  void expect_no_faults() const {
    std::string faults;
    ASSERT_TRUE(store_
                    ->verify([&](const Fault& fault) {
                      faults += fault.collection + "/" + fault.key + ": " + fault.message + "\n";
                    })
                    .is_ok());
    EXPECT_EQ(faults, "");
  }
  static void add(BulkLoad& load, const std::string& name, const std::vector<std::string>& keys,
                  const std::string& indexed_field = "") {
    ASSERT_TRUE(load.begin_collection(name, {"docstore.json", indexed_field}).is_ok());
    for (const std::string& key : keys) ASSERT_TRUE(load.put(key, hashed("h-" + key)).is_ok());
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
  std::shared_ptr<RocksDBKVStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Families, RocksDBBulkLoadTest, ::testing::Values(32, 1, 0));

TEST_P(RocksDBBulkLoadTest, IsSeenWhenCommitted) {
  auto load = *store_->bulk_load();
  ASSERT_TRUE(load->begin_file("docstore.json").is_ok());
  add(*load, "nodes", {"c", "a", "b"});
  add(*load, "meta", {"z", "y"}, "hash");
  ASSERT_TRUE(load->begin_file("index_store.json").is_ok());
  add(*load, "empty", {});
  EXPECT_EQ(names(), "");
  EXPECT_FALSE(store_->get("a", "nodes")->has_value());
  ASSERT_TRUE(load->commit().is_ok());
  EXPECT_EQ(load->commit().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(load->begin_collection("more", {}).code(), StatusCode::kInvalidArgument);
  load.reset();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(names(), "nodes=3 meta=2 empty=0 ");
    EXPECT_EQ(keys("nodes"), "c a b ");
    EXPECT_EQ(*store_->persist_files(), (std::vector<std::string>{"docstore.json", "index_store.json"}));
    EXPECT_EQ(*store_->field_index().keys_with_value("meta", "hash", "h-y"), std::vector<std::string>{"y"});
    open();
  }
  ASSERT_TRUE(store_->put("a", number(1), "nodes").is_ok());
  ASSERT_TRUE(store_->put("d", number(1), "nodes").is_ok());
  EXPECT_EQ(keys("nodes"), "c a b d ");
}

TEST_P(RocksDBBulkLoadTest, RepeatedKeysAndCollectionsAreAsJsonLoadsThem) {
  auto load = *store_->bulk_load();
  add(*load, "first", {"dropped"}, "hash");
  add(*load, "second", {"x"});
  add(*load, "first", {"b", "a"}, "hash");
  ASSERT_TRUE(load->put("b", hashed("new")).is_ok());
  ASSERT_TRUE(load->put("b", hashed("newest")).is_ok());
  ASSERT_TRUE(load->commit().is_ok());
  load.reset();
  EXPECT_EQ(names(), "first=2 second=1 ");
  EXPECT_EQ(keys("first"), "b a ");
  EXPECT_EQ((*store_->get("b", "first"))->text(), "{\"hash\": \"newest\"}");
  EXPECT_EQ(*store_->field_index().keys_with_value("first", "hash", "newest"), std::vector<std::string>{"b"});
}

TEST_P(RocksDBBulkLoadTest, LeavesNothingWhenAbandoned) {
  {
    auto load = *store_->bulk_load();
    add(*load, "gone", {"a", "b"}, "hash");
    add(*load, "also", {"a", "b"});
  }
  EXPECT_EQ(names(), "");
  EXPECT_TRUE(boost::filesystem::is_empty(path_ + "/tmp"));
  expect_no_faults();
  ASSERT_TRUE(store_->put("k", hashed("h"), "gone").is_ok());
  EXPECT_EQ(keys("gone"), "k ");
}

TEST_P(RocksDBBulkLoadTest, RefusesWhatCannotBeStored) {
  auto load = *store_->bulk_load();
  EXPECT_EQ(load->put("k", number(1)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(load->begin_collection(std::string(65537, 'n'), {}).code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(load->begin_collection("c", {}).is_ok());
  EXPECT_EQ(load->put("k", JsonView::from_canonical("[]")).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(load->put(std::string((16 << 20) + 1, 'k'), number(1)).code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(load->put("k", number(1)).is_ok());
  ASSERT_TRUE(load->commit().is_ok());
  EXPECT_EQ(names(), "c=1 ");
}

TEST_P(RocksDBBulkLoadTest, MergesOverWhatIsThere) {
  ASSERT_TRUE(store_->put("b", hashed("old"), "nodes").is_ok());
  ASSERT_TRUE(store_->put("kept", hashed("old"), "nodes").is_ok());
  auto load = *store_->bulk_load();
  add(*load, "nodes", {"c", "b", "a"}, "hash");
  add(*load, "new", {"x"});
  ASSERT_TRUE(store_->put("late", hashed("late"), "nodes").is_ok());  // meanwhile
  ASSERT_TRUE(store_->put("y", hashed("late"), "new").is_ok());       // made by somebody else meanwhile
  ASSERT_TRUE(load->commit().is_ok());
  load.reset();
  EXPECT_EQ(keys("nodes"), "b kept late c a ");
  EXPECT_EQ(keys("new"), "y x ");
  EXPECT_EQ((*store_->get("b", "nodes"))->text(), "{\"hash\": \"h-b\"}");
  EXPECT_EQ(*store_->field_index().keys_with_value("nodes", "hash", "h-b"), std::vector<std::string>{"b"});
  EXPECT_EQ(*store_->field_index().keys_with_value("nodes", "hash", "old"), std::vector<std::string>{"kept"});
  open();
  EXPECT_EQ(names(), "nodes=5 new=2 ");
  EXPECT_EQ((*store_->collections())[0].persist_file, "docstore.json");
}

TEST_P(RocksDBBulkLoadTest, IsBoundedByTheBudget) {
  RocksDBOptions small = options();
  small.memory_budget_bytes = 1 << 20;
  ASSERT_TRUE(store_->close().is_ok());
  store_ = *RocksDBKVStore::open(path_, small);
  auto load = *store_->bulk_load();
  ASSERT_TRUE(load->begin_collection("big", {"", "hash"}).is_ok());
  const std::string pad(1000, 'p');
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string key = std::to_string(i * 7919 % 3001);
    ASSERT_TRUE(load->put(key, hashed(key + pad)).is_ok());
    expected += key + " ";
  }
  ASSERT_TRUE(load->commit().is_ok());
  EXPECT_EQ(keys("big"), expected);
  EXPECT_EQ((*store_->get("17", "big"))->text(), hashed("17" + pad).text());
}

}  // namespace
}  // namespace quipu::testing
