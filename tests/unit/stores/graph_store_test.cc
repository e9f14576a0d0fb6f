// Graph stores beyond what the recorded traces show: files, errors, sizes.

#include "quipu/graph_store.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/backends.h"

namespace quipu::testing {
namespace {

const std::string kGolden = std::string(QUIPU_SOURCE_DIR) + "/tests/data/goldens/graphs/graph_store.json";

class GraphStoreTest : public BackendFixture {};
INSTANTIATE_TEST_SUITE_P(Backends, GraphStoreTest,
                         ::testing::Values(Backend::kMemory, Backend::kRocksDB, Backend::kMinimal),
                         backend_name);

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

TEST(SimpleGraphStoreTest, PersistsByteForByte) {
  const auto graph = SimpleGraphStore::from_persist_path(kGolden);
  ASSERT_TRUE(graph) << graph.error().to_string();
  TempDir directory;
  ASSERT_TRUE(graph->persist(directory / "sub/graph_store.json").is_ok());
  EXPECT_EQ(read_file(directory / "sub/graph_store.json"), read_file(kGolden));
}

TEST(SimpleGraphStoreTest, AMissingFileIsAnEmptyStore) {
  TempDir directory;
  EXPECT_EQ(SimpleGraphStore::from_persist_dir(directory.path())->to_dict()->text(), "{\"graph_dict\": {}}");
}

TEST(SimpleGraphStoreTest, ARepeatedTripletStaysUntilItIsDeleted) {
  auto graph = SimpleGraphStore::from_dict(
      Json::from_canonical(R"({"graph_dict": {"s": [["r", "o"], ["r", "o"]], "empty": []}})"));
  ASSERT_TRUE(graph);
  ASSERT_TRUE(graph->delete_("s", "r", "o").is_ok());
  EXPECT_EQ(graph->to_dict()->text(), R"({"graph_dict": {"s": [["r", "o"]], "empty": []}})");
}

TEST(SimpleGraphStoreTest, NamesWhatIsMalformed) {
  TempDir directory;
  write_file(directory / "graph_store.json", R"({"graph_dict": {"fine": [], "Ann": [["knows"]]}})");
  const auto graph = SimpleGraphStore::from_persist_dir(directory.path());
  ASSERT_FALSE(graph);
  EXPECT_NE(graph.error().message().find("graph_store.json"), std::string::npos);
  EXPECT_NE(graph.error().message().find("\"Ann\""), std::string::npos);
  for (const char* const text : {"[]", R"({"graph_dict": []})", R"({"graph_dict": {"a": {}}})"}) {
    EXPECT_FALSE(SimpleGraphStore::from_dict(Json::from_canonical(text))) << text;
  }
}

TEST_P(GraphStoreTest, ThreadsLoseNoTriplet) {
  if (GetParam() == Backend::kMinimal) GTEST_SKIP() << "is not made for threads";
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
