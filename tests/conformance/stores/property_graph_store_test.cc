// Property graph stores beyond what the recorded traces show: LlamaIndex nodes, vector queries, errors.

#include "quipu/property_graph_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tests/support/backends.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

std::string ids_of(const std::vector<LabelledNode>& nodes) {
  std::string ids;
  for (const LabelledNode& node : nodes) ids += node.id() + " ";
  return ids;
}

class PropertyGraphStoreTest : public BackendFixture {
 protected:
  void SetUp() override {
    BackendFixture::SetUp();
    if (keeps(std::string(PG_STORE_PERSIST_FNAME))) return;
    const std::vector<Relation> relations = {Relation("R", "a", "b")};
    EXPECT_EQ(KVPropertyGraphStore(kv_).upsert_relations(relations).code(), StatusCode::kNotSupported);
    GTEST_SKIP() << "graphs are refused";
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, PropertyGraphStoreTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(PropertyGraphStoreTest, ARelationWithQuotesFindsItsEntity) {
  KVPropertyGraphStore graph(kv_);
  ASSERT_TRUE(graph.upsert_nodes(std::vector{LabelledNode::entity("q\"t", {.label = "person"})}).is_ok());
  ASSERT_TRUE(graph.upsert_relations(std::vector{Relation("R", "q\"t", "new\"one")}).is_ok());
  reopen();
  KVPropertyGraphStore again(kv_);
  EXPECT_EQ(ids_of(*again.get()), "q t new one new one ");  // made anew: under its name and its id
  const auto triplets = again.get_triplets({.ids = {"new one"}});
  ASSERT_EQ(triplets->size(), 1u);
  EXPECT_EQ(triplets->at(0).source.label(), "person");
  EXPECT_EQ(triplets->at(0).target.name(), "new\"one");
}

// However a backend finds relations.
TEST_P(PropertyGraphStoreTest, AnyGraphIsThatOfTheStoreInMemory) {
  SimplePropertyGraphStore simple;
  KVPropertyGraphStore graph(kv_);
  const std::array<KVPropertyGraphStore*, 2> both = {&graph, &simple};
  Random random(test_seed());
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) names.push_back("n" + std::to_string(i) + (i % 5 == 0 ? "'\"é" : ""));
  const std::vector<std::string> labels = {"R", "S", "T'"};
  const std::vector<std::string> none;
  const auto some = [&](const std::vector<std::string>& from) {
    std::vector<std::string> picked;
    for (uint64_t n = random.below(4); n != 0; --n) picked.push_back(random.pick(from));
    return picked;
  };
  const auto text = [](const Result<std::vector<Triplet>>& triplets) {
    std::string all = triplets ? "" : triplets.error().to_string();
    for (const Triplet& each : triplets ? *triplets : std::vector<Triplet>()) {
      all += each.source.id() + each.relation.to_json().text() + each.target.id() + "\n";
    }
    return all;
  };
  for (int round = 0; round < 8 && !HasFailure(); ++round) {
    std::vector<Relation> relations;
    for (int i = 0; i < 12; ++i) {
      relations.emplace_back(random.pick(labels), random.pick(names), random.pick(names));
    }
    const GraphSelection going = {.entity_names = some({"n1", "n2", "n7"}),
                                  .relation_names = random.one_in(8) ? some(labels) : none};
    const GraphSelection wanted = {
        .entity_names = some(names), .relation_names = some(labels), .ids = some(names)};
    std::vector<LabelledNode> from;
    for (const std::string& name : some(names)) from.push_back(LabelledNode::entity(name));
    const int depth = static_cast<int>(random.below(4));
    const int limit = static_cast<int>(random.below(40)) - 5;
    const std::vector<std::string> ignored = random.one_in(3) ? some(labels) : none;
    std::array<std::string, 2> found;
    for (size_t i = 0; i < both.size(); ++i) {
      ASSERT_TRUE(both[i]->upsert_relations(relations).is_ok());
      ASSERT_TRUE(both[i]->delete_(going).is_ok());
      found[i] = both[i]->to_dict()->text() + text(both[i]->get_triplets(wanted)) +
                 text(both[i]->get_rel_map(from, depth, limit, ignored));
    }
    EXPECT_EQ(found[0], found[1]) << depth << " " << limit;
  }
}

TEST_P(PropertyGraphStoreTest, EndsWithQuotesAreStoredAsTheReferenceDoes) {
  KVPropertyGraphStore graph(kv_);
  const std::vector<Relation> relations = {Relation("R", "a", "b\"c"), Relation("S", "d\"e", "b\"c")};
  for (int i = 0; i < 2; ++i) {  // a second time changes nothing
    ASSERT_TRUE(graph.upsert_relations(relations).is_ok());
    const Json dict = *graph.to_dict();
    std::string nodes;
    for (const JsonMember& member : dict.view().find("nodes")->members()) nodes += member.key() + ";";
    EXPECT_EQ(nodes, "a;b\"c;b c;d\"e;d e;");
    EXPECT_EQ(dict.view().find("relations")->text(), R"({"a_R_b\"c": )" + relations[0].to_json().text() +
                                                         R"(, "d\"e_S_b\"c": )" +
                                                         relations[1].to_json().text() + "}");
    EXPECT_EQ(dict.view().find("triplets")->text(), R"([["a", "R", "b c"], ["d e", "S", "b c"]])");
  }
  EXPECT_EQ(graph.get_triplets({.ids = {"b c"}})->size(), 2u);
  ASSERT_TRUE(graph.delete_({.ids = {"b c"}}).is_ok());
  EXPECT_EQ(graph.to_dict()->view().find("relations")->text(), "{}");
}

