// Transactions: what they see, what they leave, and what they conflict with.

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <tuple>

#include "quipu/backend/features.h"
#include "quipu/kv_transaction.h"
#include "quipu/verify.h"
#include "quipu/write_batch.h"
#include "tests/support/backends.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

Json value(uint64_t n) { return Json::from_canonical("{\"n\": " + std::to_string(n) + "}"); }

std::string faults(const BaseKVStore& store) {
  std::string all;
  EXPECT_TRUE(store
                  .verify([&](const Fault& fault) {
                    all += fault.collection + " " + fault.key + " " + fault.message + "\n";
                  })
                  .is_ok());
  return all;
}

class TransactionFixture : public BackendTest {
 protected:
  using BackendTest::BackendTest;

  void SetUp() override {
    BackendTest::SetUp();
    ASSERT_NE(kv_, nullptr);
    const Status begun = kv_->begin().status();
    ASSERT_EQ(begun,
              begins() ? Status::ok() : Status::not_supported("this key-value store has no transactions"));
  }
  bool begins() const { return kv_->capabilities().transactions; }
  std::shared_ptr<KVTransaction> begin() {
    auto begun = kv_->begin();
    EXPECT_TRUE(begun) << begun.error().to_string();
    return *begun;
  }
  void TearDown() override {
    if (kv_) {
      EXPECT_EQ(faults(*kv_), "");
    }
  }
};

