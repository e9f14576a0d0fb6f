// The store for who must not wait: what it does at once is what the store does, and what it does not do has
// changed nothing.

#include <gtest/gtest.h>
#include <rocksdb/file_system.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>

#include "backends/rocksdb/env_store.h"
#include "quipu/backend/at_hand.h"
#include "quipu/backend/features.h"
#include "quipu/backend/key_locks.h"
#include "quipu/chat_store.h"
#include "quipu/document_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/write_batch.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

Json number(int i) { return Json::from_canonical("{\"i\": " + std::to_string(i) + "}"); }

class AtHandStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void TearDown() override { expect_consistent(*store_); }

  void open(const RocksDBOptions& options = {}) {
    at_hand_.reset();
    store_.reset();
    auto opened = RocksDBKVStore::open(directory_ / "db", options);
    ASSERT_TRUE(opened) << opened.error().to_string();
    store_ = *std::move(opened);
    at_hand_ = store_->at_hand();
  }
  // Everything goes to tables, and none of it is in memory afterwards.
  void reopen() {
    ASSERT_TRUE(store_->flush().is_ok());
    open();
  }

  TempDir directory_;
  std::shared_ptr<RocksDBKVStore> store_;
  std::shared_ptr<BaseKVStore> at_hand_;
};

TEST_F(AtHandStoreTest, ReadsAndWritesAreTheStores) {
  ASSERT_TRUE(store_->put("a", number(1), "c").is_ok());
  ASSERT_TRUE(at_hand_->put("b", number(2), "c").is_ok());
  ASSERT_TRUE(at_hand_->put("a", number(3), "c").is_ok());
  EXPECT_EQ(*store_->get("a", "c"), number(3));
  EXPECT_EQ(*at_hand_->get("b", "c"), number(2));
  EXPECT_EQ(*at_hand_->get("none", "c"), std::nullopt);
  EXPECT_EQ(*at_hand_->get("a", "none"), std::nullopt);
  EXPECT_EQ(*at_hand_->count("c"), 2u);
  EXPECT_TRUE(*at_hand_->delete_("a", "c"));
  EXPECT_FALSE(*at_hand_->delete_("a", "c"));
  WriteBatch batch;
  batch.put("c", "d", number(4));
  batch.delete_("c", "b");
  ASSERT_TRUE(at_hand_->write(batch, {}).is_ok());
  const auto all = store_->get_all("c");
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ(all->front().key, "d");
  EXPECT_EQ(at_hand_->put("e", Json::from_canonical("[]"), "c").code(), StatusCode::kInvalidArgument);
}

TEST_F(AtHandStoreTest, ReadsOfTheDiskAreBusyUntilTheyAreInMemory) {
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(store_->put(std::to_string(i), number(i), "c").is_ok());
  reopen();
  EXPECT_EQ(at_hand_->get("7", "c").error().code(), StatusCode::kBusy);
  EXPECT_EQ(at_hand_->exists("7", "c").error().code(), StatusCode::kBusy);
  EXPECT_EQ(at_hand_->put("7", number(0), "c").code(), StatusCode::kBusy);  // its place is to be read
  const auto pairs = at_hand_->scan({}, "c");
  ASSERT_TRUE(pairs);
  EXPECT_FALSE((*pairs)->next());
  EXPECT_EQ((*pairs)->status().code(), StatusCode::kBusy);
  EXPECT_EQ(*store_->get("7", "c"), number(7));
  EXPECT_EQ(*at_hand_->get("7", "c"), number(7));
  EXPECT_TRUE(at_hand_->put("7", number(0), "c").is_ok());
  EXPECT_EQ(*store_->get("7", "c"), number(0));
}

