// What a workload of search does: vectors of some clusters, in a store whose codes, partitions and text index
// are made while it runs, as of a database of format 1.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "quipu/document_store.h"
#include "quipu/kv_transaction.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "quipu/write_batch.h"
#include "tests/crash/workload.h"

namespace quipu::testing {
namespace {

constexpr size_t kDimensions = 16;
constexpr uint64_t kClusters = 12;
constexpr int kAtFirst = 9000;       // more than get their codes at a time, and than have no partitions
constexpr uint64_t kIds = 12000;     // so that adds replace some
constexpr uint64_t kDocuments = 40;  // that vectors are of
constexpr double kRecall = 0.9;

std::string id_of(uint64_t number) { return "v" + std::to_string(number); }
std::string document_of(uint64_t number) { return "d" + std::to_string(number % kDocuments); }

std::vector<double> near_cluster(Random& random, uint64_t cluster) {
  Random centre(cluster);
  std::vector<double> elements(kDimensions);
  for (double& element : elements) {
    element = static_cast<double>(centre.below(2001)) / 1000 - 1;
    element += (static_cast<double>(random.below(2001)) / 1000 - 1) / 3;
  }
  return elements;
}

NodePtr make_text(Random& random) {
  const std::string source = "t" + std::to_string(random.below(5));
  TextNodeBuilder builder;
  builder.id(source + "n" + std::to_string(random.below(20)))
      .text("word" + std::to_string(random.below(9)) + " and word" + std::to_string(random.below(9)));
  builder.relationship(NodeRelationship::SOURCE,
                       RelatedNodeInfo{.node_id = source, .node_type = {}, .hash = {}});
  return *builder.build();
}

// As it was before there were codes: whoever adds vectors later makes those of these.
Status put_vectors_of_format_1(Random& random, const std::string& ns, BaseKVStore& kvstore) {
  const std::string prefix = "vector_store/" + ns;
  const std::string file = ns + "__vector_store.json";
  QUIPU_RETURN_IF_ERROR(kvstore.declare_collection(prefix + "/embeddings", {file, ""}));
  QUIPU_RETURN_IF_ERROR(kvstore.declare_collection(prefix + "/ref_doc_ids", {file, "ref_doc_id"}));
  QUIPU_RETURN_IF_ERROR(kvstore.declare_collection(prefix + "/metadata", {file, ""}));
  WriteBatch batch;
  for (int i = 0; i < kAtFirst; ++i) {
    const auto number = static_cast<uint64_t>(i);
    const std::string id = id_of(number);
    batch.put_vector(prefix + "/embeddings", id, near_cluster(random, random.below(kClusters)));
    const std::string document = "{\"ref_doc_id\": \"" + document_of(number) + "\"}";
    batch.put(prefix + "/ref_doc_ids", id, Json::from_canonical(document));
    batch.put(prefix + "/metadata", id, Json::from_canonical(document));
  }
  return kvstore.write(batch);
}

Status add_vectors(Random& random, KVVectorStore& vectors) {
  const uint64_t cluster = random.below(kClusters);  // so that its partitions are divided
  std::vector<std::string> ids;
  std::vector<std::string> documents;
  std::vector<std::vector<double>> elements;
  for (uint64_t i = 0; i <= random.below(400); ++i) {
    const uint64_t number = random.below(kIds);
    ids.push_back(id_of(number));
    documents.push_back(document_of(number));
    elements.push_back(near_cluster(random, cluster));
  }
  std::vector<VectorStoreEntry> entries;
  for (size_t i = 0; i < ids.size(); ++i) {
    entries.push_back({.id = ids[i], .embedding = elements[i], .ref_doc_id = documents[i]});
  }
  return vectors.add_entries(entries);
}

// Those that the model has, of which an approximate search has found a share.
size_t shared(const std::vector<std::string>& found, const std::vector<std::string>& expected) {
  const std::set<std::string> all(expected.begin(), expected.end());
  return static_cast<size_t>(std::ranges::count_if(found, [&](const auto& id) { return all.contains(id); }));
}

}  // namespace

Status Workload::change_search(Random& random, int number,
                               const std::shared_ptr<BaseKVStore>& kvstore) const {
  const std::string ns = name_ + "-vectors";
  if (number == 0) return put_vectors_of_format_1(random, ns, *kvstore);
  auto* const rocksdb = dynamic_cast<RocksDBKVStore*>(kvstore.get());
  const uint64_t kind = random.below(16);
  if (kind == 0) return rocksdb != nullptr ? rocksdb->compact() : Status::ok();
  KVVectorStore vectors(kvstore, ns);
  if (kind < 3) return rocksdb != nullptr ? vectors.use_ann(kRecall) : Status::ok();
  if (kind < 9) return add_vectors(random, vectors);
  if (kind == 9) return vectors.delete_(document_of(random.below(kDocuments)));
  if (kind == 10) {
    std::vector<std::string> ids;
    for (uint64_t i = 0; i <= random.below(600); ++i) ids.push_back(id_of(random.below(kIds)));
    return vectors.delete_nodes(ids);
  }
  const NodePtr node = make_text(random);
  if (kind < 14) {
    KVDocumentStore documents(kvstore, {.ns = name_ + "-docs"});
    const bool makes_index = random.one_in(2);  // whatever the store, so that all draw the same
    if (rocksdb != nullptr && makes_index) QUIPU_RETURN_IF_ERROR(documents.index_text("words"));
    return random.one_in(3) ? documents.delete_document(node->node_id(), /*raise_error=*/false)
                            : documents.add_documents({&node, 1});
  }
  std::shared_ptr<BaseKVStore> target = kvstore;
  std::shared_ptr<KVTransaction> transaction;
  if (rocksdb != nullptr) {
    QUIPU_ASSIGN_OR_RETURN(transaction, kvstore->begin());
    target = transaction;
  }
  KVDocumentStore documents(target, {.ns = name_ + "-docs"});
  QUIPU_RETURN_IF_ERROR(documents.add_documents({&node, 1}));
  KVVectorStore in_transaction(target, ns);
  QUIPU_RETURN_IF_ERROR(add_vectors(random, in_transaction));
  return transaction ? transaction->commit() : Status::ok();
}

void Workload::expect_answers(const std::shared_ptr<BaseKVStore>& store,
                              const std::shared_ptr<BaseKVStore>& model) const {
  constexpr int kQueries = 10;
  constexpr int kNearest = 10;
  KVVectorStore found_in(store, name_ + "-vectors");
  const KVVectorStore expected_in(model, name_ + "-vectors");
  const Result<std::optional<double>> recall = found_in.ann();
  ASSERT_TRUE(recall) << recall.error().to_string();
  Random random(seed_);
  std::vector<VectorStoreQuery> queries(kQueries);
  std::vector<std::vector<std::string>> expected;
  size_t found = 0;
  for (VectorStoreQuery& query : queries) {
    query.query_embedding = near_cluster(random, random.below(kClusters));
    query.similarity_top_k = kNearest;
    expected.push_back(expected_in.query(query)->ids);
    const auto near = found_in.query(query);  // at once: nothing has been read or made before
    ASSERT_TRUE(near) << near.error().to_string();
    found += shared(near->ids, expected.back());
  }
  if (!expected.front().empty()) {
    EXPECT_GE(found, static_cast<size_t>(kQueries * kNearest) * 7 / 10);
  }
  if (*recall) {
    ASSERT_TRUE(found_in.drop_ann().is_ok());
  }
  for (size_t i = 0; i < queries.size(); ++i) EXPECT_EQ(found_in.query(queries[i])->ids, expected[i]);
  if (*recall) {
    ASSERT_TRUE(found_in.use_ann(**recall).is_ok());
  }
}

void Workload::expect_words(const std::shared_ptr<BaseKVStore>& store,
                            const std::shared_ptr<BaseKVStore>& model) const {
  const KVDocumentStore found_in(store, {.ns = name_ + "-docs"});
  const auto index = found_in.text_index();
  ASSERT_TRUE(index) << index.error().to_string();
  if (!*index || !(*index)->whole) return;
  const KVDocumentStore expected_in(model, {.ns = name_ + "-docs"});
  for (int word = 0; word < 9; ++word) {
    const std::string text = "word" + std::to_string(word);
    std::set<std::string> expected;
    auto nodes = expected_in.stream_nodes();
    ASSERT_TRUE(nodes);
    while ((*nodes)->next()) {
      const auto node = (*nodes)->node();
      ASSERT_TRUE(node) << node.error().to_string();
      if ((*node)->get_content()->find(text) != std::string::npos) expected.emplace((*nodes)->id());
    }
    const auto matches = found_in.search_text({.query = text, .top_k = 1000});
    ASSERT_TRUE(matches) << matches.error().to_string();
    std::set<std::string> found;
    for (const TextMatch& match : *matches) found.insert(match.id);
    EXPECT_EQ(found, expected) << text;
  }
}

}  // namespace quipu::testing