class TransactionTest : public TransactionFixture, public ::testing::WithParamInterface<BackendFactory> {
 protected:
  TransactionTest() : TransactionFixture(GetParam()) {}
};
INSTANTIATE_TEST_SUITE_P(Backends, TransactionTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(TransactionTest, SeesItsOwnWritesAndNobodyElseDoesUntilItCommits) {
  if (!begins()) return;
  for (const char* const key : {"a", "b", "c"}) ASSERT_TRUE(kv_->put(key, value(1), "c").is_ok());
  const auto txn = begin();
  ASSERT_TRUE(txn->put("d", value(4), "c").is_ok());
  ASSERT_TRUE(txn->put("a", value(2), "c").is_ok());
  EXPECT_TRUE(*txn->delete_("b", "c"));
  EXPECT_FALSE(*txn->delete_("b", "c"));
  ASSERT_TRUE(txn->put("new", value(9), "other").is_ok());
  const std::string mine = R"(a={"n": 2};c={"n": 1};d={"n": 4};)";
  EXPECT_EQ(content(*txn, "c"), mine);
  EXPECT_EQ(*txn->count("c"), 3u);
  EXPECT_EQ(*txn->count("other"), 1u);
  EXPECT_FALSE(*txn->exists("b", "c"));
  EXPECT_EQ((*txn->get("d", "c"))->text(), value(4).text());
  EXPECT_EQ(content(*kv_, "c"), R"(a={"n": 1};b={"n": 1};c={"n": 1};)");
  EXPECT_EQ(*kv_->count("c"), 3u);
  EXPECT_EQ(*kv_->count("other"), 0u);
  ASSERT_TRUE(txn->commit().is_ok());
  EXPECT_EQ(content(*kv_, "c"), mine);
  EXPECT_EQ(*kv_->count("c"), 3u);
  EXPECT_EQ(content(*kv_, "other"), R"(new={"n": 9};)");
}

TEST_P(TransactionTest, ScansMergeWhatIsStoredAndWhatIsNot) {
  if (!begins()) return;
  for (const char* const key : {"b", "d", "f"}) ASSERT_TRUE(kv_->put(key, value(1), "c").is_ok());
  const auto txn = begin();
  for (const char* const key : {"g", "e", "a"}) ASSERT_TRUE(txn->put(key, value(2), "c").is_ok());
  ASSERT_TRUE(txn->delete_("d", "c").status().is_ok());
  const auto keys = [&](const ScanOptions& options) {
    std::string all;
    const auto it = *txn->scan(options, "c");
    while (it->next()) all += it->key();
    EXPECT_TRUE(it->status().is_ok());
    return all;
  };
  EXPECT_EQ(keys({}), "abefg");
  EXPECT_EQ(keys({.reverse = true}), "gfeba");
  EXPECT_EQ(keys({.start = "b", .end = "g"}), "bef");
  EXPECT_EQ(keys({.start = "b", .end = "g", .reverse = true}), "feb");
  EXPECT_EQ(keys({.start = "c", .end = "d", .reverse = true}), "");
  EXPECT_EQ(keys({.prefix = "e"}), "e");
  EXPECT_EQ(keys({.limit = 2}), "ab");
  EXPECT_EQ(keys({.order = ScanOptions::Order::kInsertion}), "bfgea");
}

TEST_P(TransactionTest, PutsManyAtOnceAndListsCollectionsAndFiles) {
  if (!begins()) return;
  ASSERT_TRUE(kv_->declare_collection("c", {"docstore.json", ""}).is_ok());
  const auto txn = begin();
  ASSERT_TRUE(txn->declare_collection("d", {"graph_store.json", ""}).is_ok());
  const Json one = value(1);
  const std::vector<KVPair> pairs = {{"b", one}, {"a", one}};
  ASSERT_TRUE(txn->put_all(pairs, "c").is_ok());
  const auto infos = txn->collections();
  ASSERT_TRUE(infos) << infos.error().to_string();
  ASSERT_EQ(infos->size(), 2u);
  EXPECT_EQ((*infos)[0].name, "c");
  EXPECT_EQ((*infos)[0].count, 2u) << "its own entries count";
  EXPECT_EQ((*infos)[1].persist_file, "graph_store.json");
  EXPECT_EQ(*txn->persist_files(), (std::vector<std::string>{"docstore.json", "graph_store.json"}));
  EXPECT_EQ(*kv_->count("c"), 0u);
  ASSERT_TRUE(txn->commit().is_ok());
  EXPECT_EQ(content(*kv_, "c"), R"(b={"n": 1};a={"n": 1};)");
  EXPECT_EQ(txn->collections().status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(txn->persist_files().status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(txn->put_all(pairs, "c").code(), StatusCode::kInvalidArgument);
}

TEST_P(TransactionTest, AValueThatWasLookedForAndThenAppearedIsAConflict) {
  if (!begins()) return;
  ASSERT_TRUE(kv_->put("a", Json::from_canonical(R"({"h": "x"})"), "c").is_ok());
  const std::vector<std::string_view> wanted = {"x", "y"};
  const auto txn = begin();
  ASSERT_TRUE(txn->field_index().ensure_index("c", "h").is_ok());
  const auto other = begin();
  EXPECT_EQ(*other->field_index().values_exist("c", "h", wanted), (std::vector<bool>{true, false}));
  ASSERT_TRUE(other->put("z", value(1), "d").is_ok());
  ASSERT_TRUE(kv_->put("b", Json::from_canonical(R"({"h": "y"})"), "c").is_ok());
  EXPECT_EQ(other->commit().code(), StatusCode::kBusy);
  EXPECT_EQ(*kv_->field_index().values_exist("c", "h", wanted), (std::vector<bool>{true, true}));
  txn->rollback();
  EXPECT_EQ(txn->field_index().values_exist("c", "h", wanted).status().code(), StatusCode::kInvalidArgument);
}

TEST_P(TransactionTest, FindsRelationsThatItHasWrittenAndNotThoseThatItHasRemoved) {
  if (!begins()) return;
  const auto put = [](BaseKVStore& store, const std::string& source, const std::string& target) {
    const Json val = Json::from_canonical("{\"target\": \"" + target + "\"}");
    const std::string key = Adjacency::key_start(source) + "\"r\", \"" + target + "\"]";
    ASSERT_TRUE(store.put(key, val, "property_graph_store/triplets").is_ok());
  };
  const auto found = [](const BaseKVStore& store, std::vector<std::string_view> ids, uint64_t at_most = 0) {
    std::string all;
    const Status read = store.adjacency().for_each_node(
        "property_graph_store/triplets", ids, at_most,
        [&](size_t i, const std::vector<std::string>& keys) -> Result<bool> {
          all += std::string(ids[i]) + ":";
          for (size_t key = 0; key < keys.size() && (at_most == 0 || key < at_most); ++key) all += keys[key];
          return true;
        });
    return read.is_ok() ? all : std::string(read.message());
  };
  ASSERT_TRUE(kv_->declare_collection("property_graph_store/triplets", {"", "target"}).is_ok());
  for (const char* const target : {"b", "c", "d"}) put(*kv_, "a", target);
  put(*kv_, "x", "a");
  const auto txn = begin();
  EXPECT_TRUE(*txn->delete_(R"(["a", "r", "b"])", "property_graph_store/triplets"));
  for (const char* const target : {"a", "bb", "d"}) put(*txn, "a", target);
  for (const char* const source : {"0", "z"}) put(*txn, source, "a");
  const std::string first = R"(a:["a", "r", "a"]["a", "r", "bb"])";
  EXPECT_EQ(
      found(*txn, {"a", "b"}),
      first + R"(["a", "r", "c"]["a", "r", "d"]["0", "r", "a"]["x", "r", "a"])" + R"(["z", "r", "a"]b:)");
  EXPECT_EQ(found(*txn, {"a"}, 2), first);
  EXPECT_EQ(found(*kv_, {"b", "0"}), R"(b:["a", "r", "b"]0:)");
  ASSERT_TRUE(txn->commit().is_ok());
  EXPECT_EQ(found(*kv_, {"b", "0"}), R"(b:0:["0", "r", "a"])");
  EXPECT_NE(found(*txn, {"a"}), "a:");  // an error

  const auto unaware = begin();
  EXPECT_EQ(found(*unaware, {"n"}), "n:");
  ASSERT_TRUE(unaware->put("k", value(1), "c").is_ok());
  put(*kv_, "m", "n");
  EXPECT_EQ(unaware->commit().code(), StatusCode::kBusy);
}

TEST_P(TransactionTest, RolledBackItLeavesNothing) {
  if (!begins()) return;
  ASSERT_TRUE(kv_->put("a", value(1), "c").is_ok());
  {
    const auto dropped = begin();
    ASSERT_TRUE(dropped->put("a", value(2), "c").is_ok());
    ASSERT_TRUE(dropped->put("z", value(2), "never").is_ok());
  }
  const auto txn = begin();
  ASSERT_TRUE(txn->put("b", value(2), "c").is_ok());
  txn->rollback();
  txn->rollback();
  EXPECT_EQ(txn->commit().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(txn->put("b", value(2), "c").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(txn->get("a", "c").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(txn->member_lists().members("c", "a").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(content(*kv_, "c"), R"(a={"n": 1};)");
  EXPECT_EQ(*kv_->count("never"), 0u);
}

TEST_P(TransactionTest, AWriteThatIsRefusedMakesNoCollection) {
  if (!begins()) return;
  const auto txn = begin();
  EXPECT_EQ(txn->put("a", Json::from_canonical("1"), "new").code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(txn->commit().is_ok());
  const auto collections = kv_->collections();
  ASSERT_TRUE(collections);
  for (const CollectionInfo& each : *collections) EXPECT_NE(each.name, "new");
}

TEST_P(TransactionTest, SeesTheStoreAsItWasWhenItBegan) {
  if (!begins()) return;
  ASSERT_TRUE(kv_->put("a", value(1), "c").is_ok());
  const auto txn = begin();
  ASSERT_TRUE(kv_->put("a", value(2), "c").is_ok());
  ASSERT_TRUE(kv_->put("b", value(2), "c").is_ok());
  ASSERT_TRUE(kv_->put("k", value(2), "made later").is_ok());
  EXPECT_EQ(content(*txn, "c"), R"(a={"n": 1};)");
  EXPECT_EQ(content(*txn, "made later"), "");
  EXPECT_EQ(*txn->count("c"), 1u);
  EXPECT_TRUE(txn->commit().is_ok());  // it has only read
}

// What one transaction does, what happens beside it, and whether that is a conflict.
struct ConflictCase {
  const char* name;
  void (*use)(KVTransaction& txn);
  void (*meanwhile)(BaseKVStore& store);
  bool conflict;
};

void PrintTo(const ConflictCase& one, std::ostream* out) { *out << one.name; }

class TransactionConflictTest
    : public TransactionFixture,
      public ::testing::WithParamInterface<std::tuple<BackendFactory, ConflictCase>> {
 protected:
  TransactionConflictTest() : TransactionFixture(std::get<0>(GetParam())) {}
};

// A list that is not kept as one has to be put anew.
void add_to_list(BaseKVStore& store, std::string_view member) {
  WriteBatch batch;
  const auto info = store.member_lists().list_info("lists", "l");
  ASSERT_TRUE(info) << info.error().to_string();
  if (!*info) batch.put_list("lists", "l", "{\"x\": [", "]}");
  batch.add_member("lists", "l", member);
  const Status written = store.write(batch);
  EXPECT_TRUE(written.is_ok()) << written.to_string();
}

constexpr auto kPutA = [](BaseKVStore& store) { EXPECT_TRUE(store.put("a", value(7), "c").is_ok()); };
constexpr auto kPutNew = [](BaseKVStore& store) { EXPECT_TRUE(store.put("new", value(7), "c").is_ok()); };
constexpr auto kNothing = [](KVTransaction&) {};

const ConflictCase kConflictCases[] = {

    ConflictCase{"Nothing", kNothing, +kPutA, false},
    ConflictCase{"WriteWrite", [](KVTransaction& txn) { EXPECT_TRUE(txn.put("a", value(2), "c").is_ok()); },
                 +kPutA, true},
    ConflictCase{"Disjoint", [](KVTransaction& txn) { EXPECT_TRUE(txn.put("b", value(2), "c").is_ok()); },
                 +kPutA, false},
    ConflictCase{"Read", [](KVTransaction& txn) { EXPECT_TRUE(txn.get("a", "c")); }, +kPutA, true},
    ConflictCase{"ReadAbsent", [](KVTransaction& txn) { EXPECT_FALSE(*txn.exists("new", "c")); }, +kPutNew,
                 true},
    ConflictCase{"ReadOther", [](KVTransaction& txn) { EXPECT_TRUE(txn.get("b", "c")); }, +kPutA, false},
    ConflictCase{"Scan", [](KVTransaction& txn) { EXPECT_TRUE(txn.scan({}, "c")); }, +kPutNew, true},
    ConflictCase{"Count", [](KVTransaction& txn) { EXPECT_TRUE(txn.count("c")); }, +kPutNew, true},
    ConflictCase{"Drop", [](KVTransaction& txn) { EXPECT_TRUE(txn.get("b", "c")); },
                 [](BaseKVStore& store) { EXPECT_TRUE(*store.drop_collection("c")); }, true},
    ConflictCase{"DropOther", [](KVTransaction& txn) { EXPECT_TRUE(txn.get("b", "c")); },
                 [](BaseKVStore& store) { EXPECT_TRUE(*store.drop_collection("lists")); }, false},
    ConflictCase{"Index",
                 [](KVTransaction& txn) {
                   EXPECT_TRUE(txn.field_index().keys_with_value("indexed", "f", "h")->empty());
                 },
                 [](BaseKVStore& store) {
                   EXPECT_TRUE(store.put("k", Json::from_canonical(R"({"f": "h"})"), "indexed").is_ok());
                 },
                 true},
    ConflictCase{"OtherIndexValue",
                 [](KVTransaction& txn) {
                   EXPECT_TRUE(txn.field_index().keys_with_value("indexed", "f", "g")->empty());
                 },
                 [](BaseKVStore& store) {
                   EXPECT_TRUE(store.put("k", Json::from_canonical(R"({"f": "h"})"), "indexed").is_ok());
                 },
                 false},
    ConflictCase{"List", [](KVTransaction& txn) { add_to_list(txn, "\"mine\""); },
                 [](BaseKVStore& store) { add_to_list(store, "\"theirs\""); }, true},
    ConflictCase{"Transaction", [](KVTransaction& txn) { EXPECT_TRUE(txn.put("a", value(2), "c").is_ok()); },
                 [](BaseKVStore& store) {
                   const auto other = *store.begin();
                   EXPECT_TRUE(other->put("a", value(3), "c").is_ok());
                   EXPECT_TRUE(other->commit().is_ok());
                 },
                 true},
    ConflictCase{"RolledBackTransaction",
                 [](KVTransaction& txn) { EXPECT_TRUE(txn.put("a", value(2), "c").is_ok()); },
                 [](BaseKVStore& store) {
                   const auto other = *store.begin();
                   EXPECT_TRUE(other->put("a", value(3), "c").is_ok());
                 },
                 false}};

INSTANTIATE_TEST_SUITE_P(Cases, TransactionConflictTest,
                         ::testing::Combine(::testing::ValuesIn(backends()),
                                            ::testing::ValuesIn(kConflictCases)),
                         [](const auto& info) {
                           return std::get<0>(info.param).name + "_" + std::get<1>(info.param).name;
                         });

TEST_P(TransactionConflictTest, IsSeenAtCommit) {
  if (!begins()) return;
  const ConflictCase& one = std::get<1>(GetParam());
  ASSERT_TRUE(kv_->declare_collection("indexed", {"", "f"}).is_ok());
  WriteBatch batch;
  for (const char* const key : {"a", "b"}) batch.put("c", key, value(1));
  batch.put_list("lists", "l", "{\"x\": [", "]}");
  ASSERT_TRUE(kv_->write(batch).is_ok());
  const auto txn = begin();
  ASSERT_TRUE(txn->put("written", value(1), "mine").is_ok());
  one.use(*txn);
  one.meanwhile(*kv_);
  const Status done = txn->commit();
  EXPECT_EQ(done.code(), one.conflict ? StatusCode::kBusy : StatusCode::kOk) << done.to_string();
  EXPECT_EQ(*kv_->count("mine"), one.conflict ? 0u : 1u);
}

TEST_P(TransactionTest, AStoreWithOpenTransactionsIsNotClosed) {
  if (!begins()) return;
  auto txn = begin();
  const Status refused = kv_->close();
  EXPECT_EQ(refused.code(), StatusCode::kBusy) << refused.to_string();
  ASSERT_TRUE(txn->commit().is_ok());
  EXPECT_TRUE(kv_->close().is_ok());
  EXPECT_EQ(kv_->begin().status().code(), StatusCode::kInvalidArgument);
  txn.reset();
  kv_.reset();
}

TEST_P(TransactionTest, OutlivesTheLastHandleToItsStore) {
  if (!begins()) return;
  const auto txn = begin();
  kv_.reset();
  ASSERT_TRUE(txn->put("k", value(1), "c").is_ok());
  ASSERT_TRUE(txn->commit().is_ok());
}

TEST_P(TransactionTest, CountersOfManyThreadsLoseNothing) {
  if (!begins()) return;
  constexpr int kThreads = 4;
  constexpr uint64_t kRounds = 50;
  ASSERT_TRUE(kv_->put("counter", value(0), "c").is_ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (uint64_t done = 0; done < kRounds;) {
        const auto txn = *kv_->begin();
        const Json old = **txn->get("counter", "c");
        const uint64_t n = std::stoull(std::string(old.view().find("n")->text()));
        ASSERT_TRUE(txn->put("counter", value(n + 1), "c").is_ok());
        const Status status = txn->commit();
        if (status.is_ok())
          ++done;
        else
          ASSERT_EQ(status.code(), StatusCode::kBusy) << status.to_string();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ((*kv_->get("counter", "c"))->text(), value(kThreads * kRounds).text());
}

// The same random operations in a transaction and in a store of their own have the same outcome.
TEST_P(TransactionTest, MakesCollectionsOfAnyName) {
  if (!begins()) return;
  const std::vector<std::string> names = {
      "", kv_->capabilities().text_keys ? std::string("\x01") : std::string("\0", 1), "a/b"};
  const auto txn = begin();
  for (const std::string& name : names) ASSERT_TRUE(txn->put("k", value(1), name).is_ok()) << name;
  const Status done = txn->commit();
  ASSERT_TRUE(done.is_ok()) << done.to_string();
  for (const std::string& name : names) EXPECT_EQ(content(name), R"(k={"n": 1};)") << name;
}

TEST_P(TransactionTest, BehavesAsAStore) {
  if (!begins()) return;
  Random random(test_seed());
  const auto model = *stores_.create();
  for (int round = 0; round < 20; ++round) {
    const auto txn = begin();
    for (int i = 0; i < 60; ++i) {
      const std::string key = "k" + std::to_string(random.below(12));
      const std::string collection = "c" + std::to_string(random.below(3));
      const std::string member = std::to_string(random.below(6));
      WriteBatch batch;
      switch (random.below(6)) {
        case 0: batch.put(collection, key, value(random.below(100))); break;
        case 1: batch.delete_(collection, key); break;
        case 2: batch.put_list(collection, key, "{\"x\": [", "]}"); break;
        case 3: batch.add_member(collection, key, member); break;
        case 4: batch.remove_member(collection, key, member); break;
        default: {
          const std::vector<double> vector = {static_cast<double>(random.below(9)), 0.5};
          batch.put_vector(collection, key, vector);
        }
      }
      const Status in_txn = txn->write(batch);
      EXPECT_EQ(in_txn.to_string(), model->write(batch).to_string());
      for (int c = 0; c < 3; ++c) {
        const std::string name = "c" + std::to_string(c);
        ASSERT_EQ(content(*txn, name), content(*model, name)) << "round " << round << ", operation " << i;
        ASSERT_EQ(*txn->count(name), *model->count(name));
      }
    }
    ASSERT_TRUE(txn->commit().is_ok());
    for (const char* const name : {"c0", "c1", "c2"}) EXPECT_EQ(content(*kv_, name), content(*model, name));
  }
}

}  // namespace
}  // namespace quipu::testing
