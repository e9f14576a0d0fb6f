#include "quipu/document_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/support/backends.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

NodePtr text_node(const std::string& id, const std::string& text, const std::string& source = "",
                  const std::string& metadata = "{}") {
  TextNodeBuilder builder;
  builder.id(id).text(text).metadata(*Json::parse(metadata));
  if (!source.empty()) builder.relationship(NodeRelationship::SOURCE, RelatedNodeInfo{.node_id = source});
  auto node = builder.build();
  EXPECT_TRUE(node) << node.error().to_string();
  return *node;
}

std::vector<std::string> keys_of(const BaseKVStore& kv, const std::string& collection) {
  std::vector<std::string> keys;
  const auto entries = kv.get_all(collection);
  for (const KVEntry& entry : *entries) keys.push_back(entry.key);
  return keys;
}

class DocumentStoreTest : public BackendFixture {
 protected:
  KVDocumentStore docstore() { return KVDocumentStore(kv_); }
  void add(KVDocumentStore& store, const std::vector<NodePtr>& nodes, const AddOptions& options = {}) {
    const Status added = store.add_documents(nodes, options);
    ASSERT_TRUE(added.is_ok()) << added.to_string();
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, DocumentStoreTest, ::testing::ValuesIn(backends()), backend_name);

TEST_P(DocumentStoreTest, KeepsNodesHashesAndRefDocs) {
  KVDocumentStore store = docstore();
  add(store,
      {text_node("n1", "one", "d", R"({"page": 1})"), text_node("n2", "two", "d", R"({"file": "f"})")});
  reopen();
  store = docstore();

  const auto node = store.get_document("n1");
  ASSERT_TRUE(node) << node.error().to_string();
  EXPECT_EQ((*node)->node_id(), "n1");
  EXPECT_EQ(**store.get_document_hash("n2"), *text_node("n2", "two", "d", R"({"file": "f"})")->hash());
  const auto info = store.get_ref_doc_info("d");
  ASSERT_TRUE(info && *info);
  EXPECT_EQ((*info)->to_dict().text(), R"({"node_ids": ["n1", "n2"], "metadata": {"page": 1, "file": "f"}})");
  EXPECT_EQ(kv_->get("n1", "docstore/metadata")->value().text(),
            R"({"doc_hash": ")" + **store.get_document_hash("n1") + R"(", "ref_doc_id": "d"})");
}

TEST_P(DocumentStoreTest, AbsentIsAnErrorOnlyWhenAsked) {
  KVDocumentStore store = docstore();
  EXPECT_EQ(store.get_document("x").error(), Status::not_found("doc_id x not found."));
  EXPECT_EQ(*store.get_document("x", false), nullptr);
  EXPECT_EQ(store.delete_document("x"), Status::not_found("doc_id x not found."));
  EXPECT_TRUE(store.delete_document("x", false).is_ok());
  EXPECT_EQ(store.delete_ref_doc("x"), Status::not_found("ref_doc_id x not found."));
  EXPECT_TRUE(store.delete_ref_doc("x", false).is_ok());
  EXPECT_EQ(*store.get_document_hash("x"), std::nullopt);
}

TEST_P(DocumentStoreTest, FailedAddChangesNothing) {
  KVDocumentStore store = docstore();
  add(store, {text_node("n1", "one", "d")});
  const std::vector<NodePtr> batch = {text_node("n2", "two", "d"), text_node("n1", "again", "d")};
  const Status failed = store.add_documents(batch, {.allow_update = false});
  EXPECT_EQ(failed,
            Status::already_exists("node_id n1 already exists. Set allow_update to True to overwrite."));
  EXPECT_THAT((*store.get_ref_doc_info("d"))->node_ids, ElementsAre("n1"));
  EXPECT_FALSE(*store.document_exists("n2"));
}

TEST_P(DocumentStoreTest, DeletingTheLastNodeDeletesTheRefDocAndItsDocument) {
  KVDocumentStore store = docstore();
  add(store, {text_node("d", "the document"), text_node("n1", "one", "d"), text_node("n2", "two", "d")});
  ASSERT_TRUE(store.delete_document("n1").is_ok());
  EXPECT_THAT((*store.get_ref_doc_info("d"))->node_ids, ElementsAre("n2"));
  ASSERT_TRUE(store.delete_document("n2").is_ok());
  EXPECT_FALSE(*store.ref_doc_exists("d"));
  EXPECT_FALSE(*store.document_exists("d"));
  EXPECT_THAT(keys_of(*kv_, "docstore/metadata"), IsEmpty());
}

// It goes with its ref doc, and the reference then misses it.
TEST_P(DocumentStoreTest, ANodeThatIsItsOwnSourceIsNotFoundWhenItGoes) {
  KVDocumentStore store = docstore();
  ASSERT_TRUE(store.add_documents(std::vector{text_node("n", "one", "n")}).is_ok());
  EXPECT_EQ(store.delete_document("n").message(), "doc_id n not found.");
  EXPECT_FALSE(*store.document_exists("n"));
  EXPECT_FALSE(*store.ref_doc_exists("n"));
  ASSERT_TRUE(
      store.add_documents(std::vector{text_node("n", "one", "n"), text_node("m", "two", "n")}).is_ok());
  EXPECT_TRUE(store.delete_document("n").is_ok());
}

TEST_P(DocumentStoreTest, DeleteRefDocLeavesNothingBehind) {
  KVDocumentStore store = docstore();
  std::vector<NodePtr> nodes;
  for (int i = 0; i < 300; ++i) nodes.push_back(text_node("n" + std::to_string(i), "text", "d"));
  nodes.push_back(text_node("other", "text", "e"));
  add(store, nodes);
  ASSERT_TRUE(store.delete_ref_doc("d").is_ok());
  EXPECT_THAT(keys_of(*kv_, "docstore/data"), ElementsAre("other"));
  EXPECT_THAT(keys_of(*kv_, "docstore/metadata"), ElementsAre("other"));
  EXPECT_THAT(keys_of(*kv_, "docstore/ref_doc_info"), ElementsAre("e"));
}

TEST_P(DocumentStoreTest, DeleteRefDocTakesMovedNodesOutOfTheirNewRefDoc) {
  KVDocumentStore store = docstore();
  add(store, {text_node("n1", "one", "d"), text_node("n2", "two", "d")});
  add(store, {text_node("n1", "one", "e"), text_node("n3", "three", "e")});
  ASSERT_TRUE(store.delete_ref_doc("d").is_ok());
  EXPECT_THAT((*store.get_ref_doc_info("e"))->node_ids, ElementsAre("n3"));
  EXPECT_FALSE(*store.document_exists("n1"));
}

TEST_P(DocumentStoreTest, ReadsLegacyRefDocInfo) {
  ASSERT_TRUE(
      kv_->put("d", *Json::parse(R"({"doc_ids": ["n1"], "extra_info": {"k": 1}})"), "docstore/ref_doc_info")
          .is_ok());
  ASSERT_TRUE(kv_->put("bad", *Json::parse(R"({"doc_ids": ["n1"]})"), "docstore/ref_doc_info").is_ok());
  KVDocumentStore store = docstore();
  EXPECT_EQ((*store.get_ref_doc_info("d"))->to_dict().text(),
            R"({"node_ids": ["n1"], "metadata": {"k": 1}})");
  EXPECT_THAT(store.get_ref_doc_info("bad").error().message(), HasSubstr("KeyError: 'extra_info'"));
  EXPECT_EQ(kv_->get("d", "docstore/ref_doc_info")->value().text(),
            R"({"doc_ids": ["n1"], "extra_info": {"k": 1}})");
  add(store, {text_node("n2", "two", "d")});
  EXPECT_EQ(kv_->get("d", "docstore/ref_doc_info")->value().text(),
            R"({"node_ids": ["n1", "n2"], "metadata": {"k": 1}})");
}

TEST_P(DocumentStoreTest, ARefDocTakesTheFirstMetadataThatIsNotEmpty) {
  KVDocumentStore store = docstore();
  const auto metadata_after = [&](const std::string& id, const std::string& metadata) {
    add(store, {text_node(id, "text", "d", metadata)});
    return (*store.get_ref_doc_info("d"))->metadata.text();
  };
  EXPECT_EQ(metadata_after("n1", "{}"), "{}");
  EXPECT_EQ(metadata_after("n2", "{}"), "{}");
  EXPECT_EQ(metadata_after("n3", R"({"k": 1})"), R"({"k": 1})");
  EXPECT_EQ(metadata_after("n4", R"({"k": 2, "l": 3})"), R"({"k": 1})");
}

TEST_P(DocumentStoreTest, FindsNodesByHash) {
  KVDocumentStore store = docstore();
  add(store, {text_node("a", "same"), text_node("b", "same"), text_node("c", "other")});
  const std::string hash = **store.get_document_hash("a");
  EXPECT_THAT(*store.ids_by_hash(hash), ElementsAre("a", "b"));
  const std::vector<std::string> asked = {hash, "nobody has it"};
  EXPECT_THAT(*store.missing_hashes(asked), ElementsAre("nobody has it"));
  ASSERT_TRUE(store.delete_document("a").is_ok());
  EXPECT_THAT(*store.ids_by_hash(hash), ElementsAre("b"));
  ASSERT_TRUE(store.set_document_hash("b", "changed").is_ok());
  EXPECT_THAT(*store.ids_by_hash(hash), IsEmpty());
  EXPECT_THAT(*store.ids_by_hash("changed"), ElementsAre("b"));
}

TEST_P(DocumentStoreTest, SerializedNodesAreStoredAsTheyStand) {
  KVDocumentStore store = docstore();
  const NodePtr node = text_node("n", "text", "d");
  const std::vector<JsonView> serialized = {node->to_json()};
  ASSERT_TRUE(store.add_serialized(serialized).is_ok());
  EXPECT_EQ(kv_->get("n", "docstore/data")->value().text(), node->to_json().text());
  EXPECT_EQ(**store.get_document_hash("n"), *node->hash());
}

// A form that the library itself would not write, with a hash that it could not compute.
TEST_P(DocumentStoreTest, NodesWithGivenFactsAreStoredAsTheyStand) {
  KVDocumentStore store = docstore();
  const Json stored = *Json::parse(R"({"__data__": {"id_": "n", "extra": 1}, "__type__": "9"})");
  NodeFacts facts;
  facts.id = "n";
  facts.has_source = true;
  facts.ref_doc_id = "d";
  facts.metadata = JsonView::from_canonical(R"({"page": 1})");
  facts.hash = "given";
  facts.stored = stored;
  ASSERT_TRUE(store.add_facts(std::vector{facts}).is_ok());

  EXPECT_EQ(*kv_->get("n", store.node_collection()), stored);
  EXPECT_EQ(**store.get_document_hash("n"), "given");
  const auto info = store.get_ref_doc_info("d");
  EXPECT_THAT((*info)->node_ids, ElementsAre("n"));
  EXPECT_EQ((*info)->metadata.text(), R"({"page": 1})");
  EXPECT_EQ(store.add_facts(std::vector{facts}, {.allow_update = false}).code(), StatusCode::kAlreadyExists);
  // Where the node after them is bad, nothing is stored, and that one exists is said first.
  NodeFacts other = facts;
  other.id = "other";
  const BadNode bad{"n", Status::invalid_argument("bad")};
  EXPECT_EQ(store.add_facts(std::vector{other}, {}, bad), bad.error);
  EXPECT_EQ(store.add_facts(std::vector{other}, {.allow_update = false}, bad).code(),
            StatusCode::kAlreadyExists);
  EXPECT_FALSE(*store.document_exists("other"));
}

TEST_P(DocumentStoreTest, StreamsInInsertionOrder) {
  KVDocumentStore store = docstore();
  add(store, {text_node("z", "1"), text_node("a", "2"), text_node("m", "3")});
  add(store, {text_node("z", "changed")});
  std::vector<std::string> ids;
  const auto it = store.stream_nodes();
  ASSERT_TRUE(it) << it.error().to_string();
  while ((*it)->next()) {
    ids.emplace_back((*it)->id());
    EXPECT_EQ((*(*it)->node())->node_id(), ids.back());
  }
  EXPECT_TRUE((*it)->status().is_ok());
  EXPECT_THAT(ids, ElementsAre("z", "a", "m"));
}

TEST_P(DocumentStoreTest, AsyncDeleteLeavesTheRefDoc) {
  KVDocumentStore store = docstore();
  const Status added =
      store.async_add_documents({text_node("n1", "one", "d"), text_node("n2", "two", "d")}).get();
  ASSERT_TRUE(added.is_ok()) << added.to_string();
  ASSERT_TRUE(store.adelete_document("n1").get().is_ok());
  EXPECT_THAT((*store.aget_ref_doc_info("d").get())->node_ids, ElementsAre("n2"));
  EXPECT_FALSE(*store.adocument_exists("n1").get());
}

TEST_P(DocumentStoreTest, AsyncCallsAreTheSyncOnes) {
  const std::unique_ptr<BaseDocumentStore> store = std::make_unique<KVDocumentStore>(docstore());
  ASSERT_TRUE(
      store->async_add_documents({text_node("n1", "one", "d"), text_node("n2", "two", "e")}).get().is_ok());
  EXPECT_EQ(store->async_add_documents({text_node("n1", "x", "d")}, {.allow_update = false}).get().code(),
            StatusCode::kAlreadyExists);
  EXPECT_EQ((*store->aget_document("n1").get())->node_id(), "n1");
  EXPECT_EQ((*store->aget_node("n2").get())->node_id(), "n2");
  EXPECT_EQ(store->aget_document("none").get().error().message(), "doc_id none not found.");
  EXPECT_EQ(*store->aget_document("none", false).get(), nullptr);
  EXPECT_EQ(store->aget_nodes({"n2", "none", "n1"}, false).get()->size(), 2u);
  EXPECT_EQ(store->aget_node_dict({{7, "n2"}}).get()->at(0).first, 7);
  EXPECT_TRUE(*store->adocument_exists("n1").get());
  EXPECT_EQ(store->aget_all_ref_doc_info().get()->size(), 2u);
  EXPECT_TRUE(*store->aref_doc_exists("d").get());
  ASSERT_TRUE(store->adelete_ref_doc("d").get().is_ok());
  EXPECT_EQ(store->adelete_ref_doc("d").get().message(), "ref_doc_id d not found.");
  ASSERT_TRUE(store->aset_document_hash("a", "h1").get().is_ok());
  ASSERT_TRUE(store->aset_document_hashes({{"b", "h2"}, {"c", ""}}).get().is_ok());
  EXPECT_EQ(store->aget_document_hash("a").get()->value(), "h1");
  EXPECT_EQ(store->aget_all_document_hashes().get()->size(), 3u);  // n2's too, and not the empty one
}

// Ids that are not in order, more than a digit of the sort holds, and hashes that JSON writes with escapes.
TEST_P(DocumentStoreTest, HashesComeInTheOrderOfTheirNodes) {
  constexpr size_t kNodes = 2500;
  KVDocumentStore store = docstore();
  std::vector<std::pair<std::string, std::string>> hashes;
  for (size_t i = 0; i < kNodes; ++i) {
    hashes.emplace_back("n" + std::to_string(i * 7919 % kNodes), "h" + std::to_string(i % 1200));
  }
  hashes[3].second = "a \"quoted\" \\ \n\xc3\xa9";
  hashes[5].second = "";
  ASSERT_TRUE(store.set_document_hashes(hashes).is_ok());
  ASSERT_TRUE(store.set_document_hash(hashes[0].first, "again").is_ok());  // keeps its place
  hashes[0].second = "again";
  hashes.erase(hashes.begin() + 5);

  const DocumentHashes found = *store.document_hashes();
  ASSERT_EQ(found.size(), hashes.size());
  for (size_t i = 0; i < hashes.size(); ++i) {
    ASSERT_EQ(found.id(i), hashes[i].first) << i;
    ASSERT_EQ(found.hash(i), hashes[i].second) << i;
  }
  const OrderedMap<std::string> ids = *store.get_all_document_hashes();
  EXPECT_EQ(ids.begin()->first, "again");
  EXPECT_EQ(ids.find("h1")->second, hashes[2400].first);  // of equal hashes the last
}

TEST_P(DocumentStoreTest, ThreadsThatShareARefDocLoseNothing) {
  constexpr int kThreads = 8;
  constexpr int kNodes = 50;
  KVDocumentStore store = docstore();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&store, t] {
      for (int i = 0; i < kNodes; ++i) {
        const std::vector<NodePtr> one = {text_node(std::to_string(t) + "-" + std::to_string(i), "x", "d")};
        EXPECT_TRUE(store.add_documents(one).is_ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ((*store.get_ref_doc_info("d"))->node_ids.size(), kThreads * kNodes);
}

TEST_P(DocumentStoreTest, BatchSizeIsRefusedWhereTheStoreCannotBatch) {
  KVDocumentStore store = docstore();
  const std::vector<NodePtr> one = {text_node("n", "x")};
  const Status added = store.add_documents(one, {.batch_size = 10});
  if (batches()) {
    EXPECT_TRUE(added.is_ok());
  } else {
    EXPECT_EQ(added, Status::not_supported("Batching not supported by this key-value store."));
    EXPECT_FALSE(*store.document_exists("n"));
  }
}

TEST_P(DocumentStoreTest, CollectionsAreMadeInTheReferencesOrder) {
  if (!lists_collections()) return;
  KVDocumentStore store = docstore();
  ASSERT_FALSE(*store.document_exists("n"));
  EXPECT_THAT(*kv_->collections(), IsEmpty());
  add(store, {text_node("n", "x", "d")});
  std::vector<std::string> names;
  const auto infos = kv_->collections();
  for (const CollectionInfo& info : *infos) names.push_back(info.name);
  EXPECT_THAT(names, ElementsAre("docstore/ref_doc_info", "docstore/data", "docstore/metadata"));
}

}  // namespace
}  // namespace quipu::testing
