// Graphs in PostgreSQL: their tables, and how many statements a call takes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quipu/document_store.h"
#include "quipu/graph_store.h"
#include "quipu/kv_transaction.h"
#include "quipu/open_store.h"
#include "quipu/property_graph_store.h"
#include "tests/postgres/schema_test.h"

namespace quipu::testing {
namespace {

using ::testing::HasSubstr;

class GraphTableTest : public SchemaTest {
 protected:
  // How many statements over each of the graph's tables a call takes, as the server counts them.
  std::string statements(const std::function<void()>& call) {
    const auto count = [&](const std::string& name) {
      return std::stol(
          run("SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements WHERE strpos(query, "
              "'" +
              table(name) + "') > 0 AND strpos(query, 'pg_stat_statements') = 0"));
    };
    const std::vector<std::string> names = {"subjects", "nodes", "relations", "triplets"};
    std::vector<long> before;
    for (const std::string& name : names) before.push_back(count("quipu_graph_" + name));
    call();
    std::string all;
    for (size_t i = 0; i < names.size(); ++i) {
      const long taken = count("quipu_graph_" + names[i]) - before[i];
      if (taken != 0) all += names[i] + " " + std::to_string(taken) + " ";
    }
    return all;
  }
  bool counts_statements() {
    const bool counts = run("SELECT count(*) FROM pg_settings WHERE name = 'pg_stat_statements.max'") == "1 ";
    if (counts) run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
    return counts;
  }

