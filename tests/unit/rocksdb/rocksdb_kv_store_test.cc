// What RocksDBKVStore does beyond the contract that all backends share: many collections, snapshots, scans,
// lists, indexes, and what it makes of wrong arguments.

#include "quipu/rocksdb_kv_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

#include "quipu/backend/features.h"
#include "quipu/backend/key_locks.h"
#include "quipu/bulk_load.h"
#include "tests/support/raw_database.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Json json(const std::string& text) { return Json::from_canonical(text); }
Json number(int n) { return json("{\"n\": " + std::to_string(n) + "}"); }

class RocksDBKVStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { open({}); }

  void open(const RocksDBOptions& options) {
    if (store_) {
      const Status closed = store_->close();
      ASSERT_TRUE(closed.is_ok()) << closed.to_string();
    }
    auto opened = RocksDBKVStore::open(directory_ / "db", options);
    ASSERT_TRUE(opened) << opened.error().to_string();
    store_ = *opened;
  }
  void put(const std::string& key, const Json& value, const std::string& collection = "data") {
    const Status put = store_->put(key, value, collection);
    ASSERT_TRUE(put.is_ok()) << put.to_string();
  }
  static Pairs scan(const KVReader& reader, const ScanOptions& options,
                    const std::string& collection = "data") {
    Pairs pairs;
    const auto it = reader.scan(options, collection);
    if (!it) {
      ADD_FAILURE() << it.error().to_string();
      return pairs;
    }
    while ((*it)->next()) pairs.emplace_back((*it)->key(), (*it)->val().text());
    EXPECT_TRUE((*it)->status().is_ok()) << (*it)->status().to_string();
    return pairs;
  }
  static std::string keys(const Pairs& pairs) {
    std::string all;
    for (const auto& [key, value] : pairs) all += key + " ";
    return all;
  }
  std::string keys_in_order(const std::string& collection = "data") const {
    ScanOptions options;
    options.order = ScanOptions::Order::kInsertion;
    return keys(scan(*store_, options, collection));
  }
  void expect_no_faults() const {
    std::string faults;
    const Status verified = store_->verify([&](const Fault& fault) {
      faults += fault.collection + "/" + fault.key + ": " + fault.message + "\n";
    });
    EXPECT_TRUE(verified.is_ok()) << verified.to_string();
    EXPECT_EQ(faults, "");
  }

  TempDir directory_;
  std::shared_ptr<RocksDBKVStore> store_;
};

TEST_F(RocksDBKVStoreTest, KeepsAnyKeyAndName) {
  const std::vector<std::string> odd = {"",   std::string("\0", 1),        std::string(5000, 'k'), "a/../b",
                                        "\n", std::string("\xed\xa0\x80"), "\xff\xff\xff",         "c7:x"};
  for (const std::string& name : odd) {
    for (const std::string& key : odd)
      put(key, json("{\"k\": \"" + std::to_string(key.size()) + "\"}"), name);
  }
  open({});
  for (const std::string& name : odd) {
    EXPECT_EQ(*store_->count(name), odd.size());
    for (const std::string& key : odd) EXPECT_TRUE(store_->get(key, name)->has_value());
  }
  EXPECT_EQ(store_->collections()->size(), odd.size());
  expect_no_faults();
}

TEST_F(RocksDBKVStoreTest, RefusesWhatCannotBeStored) {
  const auto code = [](const Status& status) { return status.code(); };
  EXPECT_EQ(code(store_->put("k", json("[1]"))), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(store_->put(std::string((16 << 20) + 1, 'k'), number(1))), StatusCode::kInvalidArgument);
  const std::string long_name(65537, 'n');
  EXPECT_EQ(code(store_->put("k", number(1), long_name)), StatusCode::kInvalidArgument);
  EXPECT_EQ(code(store_->declare_collection(long_name, {})), StatusCode::kInvalidArgument);
  const std::vector<KVPair> pairs = {{"good", JsonView::from_canonical("{}")},
                                     {"bad", JsonView::from_canonical("3")}};
  const Status refused = store_->put_all(pairs, "data", 2);
  EXPECT_EQ(code(refused), StatusCode::kInvalidArgument);
  EXPECT_NE(refused.message().find("\"bad\""), std::string::npos) << refused.message();
  EXPECT_TRUE(store_->collections()->empty());
  expect_no_faults();
}

