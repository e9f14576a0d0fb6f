// Property graph stores as files.

#include "quipu/property_graph_store.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

std::string golden(const std::string& name) {
  return std::string(QUIPU_SOURCE_DIR) + "/tests/data/goldens/" + name + "/property_graph_store.json";
}

std::string ids_of(const std::vector<LabelledNode>& nodes) {
  std::string ids;
  for (const LabelledNode& node : nodes) ids += node.id() + " ";
  return ids;
}

TEST(SimplePropertyGraphStoreTest, AChunkWithoutAnIdIsReadWithItsKey) {
  const std::string file =
      R"({"nodes": {"-42": {"label": "text_chunk", "embedding": null, "properties": {"p": 1}, )"
      R"("text": "abc", "id_": null}, "e": {"label": "entity", "embedding": null, )"
      R"("properties": {}, "name": "e"}}, "relations": {"e_r_-42": {"label": "r", )"
      R"("source_id": "e", "target_id": "-42", "properties": {}}}, )"
      R"("triplets": [["e", "r", "-42"]]})";
  const auto loaded = SimplePropertyGraphStore::from_dict(Json::from_canonical(file));
  ASSERT_TRUE(loaded) << loaded.error().message();
  SimplePropertyGraphStore graph = *loaded;
  EXPECT_EQ(ids_of(*graph.get()), "-42 e ");
  const std::vector<std::string> id = {"-42"};
  EXPECT_EQ(ids_of(*graph.get({}, id)), "-42 ");
  EXPECT_EQ(graph.get({}, id)->front().to_json().view().find("id_")->string(), "-42");
  EXPECT_EQ(graph.get_triplets({.ids = id})->at(0).target.id(), "-42");
  EXPECT_EQ(graph.to_dict()->text(), file);  // which keeps it as it was
  ASSERT_TRUE(graph.delete_({.properties = Json::from_canonical("{\"p\": 1}")}).is_ok());
  EXPECT_EQ(ids_of(*graph.get()), "e ");
}

TEST(SimplePropertyGraphStoreTest, PersistsByteForByte) {
  for (const char* const name : {"graphs", "unicode", "numbers"}) {
    const std::string expected = read_file(golden(name));
    if (expected.empty()) continue;
    const auto graph = SimplePropertyGraphStore::from_persist_path(golden(name));
    ASSERT_TRUE(graph) << graph.error().to_string();
    TempDir directory;
    ASSERT_TRUE(graph->persist(directory / "pg.json").is_ok());
    EXPECT_EQ(read_file(directory / "pg.json"), expected) << name;
  }
}

TEST(SimplePropertyGraphStoreTest, WritesFloatsAsPydanticDoes) {
  SimplePropertyGraphStore graph;
  ASSERT_TRUE(
      graph
          .upsert_nodes(std::vector{LabelledNode::entity(
              "n", {.properties = *Json::parse("{\"f\": [1e-5, 1.5e-05, -1e-05, 9.99e-6, 1e-7, 0.0001, 1e15, "
                                               "1e16, 1.5e300, NaN, -Infinity, -0.0, 1.0], \"\\u007f\": "
                                               "\"\\u001f\\u00e9\"}")})})
          .is_ok());
  TempDir directory;
  ASSERT_TRUE(graph.persist(directory / "pg.json").is_ok());
  EXPECT_NE(
      read_file(directory / "pg.json")
          .find(
              "{\"f\":[0.00001,0.000015,-0.00001,9.99e-6,1e-7,0.0001,1000000000000000.0,1e+16,1.5e+300,null,"
              "null,-0.0,1.0],\"\x7f\":\"\\u001f\u00e9\"}"),
      std::string::npos)
      << read_file(directory / "pg.json");
}

TEST(SimplePropertyGraphStoreTest, NamesWhatIsMalformedOrDangles) {
  const auto error_of = [](const std::string& text) {
    const auto graph = SimplePropertyGraphStore::from_dict(Json::from_canonical(text));
    return graph ? std::string("read") : graph.error().message();
  };
  const std::string node = R"({"label": "l", "embedding": null, "properties": {}, "name": "a"})";
  EXPECT_NE(error_of(R"({"nodes": {"a": )" + node + R"(}, "relations": {}, "triplets": [["a", "r", "b"]]})")
                .find(R"(["a", "r", "b"] names a node)"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"nodes": {"a": )" + node + R"(}, "relations": {}, "triplets": [["a", "r", "a"]]})")
                .find("has no relation"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"nodes": {"x": {"label": "l"}}, "relations": {}, "triplets": []})").find("\"x\""),
            std::string::npos);
  EXPECT_NE(error_of(R"({"nodes": [], "relations": {}, "triplets": []})"), "read");
  EXPECT_NE(error_of(R"({"nodes": {}, "relations": {}, "triplets": [["a", "b"]]})"), "read");
  const auto nan = SimplePropertyGraphStore::from_persist_path(golden("pg_nan_embedding"));
  ASSERT_FALSE(nan);
  EXPECT_NE(nan.error().message().find("embedding"), std::string::npos);
}

}  // namespace
}  // namespace quipu::testing
