#include "tests/crash/workload.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "quipu/bulk_load.h"
#include "quipu/document_store.h"
#include "quipu/graph_store.h"
#include "quipu/index_store.h"
#include "quipu/kv_transaction.h"
#include "quipu/property_graph_store.h"
#include "quipu/vector_store.h"

namespace quipu::testing {
namespace {

constexpr uint64_t kDocuments = 6;
constexpr uint64_t kNodes = 12;  // of a document; one does not move to another

std::string one_of(Random& random, const char* prefix, uint64_t count) {
  return prefix + std::to_string(random.below(count));
}

NodePtr make_node(Random& random, const std::string& source) {
  TextNodeBuilder builder;
  const std::string words = one_of(random, "w", 9) + " " + one_of(random, "w", 9) + " ";
  builder.id(source + one_of(random, "n", kNodes)).text(words + std::string(random.below(2000), 'x'));
  builder.relationship(NodeRelationship::SOURCE,
                       RelatedNodeInfo{.node_id = source, .node_type = {}, .hash = {}});
  builder.embedding(std::vector<double>{1.0, static_cast<double>(random.below(100)) / 7});
  return *builder.build();
}

Json make_value(Random& random) {
  return Json::from_canonical("{\"v\": \"" + std::string(random.below(3000), 'y') +
                              "\", \"n\": " + std::to_string(random.below(1000)) + "}");
}

}  // namespace

Status Workload::run(int number, const std::shared_ptr<BaseKVStore>& kvstore) const {
  Random random(seed_ * 1'000'003 + static_cast<uint64_t>(number));
  if (kind_ == WorkloadKind::kSearch) return change_search(random, number, kvstore);
  auto* const rocksdb = dynamic_cast<RocksDBKVStore*>(kvstore.get());
  if (number % 64 == 63 && rocksdb != nullptr) QUIPU_RETURN_IF_ERROR(rocksdb->compact());
  const uint64_t kind = random.below(20);
  if (kind < 12) return change_documents(random, kvstore);
  if (kind < 15) return write_batch(random, *kvstore);
  if (kind < 18) return change_everywhere(random, kvstore);
  if (kind == 18) return load_in_bulk(random, number, *kvstore);
  const int loaded = number - static_cast<int>(random.below(40));
  return kvstore->drop_collection(name_ + "-load" + std::to_string(loaded)).status();
}

Status Workload::change_documents(Random& random, const std::shared_ptr<BaseKVStore>& kvstore) const {
  KVDocumentStore documents(kvstore, {.ns = name_ + "-docs"});
  // Its text index, which verify() holds against the nodes.
  if (kvstore->capabilities().text_indexes) QUIPU_RETURN_IF_ERROR(documents.index_text("words"));
  const uint64_t kind = random.below(12);
  if (kind < 8) {
    const std::string source = one_of(random, "d", kDocuments);
    std::vector<NodePtr> nodes;
    for (uint64_t i = 0; i <= random.below(6); ++i) nodes.push_back(make_node(random, source));
    return documents.add_documents(nodes);
  }
  if (kind < 10) return documents.delete_ref_doc(one_of(random, "d", kDocuments), /*raise_error=*/false);
  const std::string source = one_of(random, "d", kDocuments);
  return documents.delete_document(source + one_of(random, "n", kNodes), /*raise_error=*/false);
}

Status Workload::write_batch(Random& random, BaseKVStore& kvstore) const {
  WriteBatch batch;
  for (uint64_t i = 0; i <= random.below(5); ++i) {
    const std::string key = one_of(random, "k", 40);
    const std::string collection = one_of(random, "-plain", 2);
    if (random.one_in(4)) {
      batch.delete_(name_ + collection, key);
    } else {
      batch.put(name_ + collection, key, make_value(random));
    }
  }
  return kvstore.write(batch);
}

// In one transaction where there are any.
Status Workload::change_everywhere(Random& random, const std::shared_ptr<BaseKVStore>& kvstore) const {
  std::shared_ptr<BaseKVStore> target = kvstore;
  std::shared_ptr<KVTransaction> transaction;
  if (kvstore->capabilities().transactions) {
    QUIPU_ASSIGN_OR_RETURN(transaction, kvstore->begin());
    target = transaction;
  }
  const NodePtr node = make_node(random, one_of(random, "d", kDocuments));
  KVDocumentStore documents(target, {.ns = name_ + "-docs"});
  QUIPU_RETURN_IF_ERROR(documents.add_documents({&node, 1}));
  KVIndexStore indexes(target, name_ + "-index");
  QUIPU_ASSIGN_OR_RETURN(
      const IndexStruct index_struct,
      IndexStruct::create(
          "list", Json::from_canonical("{\"index_id\": \"" + one_of(random, "i", 5) +
                                       "\", \"summary\": null, \"nodes\": [\"" + node->node_id() + "\"]}")));
  QUIPU_RETURN_IF_ERROR(indexes.add_index_struct(index_struct));
  KVVectorStore vectors(target, name_ + "-vectors");
  QUIPU_RETURN_IF_ERROR(vectors.add({&node, 1}).status());
  QUIPU_RETURN_IF_ERROR(change_sparse(random, target, node->node_id()));
  if (random.one_in(3)) QUIPU_RETURN_IF_ERROR(vectors.delete_(one_of(random, "d", kDocuments)));
  KVGraphStore graph(target, name_ + "-graph");
  const std::string subject = one_of(random, "s", 4);
  QUIPU_RETURN_IF_ERROR(graph.upsert_triplet(subject, one_of(random, "r", 3), one_of(random, "s", 4)));
  if (random.one_in(3)) QUIPU_RETURN_IF_ERROR(graph.delete_(subject, "r0", one_of(random, "s", 4)));
  KVPropertyGraphStore properties(target, name_ + "-properties");
  const std::vector<LabelledNode> entities = {LabelledNode::entity(one_of(random, "e", 9)),
                                              LabelledNode::entity("hub")};
  QUIPU_RETURN_IF_ERROR(properties.upsert_nodes(entities));
  const Relation relation("knows", "hub", entities[0].id());
  QUIPU_RETURN_IF_ERROR(properties.upsert_relations({&relation, 1}));
  return transaction ? transaction->commit() : Status::ok();
}

// Which memory does not keep: what is left of them is for verify() to judge.
Status Workload::change_sparse(Random& random, const std::shared_ptr<BaseKVStore>& kvstore,
                               const std::string& id) const {
  SparseVector vector;
  for (uint32_t index = 0; index < 20; ++index) {
    if (!random.one_in(3)) continue;
    vector.indices.push_back(index);
    vector.values.push_back(static_cast<double>(random.below(50)) / 8);
  }
  const bool has_one = random.one_in(2);
  if (!kvstore->capabilities().text_indexes) return Status::ok();
  const std::vector<double> embedding = {1.0, 0.5};
  const std::vector<VectorStoreEntry> entries = {
      {.id = id, .embedding = embedding, .sparse = has_one ? &vector : nullptr}};
  return KVVectorStore(kvstore, name_ + "-sparse").add_entries(entries);
}

Status Workload::load_in_bulk(Random& random, int number, BaseKVStore& kvstore) const {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<BulkLoad> load, kvstore.bulk_load());
  QUIPU_RETURN_IF_ERROR(load->begin_collection(name_ + "-load" + std::to_string(number), {"", "v"}));
  for (uint64_t i = 0; i <= random.below(30); ++i) {
    QUIPU_RETURN_IF_ERROR(load->put(one_of(random, "k", 40), make_value(random)));
  }
  return load->commit();
}