TEST_F(RocksDBKVStoreTest, OrdersAsADict) {
  for (const char* key : {"c", "a", "b"}) put(key, number(1));
  put("c", number(2));
  EXPECT_EQ(keys_in_order(), "c a b ");
  EXPECT_TRUE(*store_->delete_("c", "data"));
  EXPECT_FALSE(*store_->delete_("c", "data"));
  put("c", number(3));
  EXPECT_EQ(keys_in_order(), "a b c ");
  open({});
  EXPECT_EQ(keys_in_order(), "a b c ");
  put("d", number(4));
  EXPECT_EQ(keys_in_order(), "a b c d ");
}

TEST_F(RocksDBKVStoreTest, AppliesABatchInItsOrder) {
  put("old", number(0));
  WriteBatch batch;
  batch.put("data", "x", number(1));
  batch.delete_("data", "x");
  batch.put("data", "y", number(1));
  batch.put("data", "y", number(2));
  batch.delete_("data", "old");
  batch.put("data", "old", number(3));
  batch.delete_("absent", "k");
  ASSERT_TRUE(store_->write(batch).is_ok());
  EXPECT_EQ(keys_in_order(), "y old ");
  EXPECT_EQ((*store_->get("y"))->text(), "{\"n\": 2}");
  EXPECT_EQ(*store_->count(), 2u);
  EXPECT_EQ(store_->collections()->size(), 1u);
  expect_no_faults();
}

TEST_F(RocksDBKVStoreTest, CountsAfterManyChangesAreCheap) {
  for (int i = 0; i < 3000; ++i) put("k" + std::to_string(i), number(i));
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(*store_->delete_("k" + std::to_string(i)));
  EXPECT_EQ(*store_->count(), 2000u);
  open({});
  EXPECT_EQ(*store_->count(), 2000u);
}

class SharedFamilyTest : public RocksDBKVStoreTest {};

TEST_F(SharedFamilyTest, HoldsCollectionsBeyondTheLimit) {
  RocksDBOptions options;
  options.max_collection_families = 2;
  open(options);
  for (int c = 0; c < 6; ++c) {
    for (int k = 0; k < 20; ++k) put("k" + std::to_string(k), number(c), "c" + std::to_string(c));
  }
  EXPECT_TRUE(*store_->drop_collection("c0"));  // a family
  EXPECT_TRUE(*store_->drop_collection("c4"));  // in the shared one
  EXPECT_FALSE(*store_->drop_collection("c4"));
  put("fresh", number(9), "c4");
  open(options);
  std::string names;
  const std::vector<CollectionInfo> infos = *store_->collections();
  for (const CollectionInfo& info : infos) {
    names += info.name + "=" + std::to_string(info.count) + " ";
  }
  EXPECT_EQ(names, "c1=20 c2=20 c3=20 c5=20 c4=1 ");
  ScanOptions reverse;
  reverse.reverse = true;
  for (const char* name : {"c1", "c2", "c3", "c5"}) {
    EXPECT_EQ(scan(*store_, {}, name).size(), 20u) << name;
    EXPECT_EQ(scan(*store_, reverse, name).front().first, "k9") << name;
    EXPECT_EQ((*store_->get("k0", name))->text(), "{\"n\": " + std::string(name + 1) + "}");
  }
  EXPECT_FALSE(store_->get("k0", "c4")->has_value());
  expect_no_faults();
}

