// Tables of vectors in PostgreSQL, in the layout of LlamaIndex's PGVectorStore. On a server without pgvector
// they are skipped; tests/postgres/postgres_server.py --vectors starts one that has it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <thread>

#include "quipu/open_store.h"
#include "quipu/postgres_vector_store.h"
#include "quipu/storage_context.h"
#include "tests/postgres/schema_test.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Ids = std::vector<std::string>;
using Nodes = std::vector<std::shared_ptr<const BaseNode>>;

std::shared_ptr<const BaseNode> node(const std::string& id, std::vector<double> embedding,
                                     const std::string& metadata = "{}", const std::string& document = "doc",
                                     const std::string& text = "") {
  return *TextNodeBuilder()
              .id(id)
              .text(text.empty() ? "text of " + id : text)
              .metadata(Json::from_canonical(metadata))
              .embedding(embedding)
              .relationship(NodeRelationship::SOURCE, {.node_id = document})
              .build();
}

MetadataFilters filter(const std::string& key, FilterOperator op, const std::string& value) {
  return {{MetadataFilter{key, *Json::parse(value), op}}};
}

class VectorTableTest : public SchemaTest {
 protected:
  void SetUp() override {
    if (run("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").empty())
      GTEST_SKIP() << "the server has no pgvector";
    run("SELECT pg_advisory_lock(1)");
    run("CREATE EXTENSION IF NOT EXISTS vector");
    run("SELECT pg_advisory_unlock(1)");
    kvstore_ = *open_store(test_address(schema_));
  }

  PostgresVectorStore store(VectorTableOptions options = {}) const {
    return PostgresVectorStore(kvstore_, options);
  }
  using SchemaTest::table;
  std::string table() const { return table("data_llamaindex"); }
  static Ids ids(const PostgresVectorStore& store, const VectorStoreQuery& query,
                 const PostgresQueryOptions& more = {}) {
    const Result<VectorStoreQueryResult> found = store.query(query, more);
    EXPECT_TRUE(found) << found.status().to_string();
    return found ? found->ids : Ids{"failed"};
  }
  static Ids ids_of(const Result<Nodes>& nodes) {
    EXPECT_TRUE(nodes) << nodes.status().to_string();
    Ids ids;
    if (nodes)
      std::ranges::transform(*nodes, std::back_inserter(ids),
                             [](const auto& each) { return each->node_id(); });
    return ids;
  }
  static Ids matching(const PostgresVectorStore& store, const MetadataFilters& filters) {
    return ids_of(store.get_nodes(std::nullopt, &filters));
  }
  static void add(PostgresVectorStore& store, const Nodes& nodes) {
    const auto added = store.add(nodes);
    ASSERT_TRUE(added) << added.status().to_string();
  }

  std::shared_ptr<BaseKVStore> kvstore_;
};