TEST_P(PropertyGraphStoreTest, DeletingANodeTakesItsRelationsOnBothSides) {
  KVPropertyGraphStore graph(kv_);
  const std::vector<Relation> relations = {Relation("R", "a", "b"), Relation("R", "b", "c"),
                                           Relation("R", "c", "a"), Relation("LOOP", "b", "b")};
  ASSERT_TRUE(graph.upsert_relations(relations).is_ok());
  ASSERT_TRUE(graph.delete_({.ids = {"b", "unknown"}}).is_ok());
  EXPECT_EQ(graph.to_dict()->view().find("triplets")->text(), R"([["c", "R", "a"]])");
  EXPECT_EQ(ids_of(*graph.get()), "a c ");
  ASSERT_TRUE(graph.delete_({}).is_ok());
  EXPECT_EQ(ids_of(*graph.get()), "a c ");
  ASSERT_TRUE(graph.delete_({.relation_names = {"R"}}).is_ok());
  EXPECT_EQ(ids_of(*graph.get()), "a c ");
  EXPECT_TRUE(graph.get_triplets({.ids = {"a"}})->empty());
}

TEST_P(PropertyGraphStoreTest, AChunkWithoutAnIdHasItsTextsHash) {
  KVPropertyGraphStore graph(kv_);
  const std::string id = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";  // of "abc"
  ASSERT_TRUE(
      graph.upsert_nodes(std::vector{LabelledNode::chunk("abc"), LabelledNode::chunk("x", "mine")}).is_ok());
  EXPECT_EQ(ids_of(*graph.get()), id + " mine ");
}

TEST_P(PropertyGraphStoreTest, RelationsWhoseNamesJoinAlikeShareOneEntry) {
  KVPropertyGraphStore graph(kv_);
  const std::vector<Relation> relations = {
      Relation("r", "a_b", "c"), Relation("b_r", "a", "c", Json::from_canonical("{\"second\": true}"))};
  ASSERT_TRUE(graph.upsert_relations(relations).is_ok());
  const Json dict = *graph.to_dict();
  EXPECT_EQ(dict.view().find("relations")->text(), "{\"a_b_r_c\": " + relations[1].to_json().text() + "}");
  EXPECT_EQ(dict.view().find("triplets")->text(), R"([["a_b", "r", "c"], ["a", "b_r", "c"]])");
}

TEST_P(PropertyGraphStoreTest, SchemaAndQueries) {
  KVPropertyGraphStore graph(kv_);
  const LabelledNodeFields person{.label = "person", .properties = Json::from_canonical("{\"age\": 1}")};
  ASSERT_TRUE(graph.upsert_nodes(std::vector{LabelledNode::entity("a", person)}).is_ok());
  ASSERT_TRUE(graph.upsert_relations(std::vector{Relation("KNOWS", "a", "b")}).is_ok());
  EXPECT_EQ(graph.get_schema()->text(),
            R"({"labels": ["entity", "person"], "relations": ["KNOWS"], "properties": ["age"]})");
  EXPECT_EQ(graph.structured_query("MATCH (n)").error().code(), StatusCode::kNotSupported);
}