TEST_F(RocksDBKVStoreTest, ScansWithinBounds) {
  for (const int families : {32, 0}) {
    RocksDBOptions options;
    options.max_collection_families = families;
    open(options);
    const std::string name = "scan" + std::to_string(families);
    put("other", number(0), name + "before");
    for (const char* key : {"", "a", "b1", "b2", "b3", "c", "\xff\xff"}) put(key, number(1), name);
    put("other", number(0), name + "after");
    const auto found = [&](const ScanOptions& scan_options) {
      return keys(scan(*store_, scan_options, name));
    };
    EXPECT_EQ(found({}), " a b1 b2 b3 c \xff\xff ");
    EXPECT_EQ(found({.prefix = "b", .start = {}, .end = {}}), "b1 b2 b3 ");
    EXPECT_EQ(found({.prefix = "b", .start = "b2", .end = {}}), "b2 b3 ");
    EXPECT_EQ(found({.prefix = "b", .start = {}, .end = "b3", .limit = 0, .reverse = true}), "b2 b1 ");
    EXPECT_EQ(found({.prefix = {}, .start = "b", .end = "c"}), "b1 b2 b3 ");
    EXPECT_EQ(found({.prefix = {}, .start = {}, .end = {}, .limit = 2, .reverse = true}), "\xff\xff c ");
    EXPECT_EQ(found({.prefix = "\xff", .start = {}, .end = {}}), "\xff\xff ");
    EXPECT_EQ(found({.prefix = "b", .start = "z", .end = {}}), "");
    EXPECT_EQ(found({.prefix = "b", .start = "z", .end = {}, .limit = 0, .reverse = true}), "");
    EXPECT_EQ(found({.prefix = "b", .start = {}, .end = "a", .limit = 0, .reverse = true}), "");
    EXPECT_EQ(found({.prefix = {}, .start = {}, .end = ""}), "");
    EXPECT_EQ(found({.prefix = {}, .start = "c", .end = "b"}), "");
    ScanOptions keys_only;
    keys_only.keys_only = true;
    for (const auto& [key, value] : scan(*store_, keys_only, name)) EXPECT_EQ(value, "null") << key;
  }
}

TEST_F(RocksDBKVStoreTest, ADroppedCollectionLeavesNothing) {
  for (const int families : {32, 0}) {
    RocksDBOptions options;
    options.max_collection_families = families;
    open(options);
    ASSERT_TRUE(store_->declare_collection("refs", {"", "field"}).is_ok());
    put("k", json(R"({"field": "v"})"), "refs");
    WriteBatch batch;
    batch.put_list("refs", "list", "{\"l\": [", "]}");
    for (const char* member : {"\"a\"", "\"b\""}) batch.add_member("refs", "list", member);
    const Status written = store_->write(batch);
    ASSERT_TRUE(written.is_ok()) << written.to_string();
    ASSERT_TRUE(*store_->drop_collection("refs"));
    ASSERT_TRUE(store_->close().is_ok());
    store_.reset();
    const RawDatabase raw(directory_ / "db/rocksdb");
    for (const char* family : {"lists", "index", "shared"}) EXPECT_TRUE(raw.all(family).empty()) << family;
  }
}

TEST_F(RocksDBKVStoreTest, ScansTellThePlacesThatKeysKeep) {
  for (const char* key : {"c", "a", "b"}) put(key, number(1));
  const std::vector<std::string_view> asked = {"a", "b", "c"};
  const std::vector<std::optional<uint64_t>> places = *store_->insertion_order(asked, "data");
  for (const auto order : {ScanOptions::Order::kKey, ScanOptions::Order::kInsertion}) {
    for (const bool reverse : {false, true}) {
      const auto it = *store_->scan({.reverse = reverse, .order = order}, "data");
      std::map<std::string, std::optional<uint64_t>> told;
      while (it->next()) told.emplace(it->key(), it->order());
      EXPECT_EQ(told, (std::map<std::string, std::optional<uint64_t>>{
                          {"a", places[0]}, {"b", places[1]}, {"c", places[2]}}));
      const auto keys_only = *store_->scan({.reverse = reverse, .keys_only = true, .order = order}, "data");
      ASSERT_TRUE(keys_only->next());
      EXPECT_EQ(keys_only->order(), std::nullopt);
    }
  }
  ASSERT_TRUE(*store_->delete_("c", "data"));
  EXPECT_EQ(store_->insertion_order(asked, "data")->at(1), places[1])
      << "its place moves with another's deletion";
}