TEST_F(VectorTableTest, TheTableIsThatOfPGVectorStore) {
  auto vectors =
      store({.table_name = "Essays", .indexed_metadata_keys = {{"tags", "text[]"}, {"page", "int"}}});
  EXPECT_THAT(ids(vectors, {.query_embedding = {1, 2}}), IsEmpty()) << "nothing is there, and none is made";
  EXPECT_EQ(run("SELECT count(*) FROM pg_namespace WHERE nspname = '" + schema_ + "'"), "0 ");
  add(vectors, {node("a", {1, 2}, R"({"page": 3, "tags": ["x"]})")});
  EXPECT_EQ(
      run("SELECT attname || ':' || format_type(atttypid, atttypmod) || ':' || attnotnull FROM pg_attribute "
          "WHERE attrelid = '" +
          table("data_essays") + "'::regclass AND attnum > 0 ORDER BY attnum"),
      "id:bigint:true text:character varying:true metadata_:json:false node_id:character varying:false "
      "embedding:vector(2):false ");
  EXPECT_EQ(run("SELECT replace(indexdef, ' ON \"" + schema_ +
                "\".data_essays', '') FROM pg_indexes WHERE schemaname "
                "= '" +
                schema_ + "' AND tablename = 'data_essays' ORDER BY indexname"),
            "CREATE INDEX \"data_essays:quipu_node_id\" USING btree (node_id) "
            "CREATE UNIQUE INDEX data_essays_pkey USING btree (id) "
            "CREATE INDEX essays_idx_1 USING btree (((metadata_ ->> 'ref_doc_id'::text))) "
            "CREATE INDEX essays_idx_page_int USING btree ((((metadata_ ->> 'page'::text))::integer)) "
            "CREATE INDEX essays_idx_tags_gin USING gin ((((metadata_ -> 'tags'::text))::jsonb)) ");
  const std::string row =
      run("SELECT node_id || '|' || text || '|' || metadata_ FROM " + table("data_essays"));
  EXPECT_THAT(row,
              StartsWith(R"(a|text of a|{"page": 3, "tags": ["x"], "_node_content": "{\"id_\": \"a\", )"));
  EXPECT_THAT(
      row,
      EndsWith(R"("_node_type": "TextNode", "document_id": "doc", "doc_id": "doc", "ref_doc_id": "doc"} )"));
}

TEST_F(VectorTableTest, NodesComeBackAsTheyWere) {
  auto vectors = store();
  const auto first = node("a", {0.5, 0.25}, R"({"n": 1, "\u00e9": [1.5, null]})", "d1", "t\xc3\xa9xt");
  add(vectors, {first, node("b", {0, 1}), node("c", {1, 0}, "{}", "d1")});
  const Nodes nodes = *vectors.get_nodes();
  EXPECT_EQ(ids_of(nodes), Ids({"a", "b", "c"}));
  EXPECT_EQ(nodes[0]->to_json().text(), first->to_json().text());
  EXPECT_THAT(*vectors.get("a"), ElementsAre(0.5, 0.25));
  EXPECT_EQ(vectors.get("x").status().message(), "KeyError: 'x'");
  const auto found = *vectors.query({.query_embedding = {1, 0}, .similarity_top_k = 2});
  EXPECT_THAT(found.ids, ElementsAre("c", "a"));
  EXPECT_NEAR(found.similarities[0], 1, 1e-9);
  EXPECT_NEAR(found.similarities[1], 2 / std::sqrt(5.0), 1e-6);
  EXPECT_FALSE(found.nodes[0]->embedding());
  EXPECT_EQ(found.nodes[1]->metadata().text(), first->metadata().text());

  const Ids wanted = {"c", "x", "a"};
  EXPECT_THAT(ids_of(vectors.get_nodes(wanted)), ElementsAre("a", "c"));
  EXPECT_THAT(ids_of(vectors.get_nodes(Ids())), IsEmpty());
  ASSERT_TRUE(vectors.delete_nodes().is_ok());
  ASSERT_TRUE(vectors.delete_nodes(Ids()).is_ok());
  EXPECT_EQ(*vectors.count(), 3u) << "neither ids nor filters";
  ASSERT_TRUE(vectors.delete_("d1").is_ok());
  EXPECT_THAT(ids_of(vectors.get_nodes()), ElementsAre("b"));
  ASSERT_TRUE(vectors.clear().is_ok());
  EXPECT_EQ(*vectors.count(), 0u);
}

TEST_F(VectorTableTest, AddingAgainReplacesInPlace) {
  auto vectors = store();
  add(vectors, {node("a", {1, 0}), node("b", {0, 1}), node("a", {1, 1})});
  EXPECT_THAT(*vectors.get("a"), ElementsAre(1, 1));
  run("INSERT INTO " + table() +
      " (text, metadata_, node_id, embedding) SELECT text, metadata_, node_id, embedding FROM " + table());
  EXPECT_EQ(*vectors.count(), 4u) << "as PGVectorStore adds again";
  add(vectors, {node("c", {2, 2}), node("a", {3, 3})});
  EXPECT_THAT(ids_of(vectors.get_nodes()), ElementsAre("a", "b", "b", "c"));
  EXPECT_THAT(*vectors.get("a"), ElementsAre(3, 3));
  EXPECT_EQ(run("SELECT last_value FROM " + table("data_llamaindex_id_seq")), "5 ")
      << "a rewrite uses up no number";
}

TEST_F(VectorTableTest, ManyRowsGoByCopy) {
  std::mt19937 random(20);
  std::normal_distribution<double> numbers;
  for (const bool use_jsonb : {false, true}) {
    auto vectors =
        store({.table_name = use_jsonb ? "b" : "a", .use_jsonb = use_jsonb, .use_halfvec = use_jsonb});
    Nodes nodes;
    for (int i = 0; i < 500; ++i) {
      nodes.push_back(node("n" + std::to_string(i), {numbers(random), numbers(random), numbers(random)},
                           R"({"n": )" + std::to_string(i) + R"(, "t": "\u00e9\t\\"})",
                           "d" + std::to_string(i % 7)));
    }
    add(vectors, nodes);
    std::ranges::reverse(nodes);
    nodes[0] = node("n499", {9, 9, 9});
    add(vectors, nodes);
    EXPECT_EQ(*vectors.count(), 500u);
    const Nodes stored = *vectors.get_nodes();
    ASSERT_EQ(stored.size(), 500u);
    EXPECT_EQ(stored[3]->node_id(), "n3");
    EXPECT_EQ(stored[499]->embedding(), std::vector<double>({9, 9, 9}));
    EXPECT_EQ(stored[3]->metadata().find("t")->string(), "\xc3\xa9\t\\");
    for (size_t i = 0; i < 3; ++i)
      EXPECT_NEAR((*stored[7]->embedding())[i], (*nodes[492]->embedding())[i], use_jsonb ? 2e-3 : 1e-6);
    EXPECT_EQ(stored[7]->ref_doc_id()->value(), "d0");
  }
}

TEST_F(VectorTableTest, WhatCannotBeHeldIsRefusedAndNothingChanges) {
  auto vectors = store();
  add(vectors, {node("a", {1, 2})});
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<std::shared_ptr<const BaseNode>, std::string>> bad = {
      {node("bad", {1, 2, 3}), "3 numbers"},
      {node("bad", {1, std::nan("")}), "NaN at 1"},
      {node("bad", {infinity, 1}), "inf at 0"},
      {node("bad", {1e300, 1}), "1e+300 at 0"},
      {node("b\0d", {1, 2}, "{}", "doc", std::string("a\0b", 3)), "has no NUL"}};
  for (const auto& [each, why] : bad) {
    for (const int others : {1, 100}) {
      Nodes nodes(1, node("a", {3, 4}));
      for (int i = 0; i < others; ++i) nodes.push_back(node("n" + std::to_string(i), {1, 1}));
      nodes.push_back(each);
      const Status refused = vectors.add(nodes).status();
      EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument) << refused.to_string();
      EXPECT_THAT(refused.message(), HasSubstr(why));
      EXPECT_THAT(refused.message(), HasSubstr("node \"b"));
    }
  }
  EXPECT_EQ(vectors.query({.query_embedding = {1}}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(vectors.query({.query_embedding = {1, std::nan("")}}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(store({.embed_dim = 3}).count().status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(*vectors.get("a"), ElementsAre(1, 2));
  EXPECT_EQ(*vectors.count(), 1u);
  auto half = store({.table_name = "half", .use_jsonb = true, .use_halfvec = true});
  EXPECT_THAT(half.add(Nodes{node("big", {1e5, 1})}).status().message(), HasSubstr("1e+05 at 0"));
  EXPECT_THAT(half.add(Nodes{node("nul", {1, 1}, R"({"a": "\u0000"})")}).status().message(),
              HasSubstr("jsonb"));
  EXPECT_THAT(half.add(Nodes{node("lone", {1, 1}, R"({"a": "\ud800x"})")}).status().message(),
              HasSubstr("jsonb"));
  add(half, {node("pair", {1, 1}, R"({"a": "\ud83d\ude00 \\u0000"})")});
}

TEST_F(VectorTableTest, FiltersAreThoseOfPGVectorStore) {
  using Op = FilterOperator;
  auto vectors = store();
  add(vectors, {node("1", {1, 0}, R"({"page": 1, "name": "Ann", "tags": ["x", "y"], "none": null})"),
                node("2", {1, 1}, R"({"page": 10, "name": "O'Brien", "tags": ["y"], "half": 0.5})"),
                node("3", {0, 1}, R"({"page": "007", "name": "100%", "tags": [], "half": 1e+22})"),
                node("4", {2, 1}, R"({"page": "soon", "name": "a_b\\", "flag": true, "tags": [7]})")});
  const auto check = [&](const std::string& key, Op op, const std::string& value, const Ids& expected) {
    EXPECT_EQ(matching(vectors, filter(key, op, value)), expected) << key << ' ' << value;
  };
  check("page", Op::EQ, "1", {"1"});
  check("page", Op::EQ, "1.0", {"1"});
  check("page", Op::EQ, "\"7\"", {"3"});
  check("page", Op::EQ, "\"soon\"", {"4"});
  check("page", Op::NE, "1", {"2", "3", "4"});
  check("page", Op::GT, "1", {"2", "3"});
  check("page", Op::GTE, "7", {"2", "3"});
  check("page", Op::LT, "7", {"1"});
  check("page", Op::LTE, "7", {"1", "3"});
  check("half", Op::EQ, "0.5", {"2"});
  check("half", Op::EQ, "1e+22", {"3"});
  check("half", Op::EQ, "\"1e400\"", {});
  check("half", Op::NE, "0.25", {"2", "3"});
  check("name", Op::EQ, "\"O'Brien\"", {"2"});
  check("name", Op::GT, "\"B\"", {"2", "4"});
  check("name", Op::NE, "\"Ann\"", {"2", "3", "4"});
  check("flag", Op::EQ, "\"true\"", {"4"});
  check("page", Op::IN, "[1, 10]", {"1", "2"});
  check("name", Op::IN, R"(["O'Brien", "100%"])", {"2", "3"});
  check("name", Op::IN, "[]", {});
  check("page", Op::NIN, R"(["soon"])", {"1", "2", "3"});
  check("half", Op::NIN, "[0.5]", {"3"});
  check("tags", Op::ANY, R"(["x", "z"])", {"1"});
  check("tags", Op::ALL, R"(["y", "x"])", {"1"});
  check("tags", Op::CONTAINS, "\"y\"", {"1", "2"});
  check("tags", Op::CONTAINS, "7", {});
  check("name", Op::TEXT_MATCH, "\"Bri\"", {"2"});
  check("name", Op::TEXT_MATCH, "\"bri\"", {});
  check("name", Op::TEXT_MATCH, "\"%\"", {"3"});
  check("name", Op::TEXT_MATCH, "\"_\"", {"4"});
  check("name", Op::TEXT_MATCH, R"("\\")", {"4"});
  check("name", Op::TEXT_MATCH_INSENSITIVE, "\"bri\"", {"2"});
  check("none", Op::IS_EMPTY, "null", {"1", "2", "3", "4"});
  check("flag", Op::IS_EMPTY, "null", {"1", "2", "3"});

  MetadataFilters both = filter("page", Op::GT, "1");
  both.filters.emplace_back(filter("tags", Op::CONTAINS, "\"y\""));
  EXPECT_THAT(matching(vectors, both), ElementsAre("2"));
  both.condition = FilterCondition::OR;
  EXPECT_THAT(matching(vectors, both), ElementsAre("1", "2", "3"));
  both.condition = FilterCondition::NOT;
  EXPECT_THAT(matching(vectors, both), ElementsAre("4"));
  both.condition = std::nullopt;
  EXPECT_THAT(ids(vectors, {.query_embedding = {1, 1}, .similarity_top_k = 4, .filters = both}),
              ElementsAre("2"));
  for (const auto& refused : {filter("page", Op::EQ, "[1]"), filter("page", Op::IN, "1"),
                              filter("page", Op::EQ, "null"), filter("a\\u0000", Op::EQ, "\"\\u0000\"")}) {
    EXPECT_EQ(vectors.get_nodes(std::nullopt, &refused).status().code(), StatusCode::kInvalidArgument);
  }
  const MetadataFilters gone = filter("page", Op::GT, "1");
  ASSERT_TRUE(vectors.delete_nodes(Ids{"1", "3"}, &gone).is_ok());
  EXPECT_THAT(ids_of(vectors.get_nodes()), ElementsAre("1", "2", "4"));
}

TEST_F(VectorTableTest, NamesKeysAndValuesAreDataAndNeverSql) {
  const std::string odd = "a' = 'zz' OR '1'='1' --\"; DROP TABLE x; $1 %s \\";
  auto vectors = store({.table_name = "x\"; DROP SCHEMA public; --'$1"});
  add(vectors,
      {node(odd, {1, 0}, "{" + Json::from_string(odd).text() + ": " + Json::from_string(odd).text() + "}",
            odd, odd),
       node("other", {0, 1})});
  for (const FilterOperator op : {FilterOperator::EQ, FilterOperator::TEXT_MATCH}) {
    EXPECT_EQ(matching(vectors, filter(odd, op, Json::from_string(odd).text())), Ids{odd});
    EXPECT_THAT(matching(vectors, filter(odd, op, "\"x' OR true --\"")), IsEmpty());
    EXPECT_THAT(matching(vectors, filter("x' IS NULL OR 'a", op, "\"a\"")), IsEmpty());
  }
  EXPECT_EQ(matching(vectors, filter(odd, FilterOperator::IN, "[" + Json::from_string(odd).text() + "]")),
            Ids{odd});
  EXPECT_EQ(ids_of(vectors.get_nodes(Ids{odd})), Ids{odd});
  EXPECT_EQ(ids(vectors, {.query_embedding = {1, 0}}, {.doc_ids = Ids{odd}}), Ids{odd});
  ASSERT_TRUE(vectors.use_hnsw().is_ok());
  ASSERT_TRUE(vectors.delete_(odd).is_ok());
  EXPECT_THAT(ids_of(vectors.get_nodes()), ElementsAre("other"));
  const Ids bad = {"", std::string("a\0b", 3), "\xff", std::string(45, 'x')};
  for (const std::string& name : bad) {
    EXPECT_EQ(store({.table_name = name}).count().status().code(), StatusCode::kInvalidArgument) << name;
  }
  EXPECT_FALSE(
      store({.table_name = "k", .indexed_metadata_keys = {{odd, "text"}}}).add(Nodes{node("a", {1})}));
  EXPECT_FALSE(
      store({.table_name = "k", .indexed_metadata_keys = {{"a", "text); --"}}}).add(Nodes{node("a", {1})}));
}

TEST_F(VectorTableTest, SimilaritiesAndSelections) {
  auto vectors = store();
  add(vectors, {node("a", {1, 0}, "{}", "d1"), node("b", {3, 3}, "{}", "d2"), node("c", {0, 2}, "{}", "d2")});
  VectorStoreQuery query{.query_embedding = {1, 0}, .similarity_top_k = 3};
  for (const bool with_index : {false, true}) {
    for (const auto& [mode, expected, values] :
         {std::tuple(SimilarityMode::DEFAULT, Ids{"a", "b", "c"}, std::vector{1.0, std::sqrt(0.5), 0.0}),
          std::tuple(SimilarityMode::DOT_PRODUCT, Ids{"b", "a", "c"}, std::vector{3.0, 1.0, 0.0}),
          std::tuple(SimilarityMode::EUCLIDEAN, Ids{"a", "c", "b"},
                     std::vector{0.0, -std::sqrt(5.0), -std::sqrt(13.0)})}) {
      query.similarity = mode;
      if (with_index) {
        EXPECT_TRUE(vectors.use_hnsw({.M = 8, .ef_construction = 32}, mode).is_ok());
      }
      const auto found = vectors.query(query);
      ASSERT_TRUE(found) << found.status().to_string();
      EXPECT_EQ(found->ids, expected);
      for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(found->similarities[i], values[i], 1e-6);
    }
  }
  EXPECT_EQ(run("SELECT indexdef LIKE '%vector_l2_ops) WITH (m=''8'', ef_construction=''32'')' FROM "
                "pg_indexes WHERE "
                "indexname = 'data_llamaindex_embedding_idx' AND schemaname = '" +
                schema_ + "'"),
            "t ");
  EXPECT_EQ((*vectors.hnsw())->M, 8u);
  ASSERT_TRUE(vectors.drop_hnsw().is_ok());
  EXPECT_FALSE(vectors.hnsw()->has_value());
  query.similarity = SimilarityMode::DEFAULT;
  query.node_ids = Ids{"c", "b"};
  EXPECT_THAT(ids(vectors, query), ElementsAre("b", "c"));
  EXPECT_THAT(ids(vectors, query, {.doc_ids = Ids{"d1"}}), IsEmpty());
  query.node_ids = Ids();
  EXPECT_THAT(ids(vectors, query), IsEmpty());
  EXPECT_THAT(ids(vectors, {.query_embedding = {1, 0}, .similarity_top_k = 0}), IsEmpty());
  EXPECT_THAT(ids(vectors, {.query_embedding = {1, 0}, .similarity_top_k = -1}), IsEmpty());
  EXPECT_EQ(vectors.query({.query_embedding = {1, 0}, .mode = VectorStoreQueryMode::SVM}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST_F(VectorTableTest, MaximalMarginalRelevance) {
  auto vectors = store();
  add(vectors, {node("a", {1, 0}), node("b", {1, 0.01}), node("c", {0.6, 0.8}), node("d", {0, 1})});
  VectorStoreQuery query{.query_embedding = {1, 0},
                         .similarity_top_k = 2,
                         .mode = VectorStoreQueryMode::MMR,
                         .mmr_threshold = 0.3};
  EXPECT_THAT(ids(vectors, query), ElementsAre("a", "d"));
  query.mmr_threshold = 1;
  EXPECT_THAT(ids(vectors, query), ElementsAre("a", "b"));
  query.similarity_top_k = 9;
  EXPECT_THAT(ids(vectors, query), ElementsAre("a", "b", "c", "d")) << "not enough to pick among";
}

TEST_F(VectorTableTest, WordsAreFoundInTablesThatHaveThem) {
  auto vectors = store({.hybrid_search = true});
  add(vectors, {node("a", {1, 0}, R"({"n": 1})", "d", "The quick brown foxes jumped"),
                node("b", {0, 1}, R"({"n": 2})", "d", "A quick answer"),
                node("c", {1, 1}, "{}", "d", "Nothing here")});
  VectorStoreQuery query{
      .query_embedding = {1, 1}, .similarity_top_k = 1, .mode = VectorStoreQueryMode::SPARSE};
  PostgresQueryOptions more;
  EXPECT_EQ(vectors.query(query, more).status().code(), StatusCode::kInvalidArgument) << "no query_str";
  more.query_str = "quick fox's & | ! ( '\\";
  EXPECT_THAT(ids(vectors, query, more), ElementsAre("a"));
  more.sparse_top_k = 5;
  EXPECT_THAT(ids(vectors, query, more), ElementsAre("a", "b"));
  query.filters = filter("n", FilterOperator::GT, "1");
  EXPECT_THAT(ids(vectors, query, more), ElementsAre("b"));
  query.filters.reset();
  query.mode = VectorStoreQueryMode::HYBRID;
  EXPECT_THAT(ids(vectors, query, more), ElementsAre("c", "a", "b"));
  more.query_str = "the";
  EXPECT_THAT(ids(vectors, query, more), ElementsAre("c")) << "no words are left";
  auto plain = store({.table_name = "plain"});
  add(plain, {node("a", {1, 0})});
  EXPECT_EQ(plain.query(query, more).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(VectorTableTest, AFilterThatFewPassFindsAsManyAsAskedForThroughAnIndex) {
  std::mt19937 random(7);
  std::normal_distribution<double> numbers;
  const auto vector = [&] {
    std::vector<double> elements(16);
    for (double& element : elements) element = numbers(random);
    return elements;
  };
  Nodes nodes;
  for (int i = 0; i < 3000; ++i) {
    nodes.push_back(
        node("n" + std::to_string(i), vector(),
             R"({"g": )" + std::to_string(i % 100) + R"(, "h": )" + std::to_string(i % 1000) + "}"));
  }
  auto vectors = store();
  add(vectors, nodes);
  const std::vector<std::vector<double>> queries = {vector(), vector(), vector(), vector(), vector()};
  const auto results = [&](const PostgresVectorStore& of, const char* key) {
    std::vector<Ids> found;
    for (size_t i = 0; i < queries.size(); ++i) {
      found.push_back(ids(of, {.query_embedding = queries[i],
                               .similarity_top_k = 10,
                               .filters = filter(key, FilterOperator::EQ, std::to_string(7 + i))}));
    }
    return found;
  };
  const std::vector<Ids> exact = results(vectors, "g");
  ASSERT_TRUE(vectors.use_hnsw({.M = 16, .ef_construction = 64}).is_ok());
  // A server that does not read the table as it stands where there is an index.
  const auto only_index = *open_store(test_address(schema_) + "&options=-c%20enable_seqscan%3Doff");
  const PostgresVectorStore through_index(only_index);
  const std::vector<Ids> found = results(through_index, "g");
  size_t right = 0;
  for (size_t i = 0; i < queries.size(); ++i) {
    EXPECT_EQ(found[i].size(), 10u);
    right += std::ranges::count_if(found[i],
                                   [&](const std::string& id) { return std::ranges::count(exact[i], id); });
  }
  EXPECT_GE(right, 48u) << "of 50";
  for (const Ids& few : results(through_index, "h")) EXPECT_EQ(few.size(), 3u) << "all that there are";
  EXPECT_EQ(ids(through_index, {.query_embedding = queries[0], .similarity_top_k = 2500}).size(), 2500u);
}

TEST_F(VectorTableTest, ATransactionIsOverAllStores) {
  auto context = *StorageContext::open(test_address(schema_));
  auto own = std::make_shared<PostgresVectorStore>(context.kvstore());
  context.add_vector_store(own, "default");
  add(*own,
      {node("a", {1, 0}, R"({"n": 1})", "d1"), node("b", {0, 1}, R"({"n": 2})", "d1"), node("c", {1, 1})});
  {
    auto txn = context.begin();
    ASSERT_TRUE(txn) << txn.status().to_string();
    auto& vectors = dynamic_cast<PostgresVectorStore&>(**(*txn)->vector_store());
    add(vectors, {node("d", {2, 1}, R"({"n": 4})", "d2"), node("b", {5, 5}, R"({"n": 5})", "d2")});
    ASSERT_TRUE(vectors.delete_nodes(Ids{"c"}).is_ok());
    ASSERT_TRUE(vectors.delete_("d1").is_ok());
    add(vectors, {node("c", {1, 3})});
    const Nodes nodes = {node("d", {}, "{}", "d2")};
    ASSERT_TRUE((*txn)->docstore().add_documents(nodes).is_ok());
    EXPECT_THAT(ids_of(vectors.get_nodes()), ElementsAre("b", "d", "c"));
    EXPECT_EQ(*vectors.count(), 3u);
    EXPECT_THAT(*vectors.get("b"), ElementsAre(5, 5));
    EXPECT_THAT(ids(vectors, {.query_embedding = {1, 1}, .similarity_top_k = 2}), ElementsAre("b", "d"));
    EXPECT_THAT(matching(vectors, filter("n", FilterOperator::GTE, "4")), ElementsAre("b", "d"));
    EXPECT_EQ(vectors.use_hnsw().code(), StatusCode::kNotSupported);
    EXPECT_THAT(ids_of(own->get_nodes()), ElementsAre("a", "b", "c")) << "nobody else sees it";
    ASSERT_TRUE(txn->commit().is_ok());
    EXPECT_EQ(vectors.count().status().code(), StatusCode::kInvalidArgument);
  }
  EXPECT_THAT(ids_of(own->get_nodes()), ElementsAre("b", "d", "c"));
  EXPECT_TRUE(*context.docstore().document_exists("d"));
  {
    auto txn = *context.begin();
    ASSERT_TRUE((*txn->vector_store())->clear().is_ok());
    auto& vectors = dynamic_cast<PostgresVectorStore&>(**txn->vector_store());
    add(vectors, {node("z", {1, 0})});
    EXPECT_THAT(ids_of(vectors.get_nodes()), ElementsAre("z"));
    txn.rollback();
  }
  EXPECT_EQ(*own->count(), 3u);
}

TEST_F(VectorTableTest, TransactionsConflictWithWhoeverWrites) {
  auto context = *StorageContext::open(test_address(schema_));
  auto own = std::make_shared<PostgresVectorStore>(context.kvstore());
  context.add_vector_store(own, "default");
  add(*own, {node("a", {1, 0}, "{}", "d1"), node("b", {0, 1}, "{}", "d2")});
  const std::string insert = "INSERT INTO " + table() +
                             " (text, metadata_, node_id, embedding) VALUES ('t', "
                             "'{\"ref_doc_id\": \"d1\"}', 'new', '[1,2]')";
  using Step = std::function<void(PostgresVectorStore&)>;
  const std::vector<std::tuple<Step, std::string, bool>> cases = {
      {[](auto& vectors) { EXPECT_TRUE(vectors.delete_("d1").is_ok()); }, insert, true},
      {[](auto& vectors) { EXPECT_TRUE(vectors.count()); }, insert, true},
      {[](auto& vectors) { EXPECT_TRUE(vectors.delete_("d2").is_ok()); }, insert, false},
      {[](auto& vectors) {
         add(vectors, {node("a", {7, 7}, "{}", "d1")});
       },
       "UPDATE " + table() + " SET text = 'u' WHERE node_id = 'a'", true}};
  for (const auto& [step, others, conflicts] : cases) {
    auto txn = *context.begin();
    auto& vectors = dynamic_cast<PostgresVectorStore&>(**txn->vector_store());
    step(vectors);
    ASSERT_TRUE(txn->docstore().set_document_hash("h", "1").is_ok());
    run(others);
    const Status done = txn.commit();
    EXPECT_EQ(done.code(), conflicts ? StatusCode::kBusy : StatusCode::kOk) << others << done.to_string();
  }
}

TEST_F(VectorTableTest, WritersOfTheSameNodesLeaveEachOnce) {
  const auto write = [this](int writer) {
    PostgresVectorStore vectors(*open_store(test_address(schema_)), {.embed_dim = 2});
    for (int turn = 0; turn < 6; ++turn) {
      Nodes nodes;
      for (int i = 0; i < (turn % 2 == 0 ? 5 : 70); ++i)  // one statement, and COPY
        nodes.push_back(node("n" + std::to_string(i), {1.0 + writer, 1.0 + i}));
      add(vectors, nodes);
      if (turn == 3) {
        ASSERT_TRUE(vectors.delete_nodes(Ids{"n3"}).is_ok());
      }
    }
  };
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) writers.emplace_back(write, writer);
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(*store().count(), 70u);
  EXPECT_EQ(run("SELECT count(DISTINCT node_id) FROM " + table()), "70 ");
}

TEST_F(VectorTableTest, LostConnectionsAndDroppedTables) {
  auto vectors = store();
  add(vectors, {node("a", {1, 0})});
  run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'quipu' AND pid <> "
      "pg_backend_pid()");
  add(vectors, {node("b", {1, 0})});
  EXPECT_EQ(*vectors.count(), 2u);
  run("DROP TABLE " + table());
  add(vectors, {node("c", {1, 0, 0})});
  EXPECT_THAT(ids_of(vectors.get_nodes()), ElementsAre("c"));
  const auto reader = *open_store(test_address(schema_), {.read_only = true});
  PostgresVectorStore reading(reader);
  EXPECT_EQ(*reading.count(), 1u);
  EXPECT_EQ(reading.clear().code(), StatusCode::kNotSupported);
  EXPECT_EQ(PostgresVectorStore(*open_store("memory:")).count().status().code(), StatusCode::kNotSupported);
}

}  // namespace
}  // namespace quipu::testing
