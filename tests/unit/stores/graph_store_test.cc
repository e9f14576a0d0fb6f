// Graph stores as files.

#include "quipu/graph_store.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

const std::string kGolden = std::string(QUIPU_SOURCE_DIR) + "/tests/data/goldens/graphs/graph_store.json";

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

}  // namespace
}  // namespace quipu::testing
