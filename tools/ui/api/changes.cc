// What the page can change: a node's metadata, and that a document is there. Each is one transaction over all
// stores that have a part in it.

#include <optional>
#include <set>
#include <vector>

#include "quipu/document_store.h"
#include "quipu/index_store.h"
#include "quipu/kv_transaction.h"
#include "quipu/vector_store.h"
#include "tools/ui/api/json.h"
#include "tools/ui/api/table.h"

namespace quipu::ui {
namespace {

constexpr std::string_view kVectorStores = "vector_store/";
constexpr std::string_view kEmbeddings = "/embeddings";

// The node's JSON with other values of these members of its data.
Json with_members(const BaseNode& node,
                  const std::vector<std::pair<std::string_view, std::string_view>>& members) {
  std::string data;
  for (const JsonMember& member : node.to_json().view().find("__data__")->members()) {
    std::string_view value = member.value.text();
    for (const auto& [name, other] : members) {
      if (member.key_is(name)) value = other;
    }
    data += (data.empty() ? "" : ", ") + std::string(member.raw_key) + ": " + std::string(value);
  }
  const JsonView type = *node.to_json().view().find("__type__");
  return Json::from_canonical("{\"__data__\": {" + data + "}, \"__type__\": " + std::string(type.text()) +
                              "}");
}

Result<std::vector<std::string>> vector_stores(const BaseKVStore& store) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> collections, store.collections());
  std::vector<std::string> names;
  for (const CollectionInfo& each : collections) {
    if (!each.name.starts_with(kVectorStores) || !each.name.ends_with(kEmbeddings)) continue;
    names.push_back(
        each.name.substr(kVectorStores.size(), each.name.size() - kVectorStores.size() - kEmbeddings.size()));
  }
  return names;
}

// Adds the node again to each vector store that has it, with the vector that it has there.
Status add_to_vector_stores(BaseKVStore& store, const BaseNode& node, const Json& metadata) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> names, vector_stores(store));
  for (const std::string& ns : names) {
    const std::string beginning = std::string(kVectorStores) + ns;
    QUIPU_ASSIGN_OR_RETURN(const bool there, store.exists(node.node_id(), beginning + "/embeddings"));
    if (!there) continue;
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> kept,
                           store.get(node.node_id(), beginning + "/metadata"));
    const bool stores_text = kept && kept->view().find("_node_content").has_value();
    KVVectorStore vectors(unowned(store), ns, stores_text);
    QUIPU_ASSIGN_OR_RETURN(const std::vector<double> vector, vectors.get(node.node_id()));
    std::string elements = "[";
    for (const double element : vector) {
      if (elements.size() > 1) elements += ", ";
      append_json_double(element, elements);
    }
    const Json changed = with_members(node, {{"metadata", metadata.text()}, {"embedding", elements + "]"}});
    QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const BaseNode> added, BaseNode::from_json(changed));
    QUIPU_RETURN_IF_ERROR(vectors.add(std::vector{added}).status());
  }
  return Status::ok();
}

bool names_any(JsonView value, const std::set<std::string>& ids) {
  if (value.is_string()) return ids.contains(value.string());
  if (value.is_array()) {
    for (const JsonView element : value.elements()) {
      if (names_any(element, ids)) return true;
    }
  }
  if (value.is_object()) {
    for (const JsonMember& member : value.members()) {
      if (ids.contains(member.key()) || names_any(member.value, ids)) return true;
    }
  }
  return false;
}

// The struct of a vector index without these nodes.
Result<IndexStruct> without_nodes(const IndexStruct& index, const std::set<std::string>& ids) {
  std::string data;
  for (const JsonMember& field : index.data().members()) {
    std::string value(field.value.text());
    if (field.value.is_object()) {
      value.clear();
      for (const JsonMember& member : field.value.members()) {
        if (ids.contains(member.key()) || names_any(member.value, ids)) continue;
        value += (value.empty() ? "" : ", ") + std::string(member.raw_key) + ": " +
                 std::string(member.value.text());
      }
      value = "{" + value + "}";
    }
    data += (data.empty() ? "" : ", ") + std::string(field.raw_key) + ": " + value;
  }
  return IndexStruct::create(index.type(), Json::from_canonical("{" + data + "}"));
}

// Of other kinds than that of vector indexes only LlamaIndex knows what is to become of them.
Status remove_from_indexes(BaseKVStore& store, const std::set<std::string>& ids) {
  KVIndexStore indexes(unowned(store));
  QUIPU_ASSIGN_OR_RETURN(const std::vector<IndexStruct> structs, indexes.index_structs());
  for (const IndexStruct& index : structs) {
    if (!names_any(index.data(), ids)) continue;
    if (index.type() != "vector_store") {
      return Status::invalid_argument(
          "the index " + index.index_id() + ", of type " + index.type() +
          ", has nodes of this document: delete it by that index's delete_ref_doc");
    }
    QUIPU_ASSIGN_OR_RETURN(const IndexStruct changed, without_nodes(index, ids));
    QUIPU_RETURN_IF_ERROR(indexes.add_index_struct(changed));
  }
  return Status::ok();
}

}  // namespace

Result<std::string> edit_metadata(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const std::string id, params.required_bytes("id"));
  QUIPU_ASSIGN_OR_RETURN(const std::string text, params.required("metadata"));
  QUIPU_ASSIGN_OR_RETURN(const Json metadata, Json::parse(text));
  if (!metadata.view().is_object()) return Status::invalid_argument("metadata must be a JSON object");
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<KVTransaction> transaction, store->begin());
  KVDocumentStore documents(transaction, {.ns = params.get("store", "docstore")});
  QUIPU_ASSIGN_OR_RETURN(const NodePtr node, documents.get_document(id));
  if (const auto was = params.find("was"); was && *was != node->metadata().text()) {
    return Status::busy("the metadata have been changed meanwhile; load the node again");
  }
  const Json changed = with_members(*node, {{"metadata", metadata.text()}});
  QUIPU_RETURN_IF_ERROR(documents.add_serialized(std::vector<JsonView>{changed}));
  QUIPU_RETURN_IF_ERROR(add_to_vector_stores(*transaction, *node, metadata));
  QUIPU_RETURN_IF_ERROR(transaction->commit());
  return JsonText().add("metadata", metadata.text()).object();
}

Result<std::string> delete_document(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const std::string id, params.required_bytes("id"));
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<KVTransaction> transaction, store->begin());
  KVDocumentStore documents(transaction, {.ns = params.get("store", "docstore")});
  QUIPU_ASSIGN_OR_RETURN(const std::optional<RefDocInfo> info, documents.get_ref_doc_info(id));
  if (!info) return Status::not_found("there is no document of this id");
  QUIPU_RETURN_IF_ERROR(
      remove_from_indexes(*transaction, std::set<std::string>(info->node_ids.begin(), info->node_ids.end())));
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> names, vector_stores(*transaction));
  for (const std::string& ns : names) {
    QUIPU_RETURN_IF_ERROR(KVVectorStore(transaction, ns).delete_(id));
  }
  QUIPU_RETURN_IF_ERROR(documents.delete_ref_doc(id));
  QUIPU_RETURN_IF_ERROR(transaction->commit());
  return JsonText().add("nodes", static_cast<uint64_t>(info->node_ids.size())).object();
}

}  // namespace quipu::ui
