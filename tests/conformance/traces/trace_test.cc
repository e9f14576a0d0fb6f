// What the reference's stores answered (tests/data/traces), on every backend.

#include "tests/replay/trace.h"

#include <gtest/gtest.h>

namespace quipu::testing {
namespace {

class TraceTest : public ::testing::TestWithParam<BackendFactory> {
 protected:
  // Where such stores are refused, so are their traces.
  static bool keeps(const std::string& persist_file) {
    BackendStores stores(GetParam());
    const auto store = stores.create();
    return store && (*store)->declare_collection("c", {persist_file, ""}).code() != StatusCode::kNotSupported;
  }
  static void replay(const std::string& trace) {
    const std::string path = std::string(QUIPU_SOURCE_DIR) + "/tests/data/traces/" + trace + ".jsonl";
    const auto lines =
        replay_trace(path, GetParam(), [&](int line, std::string_view op, const std::string& why) {
          ADD_FAILURE() << path << ":" << line << ": " << op << ": " << why;
        });
    ASSERT_TRUE(lines) << lines.error().to_string();
    EXPECT_GT(*lines, 100);
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, TraceTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(TraceTest, KVStore) { replay("kvstore"); }
TEST_P(TraceTest, DocumentStore) { replay("docstore"); }
TEST_P(TraceTest, IndexStore) { replay("index_store"); }
TEST_P(TraceTest, GraphStore) {
  if (!keeps("graph_store.json")) GTEST_SKIP() << "graphs are refused";
  replay("graph_store");
}
TEST_P(TraceTest, PropertyGraphStore) {
  if (!keeps("property_graph_store.json")) GTEST_SKIP() << "graphs are refused";
  replay("property_graph_store");
}
TEST_P(TraceTest, VectorStore) {
  if (!keeps("default__vector_store.json")) GTEST_SKIP() << "vectors are refused";
  replay("vector_store");
}

}  // namespace
}  // namespace quipu::testing