TEST_F(RocksDBKVStoreTest, SortsOnDiskWhatDoesNotFit) {
  RocksDBOptions options;
  options.memory_budget_bytes = 1 << 20;
  open(options);
  std::string expected;
  const std::string pad(1000, 'x');
  for (int i = 0; i < 3000; ++i) {
    const std::string key = std::to_string(i * 7919 % 3001);
    put(key, json("{\"v\": \"" + key + pad + "\"}"));
    expected += key + " ";
  }
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  const Pairs pairs = scan(*store_, in_order);
  EXPECT_EQ(keys(pairs), expected);
  for (const auto& [key, value] : pairs) ASSERT_EQ(value, "{\"v\": \"" + key + pad + "\"}");
  in_order.reverse = true;
  in_order.limit = 3;
  EXPECT_EQ(keys(scan(*store_, in_order)), std::to_string(2999 * 7919 % 3001) + " " +
                                               std::to_string(2998 * 7919 % 3001) + " " +
                                               std::to_string(2997 * 7919 % 3001) + " ");
  in_order.keys_only = true;
  for (const auto& [key, value] : scan(*store_, in_order)) EXPECT_EQ(value, "null") << key;
  EXPECT_EQ(store_->get_all()->size(), 3000u);
  expect_no_faults();
}

TEST_F(RocksDBKVStoreTest, SnapshotsStayAsTheyWere) {
  put("a", number(1));
  put("gone", number(1), "dropped");
  const auto snapshot = *store_->snapshot();
  put("a", number(2));
  put("b", number(2));
  put("k", number(2), "later");
  ASSERT_TRUE(*store_->drop_collection("dropped"));
  EXPECT_EQ((*snapshot->get("a"))->text(), "{\"n\": 1}");
  EXPECT_EQ(*snapshot->count(), 1u);
  EXPECT_EQ(snapshot->get_all()->size(), 1u);
  EXPECT_FALSE(*snapshot->exists("b"));
  EXPECT_FALSE(snapshot->get("k", "later")->has_value());
  EXPECT_TRUE(snapshot->get("gone", "dropped")->has_value());
  EXPECT_EQ(snapshot->collections()->size(), 2u);
  EXPECT_EQ(keys(scan(*snapshot, {})), "a ");
  EXPECT_EQ(keys(scan(*snapshot, {}, "dropped")), "gone ");
}

TEST_F(RocksDBKVStoreTest, ListsReadAsObjects) {
  MemberLists& lists = store_->member_lists();
  WriteBatch batch;
  batch.put_list("refs", "r", "{\"node_ids\": [", "], \"metadata\": {}}");
  for (const char* member : {"\"n2\"", "[1, 2]", "\"\\\"\"", "\"n2\""}) batch.add_member("refs", "r", member);
  batch.remove_member("refs", "r", "[1, 2]");
  batch.remove_member("refs", "r", "\"absent\"");
  batch.add_member("refs", "r", "[1, 2]");
  ASSERT_TRUE(store_->write(batch).is_ok());
  const std::string text = R"({"node_ids": ["n2", "\"", [1, 2]], "metadata": {}})";
  EXPECT_EQ((*store_->get("r", "refs"))->text(), text);
  EXPECT_EQ((*store_->multi_get(std::vector<std::string_view>{"r", "q"}, "refs"))[0]->text(), text);
  EXPECT_EQ(scan(*store_, {}, "refs"), (Pairs{{"r", text}}));
  EXPECT_EQ((*store_->get_all("refs"))[0].val.text(), text);
  EXPECT_EQ((*lists.list_info("refs", "r"))->count, 3u);
  EXPECT_TRUE(*lists.has_member("refs", "r", "[1, 2]"));
  EXPECT_FALSE(*lists.has_member("refs", "r", "n2"));
  EXPECT_EQ(*lists.members("refs", "r"), (std::vector<std::string>{"\"n2\"", "\"\\\"\"", "[1, 2]"}));
  expect_no_faults();

  put("r", number(1), "refs");  // replaces the list and its members
  EXPECT_FALSE(lists.list_info("refs", "r")->has_value());
  EXPECT_FALSE(*lists.has_member("refs", "r", "[1, 2]"));
  WriteBatch add;
  add.add_member("refs", "r", "n1");
  EXPECT_EQ(store_->write(add).code(), StatusCode::kInvalidArgument);
  WriteBatch absent;
  absent.add_member("nowhere", "r", "n1");
  EXPECT_EQ(store_->write(absent).code(), StatusCode::kInvalidArgument);
  expect_no_faults();
}