  const std::shared_ptr<BaseKVStore> kvstore_ = *open_store(test_address(schema_));
};

std::vector<LabelledNode> entities(const std::string& prefix, int count) {
  std::vector<LabelledNode> nodes;
  for (int i = 0; i < count; ++i) nodes.push_back(LabelledNode::entity(prefix + std::to_string(i)));
  return nodes;
}

// From each of a0, a1, ... to b0, b1, ... to c0, c1, ...
std::vector<Relation> chains(int count) {
  std::vector<Relation> relations;
  for (int i = 0; i < count; ++i) {
    const std::string n = std::to_string(i);
    relations.emplace_back("R", "a" + n, "b" + n);
    relations.emplace_back("R", "b" + n, "c" + n);
  }
  return relations;
}

TEST_F(GraphTableTest, GraphsAreInTablesOfTheirOwn) {
  const std::vector<std::string> names = {"a",  "x'y",     "q\"; DROP TABLE \"data_kvstore\"; --", "\\", "é",
                                          "$1", "[\"a\", "};
  KVGraphStore graph(kvstore_);
  KVPropertyGraphStore property_graph(kvstore_);
  std::string expected;
  for (const std::string& name : names) {
    ASSERT_TRUE(graph.upsert_triplet(name, name, name).is_ok());
    ASSERT_TRUE(property_graph.upsert_nodes(std::vector{LabelledNode::entity(name)}).is_ok());
    const Status written = property_graph.upsert_relations(std::vector{Relation(name, name, "a")});
    ASSERT_TRUE(written.is_ok()) << written.to_string();
    expected += entity_id(name) + "|" + name + "|a ";
  }
  EXPECT_EQ(run("SELECT source || '|' || label || '|' || target FROM " + table("quipu_graph_triplets") +
                " ORDER BY id"),
            expected);
  EXPECT_EQ(run("SELECT count(*) FROM " + table("quipu_graph_triplets") + " AS t JOIN " +
                table("quipu_graph_relations") +
                " AS r ON r.key = coalesce(t.value ->> 'relation_key', t.source || '_' || t.label || '_' || "
                "t.target) JOIN " +
                table("quipu_graph_nodes") + " AS n ON n.key = t.source"),
            "7 ");
  EXPECT_EQ(run("SELECT string_agg(key, ' ' ORDER BY id) FROM " + table("quipu_graph_subjects")),
            names[0] + " " + names[1] + " " + names[2] + " " + names[3] + " " + names[4] + " " + names[5] +
                " " + names[6] + " ");
  EXPECT_EQ(run("SELECT DISTINCT namespace FROM " + table("data_kvstore")), "property_graph_store/state ");
  EXPECT_EQ(property_graph.get_triplets({.ids = {"a"}})->size(), names.size());
  EXPECT_EQ(property_graph.get_triplets({.ids = {names[1]}})->size(), 1u);
  EXPECT_EQ(property_graph.get_triplets({.entity_names = {"'; --", "a' OR true; --"}})->size(), 0u);
  EXPECT_EQ(graph.get_rel_map(names)->size(), names.size());
}

// Keys of triplets that are none are kept as any others.
TEST_F(GraphTableTest, WhatIsNoTripletHasNoEnds) {
  const Json val = Json::from_canonical(R"({"target": "a"})");
  for (const char* const key : {"k", R"(["a"])", R"(["a", "b", 1])", R"(["\u0000", "b", "a"])",
                                R"(["\ud800", "b", "a"])", R"(["\x", "b", "a"])", R"(["a", "b", "c"]x)"}) {
    const Status put = kvstore_->put(key, val, "property_graph_store/triplets");
    ASSERT_TRUE(put.is_ok()) << put.to_string();
  }
  ASSERT_TRUE(
      kvstore_->put(R"(["\u0001\ud83d\ude00", "\\\"", "a"])", val, "property_graph_store/triplets").is_ok());
  EXPECT_EQ(*kvstore_->count("property_graph_store/triplets"), 8u);
  EXPECT_EQ(run("SELECT source || label || target FROM " + table("quipu_graph_triplets") +
                " WHERE target IS NOT NULL"),
            "\x01\xf0\x9f\x98\x80\\\"a ");
}

TEST_F(GraphTableTest, AHopIsOneStatementWhateverTheNumberOfItsNodes) {
  if (!counts_statements()) GTEST_SKIP() << "the server does not count statements";
  constexpr int kMany = 300;
  KVPropertyGraphStore graph(kvstore_);
  const std::vector<Relation> relations = chains(kMany);
  ASSERT_TRUE(graph.upsert_relations(chains(1)).is_ok());
  // A look at what is there, a COPY of what is not, and, of relations, a statement for the one that is.
  EXPECT_EQ(statements([&] { ASSERT_TRUE(graph.upsert_relations(relations).is_ok()); }),
            "nodes 3 relations 3 triplets 2 ");
  for (const int count : {1, kMany}) {
    const std::vector<LabelledNode> from = entities("a", count);
    std::vector<std::string> ids;
    for (const LabelledNode& node : from) ids.push_back(node.id());
    size_t found = 0;
    const auto rel_map = [&](int depth, int limit) {
      return [&, depth, limit] { found = graph.get_rel_map(from, depth, limit)->size(); };
    };
    const auto all = static_cast<size_t>(count);
    EXPECT_EQ(statements(rel_map(1, 4 * kMany)), "nodes 1 relations 1 triplets 1 ");
    EXPECT_EQ(found, all);
    EXPECT_EQ(statements(rel_map(2, 4 * kMany)), "nodes 1 relations 1 triplets 2 ");
    EXPECT_EQ(found, 3 * all) << "the first step's come again";
    EXPECT_EQ(statements([&] { found = graph.get_triplets({.ids = ids})->size(); }),
              "nodes 1 relations 1 triplets 1 ");
    EXPECT_EQ(found, all);
  }
  EXPECT_EQ(statements([&] {
              ASSERT_TRUE(graph.delete_({.ids = {"b0", "b1", "b2", "b3"}}).is_ok());
            }),
            "nodes 2 relations 1 triplets 3 ");
  EXPECT_EQ(graph.get()->size(), 3u * kMany - 4);
}

TEST_F(GraphTableTest, AHopOfAGraphStoreIsOneStatementToo) {
  if (!counts_statements()) GTEST_SKIP() << "the server does not count statements";
  KVGraphStore graph(kvstore_);
  std::vector<std::string> from;
  for (int i = 0; i < 50; ++i) {
    const std::string n = std::to_string(i);
    from.push_back("a" + n);
    ASSERT_TRUE(graph.upsert_triplet("a" + n, "r", "b" + n).is_ok());
    ASSERT_TRUE(graph.upsert_triplet("b" + n, "r", "c").is_ok());
  }
  for (const int depth : {1, 2, 3}) {
    EXPECT_EQ(statements([&] { EXPECT_EQ(graph.get_rel_map(from, depth, 1000)->size(), 50u); }),
              "subjects " + std::to_string(depth) + " ");
  }
}

TEST_F(GraphTableTest, ATransactionIsOverGraphsAndAllElse) {
  KVPropertyGraphStore graph(kvstore_);
  ASSERT_TRUE(graph.upsert_relations(chains(3)).is_ok());
  const auto commit = [&](const Relation& meanwhile) {
    const std::shared_ptr<KVTransaction> txn = *kvstore_->begin();
    KVPropertyGraphStore inner(txn);
    EXPECT_EQ(inner.get_rel_map(entities("a", 1), 1)->size(), 1u);
    EXPECT_TRUE(inner.upsert_relations(std::vector{Relation("S", "a0", "a1")}).is_ok());
    EXPECT_EQ(inner.get_rel_map(entities("a", 1), 1)->size(), 2u);
    EXPECT_TRUE(txn->put("k", Json::from_canonical("{}"), "docstore/data").is_ok());
    EXPECT_TRUE(graph.upsert_relations(std::vector{meanwhile}).is_ok());
    return txn->commit().code();
  };
  EXPECT_EQ(commit(Relation("R", "new", "a0")), StatusCode::kBusy)
      << "a node's relations are what has been read";
  EXPECT_EQ(graph.get_triplets({.relation_names = {"S"}})->size(), 0u);
  EXPECT_FALSE(*kvstore_->exists("k", "docstore/data"));
  ASSERT_TRUE(graph.delete_({.ids = {"new"}}).is_ok());
  EXPECT_EQ(commit(Relation("R", "elsewhere", "a2")), StatusCode::kOk);
  EXPECT_EQ(graph.get_triplets({.relation_names = {"S"}})->size(), 1u);
  EXPECT_TRUE(*kvstore_->exists("k", "docstore/data"));
}

TEST_F(GraphTableTest, AGraphThatIsElsewhereIsNotPassedOver) {
  ASSERT_TRUE(KVPropertyGraphStore(kvstore_).upsert_nodes(entities("a", 1)).is_ok());
  ASSERT_TRUE(open_store(test_address(schema_)));
  run("DROP TABLE " + table("quipu_graph_nodes"));
  run("INSERT INTO " + table("data_kvstore") +
      " (key, namespace, value) VALUES ('a0', 'property_graph_store/nodes', '{}')");
  const auto store = open_store(test_address(schema_));
  ASSERT_EQ(store.status().code(), StatusCode::kNotSupported);
  EXPECT_THAT(store.status().message(), HasSubstr("\"property_graph_store/nodes\""));
  run("DELETE FROM " + table("quipu_collections") + " WHERE name = 'property_graph_store/nodes'");
  EXPECT_TRUE(open_store(test_address(schema_)));
}

}  // namespace
}  // namespace quipu::testing