Result<std::string> Workload::state(const KVReader& kvstore) const {
  QUIPU_ASSIGN_OR_RETURN(std::vector<CollectionInfo> infos, kvstore.collections());
  std::ranges::sort(infos, {}, &CollectionInfo::name);
  std::string state;
  for (const CollectionInfo& info : infos) {
    const bool ours =
        info.name.starts_with(name_ + "-") || info.name.starts_with("vector_store/" + name_ + "-");
    const bool is_sparse = info.name.starts_with("vector_store/" + name_ + "-sparse/");
    if (!ours || is_sparse || info.count == 0 || info.name.ends_with("/ann"))
      continue;  // a model has no partitions
    QUIPU_ASSIGN_OR_RETURN(const std::vector<KVEntry> entries, kvstore.get_all(info.name));
    state += info.name + "\n";
    for (const KVEntry& entry : entries) state += "  " + entry.key + ": " + entry.val.text() + "\n";
  }
  return state;
}

void WorkloadModel::expect(const KVReader& store, int least, int most) {
  const auto advance = [&] {
    const Status done = work_.run(done_, kvstore_);
    ASSERT_TRUE(done.is_ok()) << "operation " << done_ << " in memory: " << done.to_string();
    ++done_;
  };
  while (done_ < least) advance();
  const Result<std::string> found = work_.state(store);
  ASSERT_TRUE(found) << found.error().to_string();
  std::string expected = *work_.state(*kvstore_);
  const int tried_from = done_;
  while (*found != expected && done_ < most) {
    advance();
    expected = *work_.state(*kvstore_);
  }
  if (*found == expected) return;
  const auto [at, there] = std::ranges::mismatch(*found, expected);
  const auto from = std::max<std::ptrdiff_t>(at - found->begin() - 100, 0);
  ADD_FAILURE() << "the state is none of those after " << tried_from << " to " << most
                << " operations; it differs from the last at byte " << at - found->begin() << ":\n"
                << found->substr(static_cast<size_t>(from), 300) << "\n---- expected ----\n"
                << expected.substr(static_cast<size_t>(from), 300);
}

}  // namespace quipu::testing
