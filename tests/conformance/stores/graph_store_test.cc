// Graph stores beyond what the recorded traces show: order, cycles, threads.

#include "quipu/graph_store.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/backends.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

class GraphStoreTest : public BackendFixture {
 protected:
  void SetUp() override {
    BackendFixture::SetUp();
    if (keeps(std::string(GRAPH_STORE_PERSIST_FNAME))) return;
    EXPECT_EQ(KVGraphStore(kv_).upsert_triplet("a", "r", "b").code(), StatusCode::kNotSupported);
    GTEST_SKIP() << "graphs are refused";
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, GraphStoreTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(GraphStoreTest, KeepsOrderAndForgetsEmptySubjects) {
  KVGraphStore graph(kv_);
  for (const char* const obj : {"c", "a", "b", "a"}) ASSERT_TRUE(graph.upsert_triplet("s", "r", obj).is_ok());
  ASSERT_TRUE(graph.upsert_triplet("\"", "r\n", "\xed\xa0\x80").is_ok());
  ASSERT_TRUE(graph.delete_("s", "r", "a").is_ok());
  ASSERT_TRUE(graph.delete_("s", "r", "never").is_ok());
  reopen();
  KVGraphStore again(kv_);
  EXPECT_EQ(again.to_dict()->text(),
            R"({"graph_dict": {"s": [["r", "c"], ["r", "b"]], "\"": [["r\n", "\ud800"]]}})");
  ASSERT_TRUE(again.delete_("s", "r", "c").is_ok());
  ASSERT_TRUE(again.delete_("s", "r", "b").is_ok());
  EXPECT_TRUE(again.get("s")->empty());
  EXPECT_EQ(again.to_dict()->text(), R"({"graph_dict": {"\"": [["r\n", "\ud800"]]}})");
}

TEST_P(GraphStoreTest, WalksCyclesAndLimits) {
  KVGraphStore graph(kv_);
  ASSERT_TRUE(graph.upsert_triplet("a", "r", "b").is_ok());
  ASSERT_TRUE(graph.upsert_triplet("b", "r", "a").is_ok());
  const std::vector<std::string> from = {"a"};
  EXPECT_EQ((*graph.get_rel_map(from, 5)).at(0).second.size(), 5u);
  EXPECT_EQ((*graph.get_rel_map(from, 1000000, 7)).at(0).second.size(), 7u);
  EXPECT_EQ((*graph.get_rel_map(from, 0)).at(0).second.size(), 0u);
  EXPECT_EQ(graph.get_rel_map(std::vector<std::string>{"unknown"})->at(0).second.size(), 0u);
}

// However a backend reads the edges.
TEST_P(GraphStoreTest, AnyWalkIsThatOfTheStoreInMemory) {
  KVGraphStore graph(kv_);
  SimpleGraphStore simple;
  Random random(test_seed());
  std::vector<std::string> names;
  for (int i = 0; i < 24; ++i) names.push_back("n" + std::to_string(i) + (i % 5 == 0 ? "'\"é" : ""));
  for (int i = 0; i < 90; ++i) {
    const std::string subj = random.pick(names);
    const std::string obj = random.pick(names);
    for (KVGraphStore* const each : {&graph, static_cast<KVGraphStore*>(&simple)}) {
      ASSERT_TRUE(each->upsert_triplet(subj, "r", obj).is_ok());
    }
  }
  names.emplace_back("of nobody");
  for (int i = 0; i < 60 && !HasFailure(); ++i) {
    std::vector<std::string> from;
    for (uint64_t some = random.below(8); some != 0; --some) from.push_back(random.pick(names));
    const int depth = static_cast<int>(random.below(5)) - 1;  // -1: without end
    const int limit = static_cast<int>(random.below(80)) - 1;
    const std::optional<std::span<const std::string>> subjs =
        random.one_in(4) ? std::nullopt : std::optional<std::span<const std::string>>(from);
    EXPECT_EQ(*graph.get_rel_map(subjs, depth, limit), *simple.get_rel_map(subjs, depth, limit))
        << depth << " " << limit;
  }
}

TEST_P(GraphStoreTest, ThreadsLoseNoTriplet) {
  KVGraphStore graph(kv_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(graph.upsert_triplet("s", "r", std::to_string(t * 100 + i)).is_ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(graph.get("s")->size(), 400u);
}

}  // namespace
}  // namespace quipu::testing
