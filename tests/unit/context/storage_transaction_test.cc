// Transactions over all stores of a StorageContext: queries, conflicts between documents, crashes.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "quipu/persist_dir.h"
#include "quipu/storage_context.h"
#include "tests/support/child_process.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_scale.h"

namespace quipu::testing {
namespace {

std::shared_ptr<const BaseNode> node(const std::string& id, const std::string& source,
                                     const std::vector<double>& embedding) {
  TextNodeBuilder builder;
  builder.id(id).text("text of " + id).embedding(embedding);
  builder.metadata(Json::from_canonical("{\"source\": \"" + source + "\"}"));
  builder.relationship(NodeRelationship::SOURCE,
                       RelatedNodeInfo{.node_id = source, .node_type = {}, .hash = {}});
  return *builder.build();
}

// Something in every store that says `number`.
Status add_everywhere(StorageContext& context, int number) {
  const std::string id = std::to_string(number);
  const auto added = node("n" + id, "doc" + std::to_string(number / 3), {1.0, static_cast<double>(number)});
  QUIPU_RETURN_IF_ERROR(context.docstore().add_documents({&added, 1}));
  QUIPU_ASSIGN_OR_RETURN(
      const IndexStruct index_struct,
      IndexStruct::create(
          "list", Json::from_canonical("{\"index_id\": \"i" + id + "\", \"summary\": null, \"nodes\": []}")));
  QUIPU_RETURN_IF_ERROR(context.index_store().add_index_struct(index_struct));
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorStore> vectors, context.vector_store());
  QUIPU_RETURN_IF_ERROR(vectors->add({&added, 1}).status());
  QUIPU_RETURN_IF_ERROR(context.graph_store().upsert_triplet("s", "r", id));
  const std::vector<LabelledNode> entities = {LabelledNode::entity("e" + id), LabelledNode::entity("hub")};
  QUIPU_RETURN_IF_ERROR(context.property_graph_store()->upsert_nodes(entities));
  const Relation relation("knows", "hub", "e" + id);
  return context.property_graph_store()->upsert_relations({&relation, 1});
}

// In how many of the stores `number` is.
int found_in(const StorageContext& context, int number) {
  const std::string id = std::to_string(number);
  int found = 0;
  found += *context.docstore().document_exists("n" + id) ? 1 : 0;
  found += (*context.index_store().get_index_struct("i" + id)).has_value() ? 1 : 0;
  found += (*context.vector_store())->get("n" + id) ? 1 : 0;
  const std::vector<GraphEdge> edges = *context.graph_store().get("s");
  found += std::ranges::any_of(edges, [&](const GraphEdge& edge) { return edge.obj == id; }) ? 1 : 0;
  const std::vector<std::string> ids = {"e" + id};
  found += context.property_graph_store()->get({}, ids)->size() == 1 ? 1 : 0;
  const auto triplets = context.property_graph_store()->get_triplets({.entity_names = ids});
  found += triplets->size() == 1 ? 1 : 0;
  return found;
}

class StorageTransactionTest : public ::testing::Test {
 protected:
  StorageContext open() {
    auto opened = StorageContext::open(path_);
    EXPECT_TRUE(opened) << opened.error().to_string();
    return *std::move(opened);
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
};

TEST_F(StorageTransactionTest, CoversEveryStore) {
  StorageContext context = open();
  {
    auto rolled_back = context.begin();
    ASSERT_TRUE(rolled_back) << rolled_back.error().to_string();
    ASSERT_TRUE(add_everywhere(**rolled_back, 1).is_ok());
    EXPECT_EQ(found_in(**rolled_back, 1), 6);
    EXPECT_EQ(found_in(context, 1), 0);
  }
  EXPECT_EQ(found_in(context, 1), 0);
  auto txn = *context.begin();
  for (const int number : {1, 2, 3}) ASSERT_TRUE(add_everywhere(*txn, number).is_ok());
  ASSERT_TRUE(txn->docstore().delete_document("n2").is_ok());
  EXPECT_EQ(found_in(*txn, 2), 5);
  ASSERT_TRUE(txn.commit().is_ok());
  EXPECT_EQ(found_in(context, 1), 6);
  EXPECT_EQ(found_in(context, 2), 5);
  EXPECT_EQ(found_in(context, 3), 6);
  EXPECT_EQ((*context.docstore().get_ref_doc_info("doc0"))->node_ids, (std::vector<std::string>{"n1"}));
}

TEST_F(StorageTransactionTest, QueriesFollowTheirOwnStateAndThenEverybodys) {
  StorageContext context = open();
  const auto vectors = *context.vector_store();
  const auto ids = [](VectorStore& store, std::vector<double> query) {
    const auto result = store.query({.query_embedding = std::move(query), .similarity_top_k = 2});
    EXPECT_TRUE(result) << result.error().to_string();
    return result->ids;
  };
  const std::vector<std::shared_ptr<const BaseNode>> before = {node("x", "d", {1, 0}),
                                                               node("y", "d", {0, 1})};
  ASSERT_TRUE(vectors->add(before));
  const MetadataFilters of_d{{MetadataFilter{"source", Json::from_string("d"), FilterOperator::EQ}}};
  ASSERT_TRUE(vectors->query({.query_embedding = {1, 0}, .filters = of_d}));  // index and column are there
  auto txn = *context.begin();
  const auto inner = *txn->vector_store();
  const std::vector<std::shared_ptr<const BaseNode>> added = {node("z", "e", {1, 0.1}),
                                                              node("y", "d", {1, 0.2})};
  ASSERT_TRUE(inner->add(added));
  const std::vector<std::string> gone = {"x"};
  ASSERT_TRUE(inner->delete_nodes(gone).is_ok());
  EXPECT_EQ(ids(*inner, {1, 0}), (std::vector<std::string>{"z", "y"}));
  EXPECT_EQ(ids(*vectors, {1, 0}), (std::vector<std::string>{"x", "y"}));
  ASSERT_TRUE(txn.commit().is_ok());
  EXPECT_EQ(ids(*vectors, {1, 0}), (std::vector<std::string>{"z", "y"}));
  const auto filtered = vectors->query({.query_embedding = {1, 0}, .similarity_top_k = 5, .filters = of_d});
  EXPECT_EQ(filtered->ids, (std::vector<std::string>{"y"}));
}

// MMR takes vectors that are as good as each other in the order in which they were inserted.
const VectorStoreQuery kInInsertionOrder{
    .query_embedding = {1, 0}, .similarity_top_k = 9, .mode = VectorStoreQueryMode::MMR};

TEST_F(StorageTransactionTest, VectorsAreInTheOrderInWhichTransactionsLeaveThem) {
  std::optional<StorageContext> context = open();
  const auto add = [](StorageContext& to, const std::string& id) {
    const auto added = node(id, "d", {1, 0});
    ASSERT_TRUE((*to.vector_store())->add({&added, 1}));
  };
  const auto order = [&] { return (*context->vector_store())->query(kInInsertionOrder)->ids; };
  for (const char* id : {"a", "b", "c"}) add(*context, id);
  EXPECT_EQ(order(), (std::vector<std::string>{"a", "b", "c"}));
  for (int i = 0; i < 5; ++i) add(*context, "c");  // which does not move it, or what comes later
  {
    auto txn = *context->begin();
    ASSERT_TRUE((*txn->vector_store())->delete_nodes(std::vector<std::string>{"a"}).is_ok());
    for (const char* id : {"a", "e", "d"}) add(*txn, id);
    add(*context, "beside");
    ASSERT_TRUE(txn.commit().is_ok());
  }
  add(*context, "last");
  EXPECT_EQ(order(), (std::vector<std::string>{"b", "c", "a", "e", "d", "beside", "last"}));
  context.reset();
  context = open();
  EXPECT_EQ(order(), (std::vector<std::string>{"b", "c", "a", "e", "d", "beside", "last"}));
}

TEST_F(StorageTransactionTest, EntitiesAreInTheOrderInWhichTransactionsLeaveThem) {
  std::optional<StorageContext> context = open();
  const auto add = [](StorageContext& to, const std::string& id) {
    const std::vector<LabelledNode> added = {LabelledNode::entity(id, {.embedding = {{1, 0}}})};
    ASSERT_TRUE(to.property_graph_store()->upsert_nodes(added).is_ok());
  };
  const auto order = [&] {
    std::vector<std::string> ids;
    const auto found = context->property_graph_store()->vector_query(kInInsertionOrder);
    for (const LabelledNode& each : found->nodes) ids.push_back(each.id());
    return ids;
  };
  for (const char* id : {"a", "b", "c"}) add(*context, id);
  EXPECT_EQ(order(), (std::vector<std::string>{"a", "b", "c"}));
  {
    auto txn = *context->begin();
    ASSERT_TRUE(txn->property_graph_store()->delete_({.ids = {"a"}}).is_ok());
    for (const char* id : {"e", "d", "a"}) add(*txn, id);
    ASSERT_TRUE(txn.commit().is_ok());
  }
  EXPECT_EQ(order(), (std::vector<std::string>{"b", "c", "e", "d", "a"}));
  context.reset();
  context = open();
  EXPECT_EQ(order(), (std::vector<std::string>{"b", "c", "e", "d", "a"}));
}

TEST_F(StorageTransactionTest, AnImportIsSeenByQueriesThatCameBefore) {
  StorageContext other = open();
  const auto added = node("x", "d", {1, 0});
  ASSERT_TRUE((*other.vector_store())->add({&added, 1}));
  const std::string files = directory_ / "files";
  ASSERT_TRUE(other.persist(files).is_ok());
  auto context = *StorageContext::open(directory_ / "second");
  const auto vectors = *context.vector_store();
  EXPECT_TRUE(vectors->query({.query_embedding = {1, 0}})->ids.empty());
  const auto imported = import_persist_dir(files, *context.kvstore(), {.merge = true});
  ASSERT_TRUE(imported) << imported.error().to_string();
  EXPECT_EQ(vectors->query({.query_embedding = {1, 0}})->ids, (std::vector<std::string>{"x"}));
}

TEST_F(StorageTransactionTest, NodesOfOneDocumentConflictAndAreRetried) {
  StorageContext context = open();
  constexpr int kThreads = 3;
  constexpr int kNodes = 20;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0; n < kNodes;) {
        auto txn = *context.begin();
        const auto added = node(std::to_string(t * 100 + n), "shared", {1});
        ASSERT_TRUE(txn->docstore().add_documents({&added, 1}).is_ok());
        const Status done = txn.commit();
        if (done.is_ok())
          ++n;
        else
          ASSERT_EQ(done.code(), StatusCode::kBusy) << done.to_string();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ((*context.docstore().get_ref_doc_info("shared"))->node_ids.size(),
            static_cast<size_t>(kThreads * kNodes));
}

TEST_F(StorageTransactionTest, NeedsOneKeyValueStore) {
  StorageContext simple = *StorageContext::from_defaults();
  EXPECT_EQ(simple.begin().status().code(), StatusCode::kNotSupported);
  StorageContext context = open();
  context.add_vector_store(std::make_shared<SimpleVectorStore>(), "elsewhere");
  const Status refused = context.begin().status();
  EXPECT_EQ(refused.code(), StatusCode::kNotSupported);
  EXPECT_NE(refused.message().find("elsewhere"), std::string::npos) << refused.message();
}

// Commits numbers from `number` on, and tells of each through standard input, which is a socket.
int commit_for_ever(const std::string& path, int number) {
  auto context = StorageContext::open(path);
  if (!context) return 1;
  for (int i = number;; ++i) {
    auto txn = context->begin();
    if (!txn || !add_everywhere(**txn, i).is_ok()) return 2;
    if (!txn->commit().is_ok()) return 3;
    if (::write(STDIN_FILENO, "x", 1) != 1) return 4;
  }
}
const ChildWork kCommitForEver("commit_for_ever", commit_for_ever);

TEST_F(StorageTransactionTest, AHundredKillsLeaveAllOrNothing) {
  Random random(test_seed());
  const int rounds = test_scale("QUIPU_TEST_KILLS", 100);
  int expected = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto [theirs, ours] = socket_pair();
    const pid_t child = start_child("commit_for_ever", path_, expected, theirs);
    ::close(theirs);
    char byte = 0;
    ASSERT_EQ(::read(ours, &byte, 1), 1) << "round " << round;
    int acknowledged = expected + 1;
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(8000)));
    kill_child(child);
    while (::read(ours, &byte, 1) == 1) ++acknowledged;
    ::close(ours);
    StorageContext context = open();
    int next = expected;
    for (; found_in(context, next) != 0; ++next) ASSERT_EQ(found_in(context, next), 6) << next;
    EXPECT_GE(next, acknowledged);
    EXPECT_LE(next, acknowledged + 1);  // the one in flight
    expected = next;
    if (round % 20 != 19) continue;
    const auto store = std::static_pointer_cast<RocksDBKVStore>(context.kvstore());
    std::string faults;
    ASSERT_TRUE(store->verify([&](const Fault& fault) { faults += fault.message; }).is_ok());
    const auto add_fault = [&](const Fault& fault) { faults += fault.message; };
    ASSERT_TRUE(verify_stores(*store, add_fault).is_ok());
    EXPECT_EQ(faults, "");
  }
}

}  // namespace
}  // namespace quipu::testing
