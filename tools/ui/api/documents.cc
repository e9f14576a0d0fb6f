// Document stores: source documents, their nodes, one node.

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "quipu/backend/features.h"
#include "quipu/document_store.h"
#include "tools/ui/api/json.h"
#include "tools/ui/api/page.h"
#include "tools/ui/api/table.h"

namespace quipu::ui {
namespace {

constexpr std::string_view kDocumentStore = "docstore";
constexpr uint64_t kMostNumbers = 4096;  // of a vector

struct DocumentHead {
  uint64_t nodes = 0;
  std::string metadata = "{}";
};

DocumentHead head_of(JsonView value, std::optional<uint64_t> nodes) {
  DocumentHead head;
  if (const std::optional<JsonView> metadata = value.find("metadata")) head.metadata = metadata->text();
  if (nodes) {
    head.nodes = *nodes;
  } else if (const std::optional<JsonView> ids = value.find("node_ids"); ids && ids->is_array()) {
    for ([[maybe_unused]] const JsonView id : ids->elements()) ++head.nodes;
  }
  return head;
}

// What is said of a document in a list. A long list of nodes is counted, not read.
Result<DocumentHead> document_head(BaseKVStore& store, const std::string& collection, std::string_view id) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<MemberLists::Info> list,
                         store.member_lists().list_info(collection, id));
  if (list) return head_of(JsonView::from_canonical(list->head + list->tail), list->count);
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> value, store.get(id, collection));
  return value ? head_of(*value, std::nullopt) : DocumentHead();
}

std::string relation_json(const char* kind, const RelatedNodeInfo& node) {
  return JsonText().add("kind", kind).add_key(node.node_id).object();
}

// Those that fit the class; what is malformed is to be seen in the JSON of the node.
std::string relations_json(const BaseNode& node) {
  std::vector<std::string> rows;
  const auto add = [&](const char* kind, const Result<std::optional<RelatedNodeInfo>>& related) {
    if (related && *related) rows.push_back(relation_json(kind, **related));
  };
  add("source", node.source_node());
  add("previous", node.prev_node());
  add("next", node.next_node());
  add("parent", node.parent_node());
  const auto children = node.child_nodes();
  if (children && *children) {
    const size_t shown = std::min<size_t>((*children)->size(), kMostEntries);
    for (const RelatedNodeInfo& child : std::span(**children).first(shown)) {
      rows.push_back(relation_json("child", child));
    }
  }
  return JsonText::array(rows);
}

std::string vector_json(const std::string& ns, std::span<const double> vector) {
  double squares = 0;
  for (const double element : vector) squares += element * element;
  std::vector<std::string> shown;
  for (const double element : vector.first(std::min<size_t>(vector.size(), kMostNumbers))) {
    shown.push_back(Json::from_string(Json::from_double(element).text()).text());
  }
  JsonText text;
  text.add("store", ns).add("dimension", static_cast<uint64_t>(vector.size()));
  text.add("squares", Json::from_double(squares).text());
  return text.add_raw("elements", JsonText::array(shown)).object();
}

// Of each vector store that has one of this node.
Result<std::string> vectors_json(BaseKVStore& store, std::string_view id) {
  constexpr std::string_view kBeginning = "vector_store/";
  constexpr std::string_view kEnding = "/embeddings";
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> collections, store.collections());
  std::vector<std::string> rows;
  for (const CollectionInfo& each : collections) {
    if (!each.name.starts_with(kBeginning) || !each.name.ends_with(kEnding)) continue;
    QUIPU_ASSIGN_OR_RETURN(const bool there, store.exists(id, each.name));
    if (!there) continue;
    const std::string ns =
        each.name.substr(kBeginning.size(), each.name.size() - kBeginning.size() - kEnding.size());
    QUIPU_ASSIGN_OR_RETURN(const std::vector<double> vector, KVVectorStore(unowned(store), ns).get(id));
    rows.push_back(vector_json(ns, vector));
  }
  return JsonText::array(rows);
}

}  // namespace

Result<std::string> get_documents(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  const std::string collection = params.get("store", kDocumentStore) + "/ref_doc_info";
  return page_of(*store, collection, params, Values::kLeft,
                 [&](std::string_view id, JsonView) -> Result<std::string> {
                   QUIPU_ASSIGN_OR_RETURN(const DocumentHead head, document_head(*store, collection, id));
                   JsonText row;
                   row.add_key(id).add("nodes", head.nodes);
                   add_beginning(row, "metadata", head.metadata, kPreviewBytes);
                   return row.object();
                 });
}

Result<std::string> get_document(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const std::string id, params.required_bytes("id"));
  QUIPU_ASSIGN_OR_RETURN(const uint64_t offset, params.number("offset", 0, UINT64_MAX));
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  const KVDocumentStore documents(unowned(*store), {.ns = params.get("store", kDocumentStore)});
  QUIPU_ASSIGN_OR_RETURN(const std::optional<RefDocInfo> info, documents.get_ref_doc_info(id));
  if (!info) return Status::not_found("there is no document of this id");
  const std::span<const std::string> all = info->node_ids;
  const std::span<const std::string> rest = all.subspan(std::min<size_t>(offset, all.size()));
  const std::span<const std::string> shown = rest.first(std::min<size_t>(rest.size(), kPageEntries));
  QUIPU_ASSIGN_OR_RETURN(const std::vector<NodePtr> nodes, documents.get_documents(shown));
  std::vector<std::string> rows;
  for (size_t i = 0; i < nodes.size(); ++i) {
    rows.push_back(nodes[i] == nullptr ? JsonText().add_key(shown[i]).add("missing", true).object()
                                       : node_row(*nodes[i]));
  }
  JsonText answer;
  answer.add_key(id).add("nodes", static_cast<uint64_t>(all.size())).add("offset", offset);
  add_beginning(answer, "metadata", info->metadata.text(), kValueBytes);
  return answer.add_raw("rows", JsonText::array(rows)).object();
}

Result<std::string> get_nodes(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  const std::string collection = params.get("store", kDocumentStore) + "/data";
  return page_of(*store, collection, params, Values::kRead,
                 [](std::string_view key, JsonView value) -> Result<std::string> {
                   const auto node = BaseNode::from_json(Json::from_canonical(std::string(value.text())));
                   if (node) return node_row(**node);
                   return JsonText().add_key(key).add("error", node.error().message()).object();
                 });
}

Result<std::string> get_node(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const std::string id, params.required_bytes("id"));
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  const KVDocumentStore documents(unowned(*store), {.ns = params.get("store", kDocumentStore)});
  QUIPU_ASSIGN_OR_RETURN(const NodePtr node, documents.get_document(id));
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> hash, documents.get_document_hash(id));
  QUIPU_ASSIGN_OR_RETURN(const std::string vectors, vectors_json(*store, id));
  JsonText answer;
  answer.add_key(id).add("type", node->class_name());
  add_beginning(answer, "text", content_of(*node), kValueBytes);
  add_beginning(answer, "metadata", node->metadata().text(), kValueBytes);
  answer.add("hash", hash.value_or("")).add_raw("relations", relations_json(*node));
  return answer.add_raw("vectors", vectors).object();
}

}  // namespace quipu::ui