TEST_F(RocksDBKVStoreTest, DeletingAListDeletesItsMembers) {
  for (const int size : {0, 3, 1500}) {
    WriteBatch batch;
    batch.put_list("refs", "r", "[", "]");
    for (int i = 0; i < size; ++i) batch.add_member("refs", "r", std::to_string(i));
    batch.put_list("refs", "rr", "{\"l\": [", "]}");
    batch.add_member("refs", "rr", "\"kept\"");
    ASSERT_TRUE(store_->write(batch).is_ok());
    EXPECT_EQ(store_->member_lists().members("refs", "r")->size(), static_cast<size_t>(size));
    ASSERT_TRUE(*store_->delete_("r", "refs"));
    EXPECT_TRUE(store_->member_lists().members("refs", "r")->empty());
    EXPECT_EQ(store_->member_lists().members("refs", "rr")->size(), 1u);
    expect_no_faults();
  }
}

TEST_F(RocksDBKVStoreTest, IndexFollowsTheValues) {
  FieldIndex& index = store_->field_index();
  ASSERT_TRUE(store_->declare_collection("meta", {"docstore.json", "hash"}).is_ok());
  put("a", json(R"({"hash": "h1"})"), "meta");
  put("b", json(R"({"x": 1, "hash": "h1"})"), "meta");
  put("c", json(R"({"hash": 5})"), "meta");
  put("d", json(R"({"hash": ""})"), "meta");
  EXPECT_EQ(*index.keys_with_value("meta", "hash", "h1"), (std::vector<std::string>{"a", "b"}));
  put("a", json(R"({"hash": "h2"})"), "meta");
  ASSERT_TRUE(*store_->delete_("b", "meta"));
  EXPECT_TRUE(index.keys_with_value("meta", "hash", "h1")->empty());
  const std::vector<std::string_view> values = {"h1", "h2", "", "h"};
  EXPECT_EQ(*index.values_exist("meta", "hash", values), (std::vector<bool>{false, true, true, false}));
  open({});
  EXPECT_EQ(*store_->field_index().keys_with_value("meta", "hash", "h2"), std::vector<std::string>{"a"});
  expect_no_faults();
}

TEST_F(RocksDBKVStoreTest, IndexIsBuiltForWhatIsThere) {
  for (int i = 0; i < 500; ++i)
    put("k" + std::to_string(i), json(R"({"hash": "h)" + std::to_string(i % 5) + "\"}"));
  ASSERT_TRUE(store_->field_index().ensure_index("data", "hash").is_ok());
  EXPECT_EQ(store_->field_index().keys_with_value("data", "hash", "h3")->size(), 100u);
  put("k3", json(R"({"hash": "other"})"));
  EXPECT_EQ(store_->field_index().keys_with_value("data", "hash", "h3")->size(), 99u);
  EXPECT_EQ(store_->field_index().ensure_index("data", "another").code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(store_->field_index().ensure_index("absent", "hash").is_ok());
  expect_no_faults();
}

TEST_F(RocksDBKVStoreTest, CollectionsMayBeChangedByWhoeverHoldsKeyLocks) {
  put("k", json(R"({"hash": "h"})"));
  LockSet everything;
  everything.add_all();
  const KeyLocks held = *store_->lock(everything);
  EXPECT_TRUE(store_->declare_collection("new", {"docstore.json", "hash"}).is_ok());
  EXPECT_TRUE(store_->declare_collection("data", {"docstore.json", ""}).is_ok());
  EXPECT_TRUE(store_->field_index().ensure_index("data", "hash").is_ok());
  WriteBatch batch;
  batch.put("new", "k", number(1));
  EXPECT_TRUE(store_->write(batch, {.held = &held}).is_ok());
  EXPECT_TRUE(*store_->drop_collection("new"));
}