TEST_P(PropertyGraphStoreTest, LlamaNodesComeBack) {
  KVPropertyGraphStore graph(kv_);
  std::vector<std::shared_ptr<const BaseNode>> nodes;
  for (const std::string id : {"n1", "n2"}) {
    nodes.push_back(
        *TextNodeBuilder()
             .id(id)
             .text("text of " + id + " \u00e9")
             .metadata(Json::from_canonical("{\"page\": 1}"))
             .relationship(NodeRelationship::SOURCE, {.node_id = "doc", .node_type = {}, .hash = {}})
             .build());
  }
  ASSERT_TRUE(graph.upsert_llama_nodes(nodes).is_ok());
  ASSERT_TRUE(graph
                  .upsert_nodes(std::vector{LabelledNode::entity(
                      "from n1", {.properties = Json::from_canonical("{\"triplet_source_id\": \"n1\"}")})})
                  .is_ok());
  const std::vector<std::string> ids = {"n1", "from n1"};
  const auto back = graph.get_llama_nodes(ids);
  ASSERT_EQ(back->size(), 1u);
  EXPECT_EQ(back->at(0)->to_json().text(), nodes[0]->to_json().text());
  ASSERT_TRUE(graph.delete_llama_nodes(std::vector<std::string>{"n1"}).is_ok());
  EXPECT_EQ(ids_of(*graph.get()), "n2 ");
  ASSERT_TRUE(graph.delete_llama_nodes({}, std::vector<std::string>{"doc"}).is_ok());
  EXPECT_EQ(ids_of(*graph.get()), "");
}

LabelledNode entity(const std::string& name, std::vector<double> embedding, int page) {
  return LabelledNode::entity(
      name, {.embedding = std::move(embedding),
             .properties = Json::from_canonical("{\"page\": " + std::to_string(page) + "}")});
}

std::string names(const Result<ScoredNodes>& found) {
  if (!found) return found.error().to_string();
  std::string all;
  for (const LabelledNode& node : found->nodes) all += node.id() + " ";
  EXPECT_EQ(found->nodes.size(), found->similarities.size());
  EXPECT_TRUE(std::is_sorted(found->similarities.rbegin(), found->similarities.rend()));
  return all;
}

TEST_P(PropertyGraphStoreTest, AnswersVectorQueries) {
  KVPropertyGraphStore graph(kv_);
  const VectorStoreQuery east{.query_embedding = {1, 0}, .similarity_top_k = 2};
  EXPECT_EQ(names(graph.vector_query(east)), "");
  const std::vector<LabelledNode> nodes = {entity("north", {0, 1}, 1), entity("east", {2, 0}, 2),
                                           entity("northeast", {1, 1}, 3), LabelledNode::entity("nowhere")};
  ASSERT_TRUE(graph.upsert_nodes(nodes).is_ok());
  EXPECT_EQ(names(graph.vector_query(east)), "east northeast ");
  EXPECT_NEAR(graph.vector_query(east)->similarities[1], std::sqrt(0.5), 1e-12);
  VectorStoreQuery filtered = east;
  filtered.filters = MetadataFilters{{MetadataFilter{"page", Json::from_int(2), FilterOperator::NE}}};
  EXPECT_EQ(names(graph.vector_query(filtered)), "northeast north ");
  VectorStoreQuery among = east;
  among.node_ids = {"north", "nowhere"};
  EXPECT_EQ(names(graph.vector_query(among)), "north ");
  // The index follows what changes.
  const std::vector<LabelledNode> moved = {entity("north", {3, 0.1}, 1), entity("west", {-1, 0}, 2)};
  ASSERT_TRUE(graph.upsert_nodes(moved).is_ok());
  ASSERT_TRUE(graph.delete_({.ids = {"east"}}).is_ok());
  EXPECT_EQ(names(graph.vector_query(east)), "north northeast ");
  const std::vector<LabelledNode> bare = {LabelledNode::entity("north")};
  ASSERT_TRUE(graph.upsert_nodes(bare).is_ok());
  EXPECT_EQ(names(graph.vector_query(east)), "northeast west ");
  EXPECT_EQ(names(KVPropertyGraphStore(kv_).vector_query(filtered)), "northeast ");
  EXPECT_EQ(graph.vector_query({.query_embedding = {1, 2, 3}}).status().code(), StatusCode::kInvalidArgument);
  reopen();
  EXPECT_EQ(names(KVPropertyGraphStore(kv_).vector_query(east)), "northeast west ");
}

