// What fails meanwhile: connections, locks, answers, masters.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "backends/redis/client/slot.h"
#include "quipu/backend/key_locks.h"
#include "quipu/document_store.h"
#include "quipu/open_store.h"
#include "quipu/write_batch.h"
#include "tests/redis/redis_servers.h"

namespace quipu::testing {
namespace {

Json number(int n) { return Json::from_canonical("{\"n\": " + std::to_string(n) + "}"); }

std::shared_ptr<BaseKVStore> open(const std::string& address) {
  auto store = open_store(address);
  EXPECT_TRUE(store) << store.error().to_string();
  return *store;
}

LockSet set_of(std::string_view key) {
  LockSet set;
  set.add("c", key);
  return set;
}

class RedisFailureTest : public ::testing::Test {
 protected:
  const std::string address_ = "redis://" + redis_server().host_and_port() + "/?namespace=" +
                               ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

// Two objects are as two processes: neither knows of the other's locks but from the server.
TEST_F(RedisFailureTest, LocksHoldBetweenProcesses) {
  constexpr int kRounds = 100;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto store = open(address_);
      LockSet all;
      all.add_all();
      for (int i = 0; i < kRounds; ++i) {
        const auto locks = store->lock(t == 0 ? all : set_of("k"));
        ASSERT_TRUE(locks) << locks.error().to_string();
        const auto old = *store->get("k", "c");
        WriteBatch batch;
        batch.put("c", "k", number(old ? static_cast<int>(*old->view().find("n")->int64()) + 1 : 1));
        const Status written = store->write(batch, {.held = &*locks});
        ASSERT_TRUE(written.is_ok()) << written.to_string();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ((*open(address_)->get("k", "c"))->text(), number(4 * kRounds).text());
}

TEST_F(RedisFailureTest, AWriteUnderLostLocksIsRefused) {
  const auto store = open(address_);
  const auto other = open(address_);
  ASSERT_TRUE(store->put("k", number(1), "c").is_ok());
  WriteBatch batch;
  batch.put("c", "k", number(2));
  {
    const auto locks = store->lock(set_of("k"));
    ASSERT_TRUE(locks);
    redis_server().ask({"DEL", "AWriteUnderLostLocksIsRefused#quipu:locks"});
    const Status lost = store->write(batch, {.held = &*locks});
    EXPECT_EQ(lost.code(), StatusCode::kBusy) << lost.to_string();
    const auto others = other->lock(set_of("k"));
    ASSERT_TRUE(others);
    EXPECT_EQ(store->write(batch, {.held = &*locks}).code(), StatusCode::kBusy);
    EXPECT_EQ((*other->get("k", "c"))->text(), number(1).text());
    EXPECT_TRUE(other->write(batch, {.held = &*others}).is_ok());
  }
  EXPECT_EQ((*store->get("k", "c"))->text(), number(2).text());
  EXPECT_EQ(redis_server().ask({"EXISTS", "AWriteUnderLostLocksIsRefused#quipu:locks"}), "0");
}

TEST_F(RedisFailureTest, AWriteWaitsForOthersLocks) {
  const auto store = open(address_);
  const auto other = open(address_);
  auto locks = store->lock(set_of("k"));
  ASSERT_TRUE(locks);
  std::atomic<bool> released = false;
  std::thread writer([&] {
    EXPECT_TRUE(other->put("k", number(2), "c").is_ok());
    EXPECT_TRUE(released);
  });
  WriteBatch batch;
  batch.put("c", "k", number(1));
  EXPECT_TRUE(store->write(batch, {.held = &*locks}).is_ok());
  released = true;
  locks->release();
  writer.join();
  EXPECT_EQ((*store->get("k", "c"))->text(), number(2).text());
}

TEST_F(RedisFailureTest, ClosedConnectionsAreMadeAgain) {
  const auto store = open(address_);
  ASSERT_TRUE(store->put("k", number(1), "c").is_ok());
  redis_server().ask({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"});
  EXPECT_TRUE(store->put("k", number(2), "c").is_ok());
  redis_server().ask({"SCRIPT", "FLUSH"});  // as a server that was started again
  EXPECT_TRUE(store->put("k", number(3), "c").is_ok());
  EXPECT_EQ((*store->get("k", "c"))->text(), number(3).text());
}

// The server takes so long that the call is sent again; it carries out both.
TEST_F(RedisFailureTest, ACallThatIsSentTwiceIsDoneOnce) {
  const auto store = open(address_ + "&timeout=1");
  ASSERT_TRUE(store->put("k", number(1), "c").is_ok());
  const std::vector<std::string_view> c = {"c"};
  const uint64_t version = **store->change_version(c);
  std::atomic<bool> asleep = false;
  std::thread sleeper([&] {
    asleep = true;
    redis_server().ask({"DEBUG", "SLEEP", "1.4"});
  });
  while (!asleep || redis_server().is_awake()) continue;
  const auto removed = store->delete_("k", "c");
  sleeper.join();
  ASSERT_TRUE(removed) << removed.error().to_string();
  EXPECT_TRUE(*removed);
  EXPECT_EQ(**store->change_version(c), version + 1);
}

TEST_F(RedisFailureTest, PasswordsAreNeverShown) {
  const RedisServer locked({"--requirepass", "secret"});
  for (const std::string user : {":wrong-one@", "", "somebody:wrong-one@"}) {
    const auto refused = open_store("redis://" + user + locked.host_and_port());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message().find("wrong-one"), std::string::npos) << refused.error().message();
    EXPECT_NE(refused.error().message().find(locked.host_and_port()), std::string::npos);
  }
  EXPECT_TRUE(open("redis://:secret@" + locked.host_and_port())->put("k", number(1), "c").is_ok());
  EXPECT_TRUE(open("redis://default:secret@" + locked.host_and_port())->put("k", number(1), "c").is_ok());
}

TEST(RedisClusterTest, ABatchOverSlotsIsRefusedByName) {
  const auto store = open("redis://" + redis_cluster().hosts());
  KVDocumentStore documents(store);
  const NodePtr node = *TextNodeBuilder().id("n").text("t").build();
  const Status refused = documents.add_documents(std::span(&node, 1));
  EXPECT_EQ(refused.code(), StatusCode::kNotSupported);
  for (const char* const name : {"docstore/data", "docstore/metadata", "?namespace={docs}"}) {
    EXPECT_NE(refused.message().find(name), std::string::npos) << refused.message();
  }
  EXPECT_EQ(*store->count("docstore/data") + *store->count("docstore/metadata"), 0u);
  ASSERT_TRUE(store->put("k", number(1), "one").is_ok());
  ASSERT_TRUE(store->put("k", number(1), "another").is_ok());
  ASSERT_TRUE(store->lock(set_of("k")));
  std::set<std::string> names;
  const auto infos = store->collections();
  for (const CollectionInfo& info : *infos) names.insert(info.name);
  EXPECT_TRUE(names.contains("one") && names.contains("another"));
  EXPECT_TRUE(*store->drop_collection("one"));
  EXPECT_EQ(open_store("redis://" + redis_cluster().hosts() + "/1").error().code(),
            StatusCode::kInvalidArgument);
}

// A slot goes from one master to another while it is used: MOVED, ASK and TRYAGAIN.
TEST(RedisClusterTest, ASlotThatMovesIsFollowed) {
  RedisCluster& cluster = redis_cluster();
  const std::string tag = "{moving}";
  const auto store = open("redis://" + cluster.hosts() + "/?namespace=" + tag);
  for (int i = 0; i < 20; ++i) {
    WriteBatch batch;
    batch.put("a", "k" + std::to_string(i), number(i));
    batch.put("b", "k" + std::to_string(i), number(i));
    ASSERT_TRUE(store->write(batch).is_ok());
  }
  const std::string slot = std::to_string(redis::slot_of(tag));
  RedisServer& from = cluster.master_of(tag);
  RedisServer* to = nullptr;
  for (const auto& server : cluster.servers()) {
    if (server.get() != &from && server->ask({"ROLE"}).starts_with("master")) to = server.get();
  }
  ASSERT_NE(to, nullptr);
  ASSERT_EQ(to->ask({"CLUSTER", "SETSLOT", slot, "IMPORTING", from.ask({"CLUSTER", "MYID"})}), "OK");
  ASSERT_EQ(from.ask({"CLUSTER", "SETSLOT", slot, "MIGRATING", to->ask({"CLUSTER", "MYID"})}), "OK");
  // What is gone already, or was never there, is asked for at the other end.
  ASSERT_EQ(from.ask({"MIGRATE", "127.0.0.1", std::to_string(to->port()), tag + ":a", "0", "5000"}), "OK");
  EXPECT_EQ((*store->get("k3", "a"))->text(), number(3).text());
  EXPECT_EQ((*store->get("k3", "b"))->text(), number(3).text());
  std::atomic<bool> moved = false;
  std::thread writer([&] {  // its keys are at both ends: it waits until they are together
    const Status written = store->put("new", number(1), "a");
    EXPECT_TRUE(written.is_ok()) << written.to_string();
    EXPECT_TRUE(moved);
  });
  for (bool empty = false; !empty;) {
    std::vector<std::string> migrate = {"MIGRATE", "127.0.0.1", std::to_string(to->port()), "", "0",
                                        "5000",    "KEYS"};
    std::istringstream keys(from.ask({"CLUSTER", "GETKEYSINSLOT", slot, "100"}));
    std::string key;
    while (keys >> key) migrate.push_back(key);
    empty = migrate.size() == 7;
    moved = true;  // from here on they may be
    if (!empty) {
      ASSERT_EQ(from.ask(migrate), "OK");
    }
  }
  for (RedisServer* const server : {to, &from}) {
    ASSERT_EQ(server->ask({"CLUSTER", "SETSLOT", slot, "NODE", to->ask({"CLUSTER", "MYID"})}), "OK");
  }
  writer.join();
  EXPECT_EQ(*store->count("a"), 21u);
  EXPECT_EQ(*store->count("b"), 20u);
}

// Writes of two collections go on by themselves when their master is killed.
TEST(RedisClusterTest, AKilledMasterIsReplaced) {
  RedisCluster& cluster = redis_cluster();
  const std::string address = "redis://" + cluster.hosts() + "/?namespace={failover}&timeout=1";
  const auto store = open(address);
  std::vector<std::string> acknowledged;
  const auto write = [&](int i) {
    const std::string key = "k" + std::to_string(i);
    WriteBatch batch;
    batch.put("a", key, number(i));
    batch.put("b", key, number(i));
    const Status written = store->write(batch);
    ASSERT_TRUE(written.is_ok()) << written.to_string();
    acknowledged.push_back(key);
  };
  for (int i = 0; i < 200; ++i) write(i);
  RedisServer& master = cluster.master_of("{failover}");
  const auto impatient = open(address + "&retry=1");
  master.kill();
  const auto failed = impatient->get("k1", "a");
  ASSERT_FALSE(failed) << "within a second nobody has taken its place";
  EXPECT_EQ(failed.error().code(), StatusCode::kIoError);
  EXPECT_NE(failed.error().message().find("(tried for 1 s)"), std::string::npos) << failed.error().message();
  const auto before = std::chrono::steady_clock::now();
  for (int i = 200; i < 400; ++i) write(i);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  EXPECT_NE(&cluster.master_of("{failover}"), &master);
  size_t lost = 0;
  for (const std::string& key : acknowledged) {
    const bool a = *store->exists(key, "a");
    EXPECT_EQ(a, *store->exists(key, "b")) << key << " is half done";
    lost += !a;
  }
  std::cout << acknowledged.size() << " acknowledged, " << lost << " lost; went on after " << took.count()
            << " s\n";
  EXPECT_LE(lost, 20u) << "only what was not copied yet may be lost";
  EXPECT_TRUE(impatient->get("k300", "a"));
  master.start();
}

}  // namespace
}  // namespace quipu::testing