TEST_F(RocksDBKVStoreTest, LocksThatDoNotCoverTheBatchAreRefused) {
  LockSet one;
  one.add("data", "a");
  const KeyLocks held = *store_->lock(one);
  WriteBatch batch;
  for (int i = 0; i < 10; ++i) batch.put("data", std::to_string(i), number(i));
  EXPECT_EQ(store_->write(batch, {.held = &held}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(*store_->count(), 0u);
}

TEST_F(RocksDBKVStoreTest, ThreadsLoseNoUpdate) {
  constexpr int kThreads = 8;
  constexpr int kEach = 200;
  WriteBatch make;
  make.put_list("refs", "r", "{\"l\": [", "]}");
  ASSERT_TRUE(store_->write(make).is_ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kEach; ++i) {
        const std::string id = std::to_string(t) + "-" + std::to_string(i);
        WriteBatch batch;
        batch.put("nodes", id, number(i));
        batch.put("nodes", "same", number(i));
        batch.put("c" + std::to_string(i % 50), id, number(i));
        batch.add_member("refs", "r", "\"" + id + "\"");
        EXPECT_TRUE(store_->write(batch).is_ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_->member_lists().members("refs", "r")->size(), static_cast<size_t>(kThreads) * kEach);
  EXPECT_EQ(*store_->count("nodes"), static_cast<uint64_t>(kThreads) * kEach + 1);
  expect_no_faults();
}

TEST_F(RocksDBKVStoreTest, ThreadsSeeWholeBatches) {
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      WriteBatch batch;
      batch.put("a", "k", number(i));
      batch.put("b" + std::to_string(i % 3), "k", number(i));
      batch.put("b", "k", number(i));
      EXPECT_TRUE(store_->write(batch).is_ok());
      if (i % 50 == 49) {
        EXPECT_TRUE(store_->drop_collection("b1"));
      }
    }
  });
  for (int i = 0; i < 300; ++i) {
    const auto snapshot = *store_->snapshot();
    EXPECT_EQ(*snapshot->get("k", "a"), *snapshot->get("k", "b"));
    const std::vector<CollectionInfo> infos = *snapshot->collections();
    for (const CollectionInfo& info : infos) EXPECT_EQ(info.count, 1u) << info.name;
  }
  stop = true;
  writer.join();
  expect_no_faults();
}

TEST_F(RocksDBKVStoreTest, AClosedStoreRefuses) {
  put("k", number(1));
  MemberLists* const lists = &store_->member_lists();
  ASSERT_TRUE(store_->close().is_ok());
  ASSERT_TRUE(store_->close().is_ok());
  EXPECT_EQ(store_->put("k", number(2)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->get("k").error().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->sync().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->bulk_load().error().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(lists->members("c", "k").error().code(), StatusCode::kInvalidArgument);
  store_.reset();
}

TEST(RocksDBKVStoreAbandonTest, RemovesOnlyWhatOpeningMadeAndNobodyFilled) {
  namespace fs = std::filesystem;
  TempDir directory;
  const std::string deep = directory / "above/db";
  const auto abandon = [&](const std::string& path, bool fill) {
    const auto store = RocksDBKVStore::open(path);
    ASSERT_TRUE(store) << store.error().to_string();
    if (fill) {
      ASSERT_TRUE((*store)->put("k", number(1)).is_ok());
    }
    const Status closed = (*store)->abandon();
    EXPECT_TRUE(closed.is_ok()) << closed.to_string();
    EXPECT_FALSE((*store)->get("k"));
  };
  abandon(deep, false);
  EXPECT_FALSE(fs::exists(directory / "above"));
  fs::create_directory(directory / "empty");
  abandon(directory / "empty", false);
  EXPECT_TRUE(fs::is_empty(directory / "empty"));

  abandon(deep, true);
  ASSERT_TRUE(RocksDBKVStore::open(deep, {.create_if_missing = false}));
  ASSERT_TRUE((*RocksDBKVStore::open(directory / "empty"))->close().is_ok());
  abandon(directory / "empty", false);  // which was a database
  EXPECT_TRUE(RocksDBKVStore::open(directory / "empty", {.create_if_missing = false}));
}

TEST_F(RocksDBKVStoreTest, CompactingKeepsEverything) {
  for (int i = 0; i < 500; ++i) put("k" + std::to_string(i), number(i));
  for (int i = 0; i < 400; ++i) ASSERT_TRUE(*store_->delete_("k" + std::to_string(i)));
  ASSERT_TRUE(store_->compact().is_ok());
  EXPECT_EQ(*store_->count(), 100u);
  EXPECT_GT(*store_->disk_bytes(), 0u);
  expect_no_faults();
}

}  // namespace
}  // namespace quipu::testing