TEST_P(PropertyGraphStoreTest, ChunksDoNotCrowdEntitiesOut) {
  KVPropertyGraphStore graph(kv_);
  const VectorStoreQuery east{.query_embedding = {1, 0}, .similarity_top_k = 2};
  const LabelledNode chunk = LabelledNode::chunk("t", "c", {.embedding = std::vector<double>{1, 0}});
  ASSERT_TRUE(graph.upsert_nodes(std::vector{chunk, entity("north", {0, 1}, 1)}).is_ok());
  EXPECT_EQ(names(graph.vector_query(east)), "north ");
  ASSERT_TRUE(graph.upsert_nodes(std::vector{entity("c", {1, 0}, 1)}).is_ok());
  EXPECT_EQ(names(graph.vector_query(east)), "c north ");
  ASSERT_TRUE(graph.upsert_nodes(std::vector{chunk}).is_ok());
  EXPECT_EQ(names(graph.vector_query(east)), "north ");
}

TEST_P(PropertyGraphStoreTest, EmbeddingsInTheVectorStoreAreFoundAndANodesOwnCounts) {
  KVPropertyGraphStore graph(kv_);
  KVVectorStore vectors(kv_);
  const VectorStoreQuery east{.query_embedding = {1, 0}, .similarity_top_k = 9};
  const auto add = [&](std::string_view id, const std::vector<double>& elements) {
    const std::vector<VectorStoreEntry> entries = {
        {id, elements, "TextNode", "", Json::from_canonical("{}")}};
    return vectors.add_entries(entries);
  };
  ASSERT_TRUE(add("west", {1, 0.2}).is_ok());
  ASSERT_TRUE(add("stranger", {1, 0}).is_ok());
  ASSERT_TRUE(graph
                  .upsert_nodes(std::vector{entity("north", {0, 1}, 1), LabelledNode::entity("west"),
                                            LabelledNode::entity("south")})
                  .is_ok());
  EXPECT_EQ(names(graph.vector_query(east)), "west north ");
  ASSERT_TRUE(add("south", {1, 0.1}).is_ok());
  ASSERT_TRUE(add("north", {1, 0}).is_ok());  // the node's own counts
  EXPECT_EQ(names(graph.vector_query(east)), "south west north ");
  VectorStoreQuery filtered = east;
  filtered.filters = MetadataFilters{{MetadataFilter{"page", Json::from_int(1)}}};
  EXPECT_EQ(names(graph.vector_query(filtered)), "north ");
  ASSERT_TRUE(graph.upsert_nodes(std::vector{LabelledNode::entity("north")}).is_ok());
  EXPECT_EQ(names(graph.vector_query(east)), "north south west ");
  ASSERT_TRUE(vectors.delete_nodes(std::vector<std::string>{"south"}).is_ok());
  EXPECT_EQ(names(graph.vector_query(east)), "north west ");
  EXPECT_EQ(names(KVPropertyGraphStore(kv_).vector_query(east)), "north west ");
  ASSERT_TRUE(vectors.delete_("None").is_ok());
  EXPECT_EQ(names(graph.vector_query(east)), "");
  ASSERT_TRUE(add("west", {1, 0}).is_ok());
  EXPECT_EQ(names(graph.vector_query(east)), "west ");
  ASSERT_TRUE(vectors.clear().is_ok());
  EXPECT_EQ(names(graph.vector_query(east)), "");
}

TEST_P(PropertyGraphStoreTest, WhetherItAnswersVectorQueriesIsRecordedOnceAskedFor) {
  const std::vector<LabelledNode> nodes = {entity("a", {1, 0}, 1)};
  {
    KVPropertyGraphStore graph(kv_);
    EXPECT_FALSE(*graph.supports_vector_queries());
    ASSERT_TRUE(graph.upsert_nodes(nodes).is_ok());
    EXPECT_FALSE(*graph.supports_vector_queries());
    EXPECT_TRUE(*KVPropertyGraphStore(kv_, {}, true).supports_vector_queries());
    EXPECT_FALSE(*graph.supports_vector_queries());  // nothing has been written so
    KVPropertyGraphStore asked(kv_, {}, true);
    ASSERT_TRUE(asked.upsert_relations(std::vector{Relation("r", "a", "b")}).is_ok());
    EXPECT_TRUE(*graph.supports_vector_queries());
    KVPropertyGraphStore refused(kv_, {}, false);
    ASSERT_TRUE(refused.upsert_nodes(nodes).is_ok());
    EXPECT_FALSE(*refused.supports_vector_queries());
    EXPECT_TRUE(*graph.supports_vector_queries());
    EXPECT_FALSE(*KVPropertyGraphStore(kv_, "other").supports_vector_queries());
  }
  reopen();
  EXPECT_TRUE(*KVPropertyGraphStore(kv_).supports_vector_queries());
}