// Of a table that is not open RocksDB does not say that it cannot tell: it says OK, with an empty value.
TEST_F(AtHandStoreTest, TablesThatAreNotOpenAreNotTakenForDamaged) {
  const auto name = [](int i) { return "c" + std::to_string(i); };
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(store_->put("a", number(i), name(i)).is_ok());
  ASSERT_TRUE(store_->flush().is_ok());
  open({.max_open_files = 20});
  int busy = 0;
  for (int i = 0; i < 30; ++i) {
    const Result<bool> absent = at_hand_->exists("b", name(i));
    if (absent) {
      EXPECT_FALSE(*absent) << i;
    } else {
      EXPECT_EQ(absent.error().code(), StatusCode::kBusy) << i;
      ++busy;
    }
    const std::string_view keys[] = {"a"};
    EXPECT_EQ(at_hand_->get("a", name(i)).error().code(), StatusCode::kBusy) << i;
    if (const auto found = at_hand_->multi_get(keys, name(i))) {
      EXPECT_EQ(found->front(), number(i));
    } else {
      EXPECT_EQ(found.error().code(), StatusCode::kBusy) << i;
    }
    EXPECT_EQ(at_hand_->put("a", number(0), name(i)).code(), StatusCode::kBusy) << i;
  }
  EXPECT_GT(busy, 20);
}

TEST_F(AtHandStoreTest, LockedKeysAreBusy) {
  ASSERT_TRUE(store_->put("a", number(1), "c").is_ok());
  LockSet set;
  set.add("c", "a");
  {
    const auto held = store_->lock(set);
    ASSERT_TRUE(held);
    EXPECT_EQ(at_hand_->put("a", number(2), "c").code(), StatusCode::kBusy);
    LockSet all;
    all.add_all();
    EXPECT_EQ(at_hand_->lock(all).error().code(), StatusCode::kBusy);
  }
  LockSet all;
  all.add_all();
  EXPECT_TRUE(at_hand_->lock(all));  // none of those that were free has been kept
  EXPECT_TRUE(at_hand_->put("a", number(2), "c").is_ok());
}

TEST_F(AtHandStoreTest, WhatTakesLongIsBusyAndChangesNothing) {
  EXPECT_EQ(at_hand_->put("a", number(1), "c").code(), StatusCode::kBusy);  // a collection is to be made
  EXPECT_EQ(at_hand_->declare_collection("c", {}).code(), StatusCode::kBusy);
  EXPECT_TRUE(store_->collections()->empty());
  ASSERT_TRUE(store_->put("a", number(1), "c").is_ok());
  EXPECT_TRUE(at_hand_->declare_collection("c", {}).is_ok());
  EXPECT_EQ(at_hand_->declare_collection("c", {.persist_file = "docstore.json"}).code(), StatusCode::kBusy);
  const Json large = Json::from_canonical("{\"text\": \"" + std::string(100000, 'x') + "\"}");
  EXPECT_EQ(at_hand_->put("large", large, "c").code(), StatusCode::kBusy);
  WriteBatch synced;
  synced.put("c", "synced", number(1));
  EXPECT_EQ(at_hand_->write(synced, {.sync = true}).code(), StatusCode::kBusy);
  EXPECT_EQ(at_hand_->field_index().ensure_index("c", "i").code(), StatusCode::kBusy);
  EXPECT_EQ(at_hand_->get_all("c").error().code(), StatusCode::kBusy);
  EXPECT_EQ(at_hand_->drop_collection("c").error().code(), StatusCode::kBusy);
  EXPECT_EQ(*store_->count("c"), 1u);
}

TEST_F(AtHandStoreTest, ScansEndAfterAMoment) {
  WriteBatch batch;
  for (int i = 0; i < 1001; ++i) batch.put("c", std::to_string(10000 + i), number(i));
  ASSERT_TRUE(store_->write(batch, {}).is_ok());
  const auto count = [&](const ScanOptions& options) {
    const auto pairs = at_hand_->scan(options, "c");
    int count = 0;
    while ((*pairs)->next()) ++count;
    return std::pair(count, (*pairs)->status().code());
  };
  EXPECT_EQ(count({.start = "10001"}), std::pair(1000, StatusCode::kBusy));
  EXPECT_EQ(count({.start = "10002"}), std::pair(999, StatusCode::kOk));
}

