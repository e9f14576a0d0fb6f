#include "tests/stress/rolling_documents.h"

#include <algorithm>
#include <cmath>

namespace quipu::testing {
namespace {

constexpr int kNodes = 4;  // of a document
constexpr const char* kLeft = "left";
constexpr const char* kRight = "right";

std::string name_of(int number) { return "d" + std::to_string(number % kRollingDocuments); }
std::string node_id(int number, int node) { return name_of(number) + "-" + std::to_string(node); }
std::string text_of(int number) { return std::to_string(number) + std::string(1500, '.'); }

std::vector<double> direction_of(int number, int node) {
  const double angle = (number % kRollingDocuments) + node / 10.0;
  return {std::cos(angle), std::sin(angle), 0.01 * node, 1.0};
}

std::vector<NodePtr> nodes_of(int number) {
  std::vector<NodePtr> nodes;
  for (int i = 0; i < kNodes; ++i) {
    TextNodeBuilder builder;
    builder.id(node_id(number, i)).text(text_of(number)).embedding(direction_of(number, i));
    builder.relationship(NodeRelationship::SOURCE,
                         RelatedNodeInfo{.node_id = name_of(number), .node_type = {}, .hash = {}});
    nodes.push_back(*builder.build());
  }
  return nodes;
}

Status write_in_transaction(StorageContext& context, int number) {
  QUIPU_ASSIGN_OR_RETURN(Transaction transaction, context.begin());
  const std::string name = name_of(number);
  const std::vector<NodePtr> nodes = nodes_of(number);
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorStore> vectors, transaction->vector_store());
  QUIPU_RETURN_IF_ERROR(transaction->docstore().delete_ref_doc(name, /*raise_error=*/false));
  QUIPU_RETURN_IF_ERROR(vectors->delete_(name));
  QUIPU_RETURN_IF_ERROR(transaction->docstore().add_documents(nodes));
  QUIPU_RETURN_IF_ERROR(vectors->add(nodes).status());
  GraphStore& graph = transaction->graph_store();
  QUIPU_RETURN_IF_ERROR(graph.delete_(name, "is", std::to_string(number - kRollingDocuments)));
  QUIPU_RETURN_IF_ERROR(graph.upsert_triplet(name, "is", std::to_string(number)));
  const Json newest = Json::from_canonical("{\"n\": " + std::to_string(number) + "}");
  QUIPU_RETURN_IF_ERROR(transaction->kvstore()->put("newest", newest, kLeft));
  QUIPU_RETURN_IF_ERROR(transaction->kvstore()->put("newest", newest, kRight));
  return transaction.commit();
}

Result<int> newest_in(const KVReader& kvstore, const char* collection) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> value, kvstore.get("newest", collection));
  return value ? static_cast<int>(*value->view().find("n")->number()) : -1;
}

// Compares the document with what it must be in each store.
Result<std::string> check_document(StorageContext& context, int number) {
  const std::string name = name_of(number);
  QUIPU_ASSIGN_OR_RETURN(const auto info, context.docstore().get_ref_doc_info(name));
  if (!info) return name + " is not there";
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<VectorStore> vectors, context.vector_store());
  std::vector<std::string> ids;
  for (int i = 0; i < kNodes; ++i) {
    ids.push_back(node_id(number, i));
    QUIPU_ASSIGN_OR_RETURN(const NodePtr node, context.docstore().get_document(ids.back()));
    QUIPU_ASSIGN_OR_RETURN(const std::string text, node->get_content());
    if (text != text_of(number)) return ids.back() + " is not of " + std::to_string(number);
    QUIPU_ASSIGN_OR_RETURN(const std::vector<double> vector, vectors->get(ids.back()));
    if (vector != direction_of(number, i)) return ids.back() + " has another vector";
  }
  if (info->node_ids != ids) return name + " lists other nodes";
  QUIPU_ASSIGN_OR_RETURN(const std::vector<GraphEdge> edges, context.graph_store().get(name));
  if (edges != std::vector<GraphEdge>{{"is", std::to_string(number)}}) return name + " has other edges";
  return std::string();
}

Result<std::string> check_all(const std::shared_ptr<BaseKVStore>& kvstore, int written) {
  QUIPU_ASSIGN_OR_RETURN(StorageContext context, StorageContext::over(kvstore));
  QUIPU_ASSIGN_OR_RETURN(const int newest, newest_in(*kvstore, kLeft));
  QUIPU_ASSIGN_OR_RETURN(const int right, newest_in(*kvstore, kRight));
  if (newest != right) return std::to_string(newest) + " here, " + std::to_string(right) + " there";
  if (newest + 1 < written) return "what was written before is missing, after " + std::to_string(newest);
  const int oldest = std::max(newest - kRollingDocuments + 1, 0);
  for (const int number : {newest, (newest + oldest) / 2, oldest}) {
    QUIPU_ASSIGN_OR_RETURN(std::string wrong, check_document(context, number));
    if (!wrong.empty()) return wrong;
  }
  QUIPU_ASSIGN_OR_RETURN(const uint64_t count, kvstore->count("docstore/data"));
  if (count != static_cast<uint64_t>((newest - oldest + 1) * kNodes)) {
    return std::to_string(count) + " nodes after " + std::to_string(newest);
  }
  return std::string();
}

}  // namespace

Status write_rolling_document(StorageContext& context, int number) {
  QUIPU_RETURN_IF_ERROR(write_in_transaction(context, number));
  KVDocumentStore others(context.kvstore(), {.ns = "others"});
  if (number % 3 == 0) return others.add_documents(nodes_of(number));
  return others.delete_document(node_id(number - 1, number % kNodes), /*raise_error=*/false);
}

std::string check_rolling_documents(const std::shared_ptr<BaseKVStore>& kvstore, int written) {
  const Result<std::string> wrong = check_all(kvstore, written);
  return wrong ? *wrong : wrong.error().to_string();
}

}  // namespace quipu::testing