// As versions wrote it that recorded nothing.
TEST_P(PropertyGraphStoreTest, AGraphWithoutARecordShowsWhatItIs) {
  const std::vector<LabelledNode> with = {entity("a", {1, 0}, 1)};
  const std::vector<LabelledNode> without = {
      LabelledNode::entity("b"), LabelledNode::chunk("t", "c", {.embedding = std::vector<double>{1, 0}})};
  for (const std::vector<LabelledNode>* const nodes : {&with, &without}) {
    const std::string ns = nodes == &with ? "with" : "without";
    ASSERT_TRUE(KVPropertyGraphStore(kv_, ns).upsert_nodes(*nodes).is_ok());
    ASSERT_TRUE(*kv_->delete_("supports_vector_queries", ns + "/state"));
  }
  reopen();
  for (const bool first : {true, false}) {  // then with a record, made by the write
    EXPECT_TRUE(*KVPropertyGraphStore(kv_, "with").supports_vector_queries());
    EXPECT_FALSE(*KVPropertyGraphStore(kv_, "without").supports_vector_queries());
    for (const std::string ns : {"with", "without"}) {
      EXPECT_EQ(*kv_->exists("supports_vector_queries", ns + "/state"), !first);
      ASSERT_TRUE(KVPropertyGraphStore(kv_, ns).upsert_nodes(std::vector{LabelledNode::entity("d")}).is_ok());
    }
  }
}

// Nodes that are as good as each other are found in the order in which they were inserted.
TEST_P(PropertyGraphStoreTest, AnEmbeddingThatComesLaterIsFoundAtItsNodesPlace) {
  KVPropertyGraphStore graph(kv_);
  ASSERT_TRUE(graph.upsert_relations(std::vector{Relation("r", "late", "never")}).is_ok());
  ASSERT_TRUE(graph.upsert_nodes(std::vector{entity("b", {1, 0}, 1), entity("a", {1, 0}, 1)}).is_ok());
  const VectorStoreQuery all{
      .query_embedding = {1, 0}, .similarity_top_k = 9, .mode = VectorStoreQueryMode::MMR};
  EXPECT_EQ(names(graph.vector_query(all)), "b a ");
  ASSERT_TRUE(graph.upsert_nodes(std::vector{entity("c", {1, 0}, 1), entity("late", {1, 0}, 1)}).is_ok());
  EXPECT_EQ(names(graph.vector_query(all)), "late b a c ");
  ASSERT_TRUE(graph.delete_({.ids = {"b"}}).is_ok());
  ASSERT_TRUE(graph.upsert_nodes(std::vector{entity("b", {1, 0}, 1)}).is_ok());
  EXPECT_EQ(names(graph.vector_query(all)), "late a c b ");
}

TEST_P(PropertyGraphStoreTest, AsyncCallsAreTheSyncOnes) {
  KVPropertyGraphStore graph(kv_);
  ASSERT_TRUE(graph.aupsert_nodes({entity("a", {1, 0}, 1), entity("b", {0, 1}, 2)}).get().is_ok());
  ASSERT_TRUE(graph.aupsert_relations({Relation("r", "a", "b")}).get().is_ok());
  EXPECT_EQ(graph.aget().get()->size(), 2u);
  EXPECT_EQ(graph.aget(Json::from_canonical("{\"page\": 2}")).get()->front().id(), "b");
  EXPECT_EQ(graph.aget_triplets({.entity_names = {"a"}}).get()->size(), 1u);
  EXPECT_EQ(graph.aget_rel_map({LabelledNode::entity("a")}).get()->front().target.id(), "b");
  EXPECT_EQ(names(graph.avector_query({.query_embedding = {0, 1}}).get()), "b ");
  EXPECT_EQ(graph.aget_schema().get()->text(),
            R"({"labels": ["entity"], "relations": ["r"], "properties": ["page"]})");
  const std::shared_ptr<const BaseNode> chunk = *TextNodeBuilder().id("n").text("t").build();
  ASSERT_TRUE(graph.upsert_llama_nodes({&chunk, 1}).is_ok());
  EXPECT_EQ(graph.aget_llama_nodes({"n"}).get()->front()->node_id(), "n");
  ASSERT_TRUE(graph.adelete_llama_nodes({"n"}).get().is_ok());
  ASSERT_TRUE(graph.adelete({.ids = {"a"}}).get().is_ok());
  EXPECT_EQ(graph.aget().get()->size(), 1u);
}

}  // namespace
}  // namespace quipu::testing