TEST_F(AtHandStoreTest, SyncedStoresReadAtHandAndDoNotWrite) {
  ASSERT_TRUE(store_->put("a", number(1), "c").is_ok());
  open({.sync = true});
  EXPECT_EQ(*store_->get("a", "c"), number(1));
  EXPECT_EQ(*at_hand_->get("a", "c"), number(1));
  EXPECT_EQ(at_hand_->put("a", number(2), "c").code(), StatusCode::kBusy);
}

TEST_F(AtHandStoreTest, ReadersRefuseWrites) {
  ASSERT_TRUE(store_->put("a", number(1), "c").is_ok());
  const auto reader = RocksDBKVStore::open_reader(directory_ / "db");
  ASSERT_TRUE(reader) << reader.error().to_string();
  const auto at_hand = (*reader)->at_hand();
  EXPECT_EQ(*at_hand->get("a", "c"), number(1));
  EXPECT_EQ(at_hand->put("a", number(2), "c").code(), StatusCode::kNotSupported);
}

TEST_F(AtHandStoreTest, DocumentsAndChatsStandOnIt) {
  KVDocumentStore documents(store_);
  ASSERT_TRUE(documents.set_document_hash("a", "1").is_ok());
  KVDocumentStore documents_at_hand(at_hand_);
  ASSERT_TRUE(documents_at_hand.set_document_hash("b", "2").is_ok());
  EXPECT_EQ(*documents.get_document_hash("b"), "2");
  KVChatStore chats(store_);
  ASSERT_TRUE(chats.add_message("chat", chat_message("user", "0")).is_ok());
  KVChatStore chats_at_hand(at_hand_);
  for (int i = 1; i < 300; ++i) {
    ASSERT_TRUE(chats_at_hand.add_message("chat", chat_message("user", std::to_string(i))).is_ok());
  }
  EXPECT_EQ(chats_at_hand.get_messages("chat", {.offset = -20})->size(), 20u);
  EXPECT_EQ((*chats.get_messages("chat", {.offset = -1}))[0], chat_message("user", "299"));
}

// Tables cannot be written until they may.
class HeldTables : public rocksdb::FileSystemWrapper {
 public:
  HeldTables() : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "HeldTables"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    if (path.ends_with(".sst")) {
      std::unique_lock lock(mutex_);
      free_.wait(lock, [this] { return !held_; });
    }
    return rocksdb::FileSystemWrapper::NewWritableFile(path, options, file, context);
  }
  void hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    free_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable free_;
  bool held_ = false;
};

TEST(AtHandStore, WritesThatWouldStallAreBusy) {
  const TempDir directory;
  const auto tables = std::make_shared<HeldTables>();
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(tables);
  auto store = *rocks::EnvStore::open(directory / "db", {.memory_budget_bytes = 8 << 20}, env.get());
  ASSERT_TRUE(store->put("first", number(1), "c").is_ok());
  auto at_hand = store->at_hand();
  const Json value = Json::from_canonical("{\"text\": \"" + std::string(60000, 'x') + "\"}");
  tables->hold(true);
  int written = 0;
  Status status;
  while (status.is_ok() && written < 2000) {
    status = at_hand->put(std::to_string(written), value, "c");
    if (status.is_ok()) ++written;
  }
  EXPECT_EQ(status.code(), StatusCode::kBusy) << status.to_string() << " after " << written;
  EXPECT_GT(written, 0);
  EXPECT_EQ(*at_hand->get("0", "c"), value);
  EXPECT_EQ(*at_hand->get(std::to_string(written), "c"), std::nullopt);
  tables->hold(false);
  EXPECT_TRUE(store->put("after", number(1), "c").is_ok());
  EXPECT_EQ(*store->count("c"), static_cast<uint64_t>(written) + 2);
  expect_consistent(*store);
  at_hand.reset();
  store.reset();
}

}  // namespace
}  // namespace quipu::testing
