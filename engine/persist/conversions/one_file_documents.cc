#include "engine/persist/conversions/one_file_documents.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "engine/layout/document_metadata.h"
#include "engine/layout/storage_layout.h"
#include "quipu/node.h"

namespace quipu {
namespace {

std::string quoted(std::string_view text) {
  constexpr size_t kMost = 200;
  return Json::from_string(text.substr(0, kMost)).text();
}

// Says what an error is about.
Status of(std::string_view what, std::string_view key, const Status& status) {
  if (status.code() != StatusCode::kInvalidArgument) return status;
  return Status::invalid_argument(std::string(what) + " " + quoted(key) + ": " + status.message());
}

bool has_vectors(const OneFile& file, std::string_view index_id) {
  return std::ranges::any_of(file.vectors, [&](const OneFileVectorIds& vectors) {
    const bool of_index = vectors.where.index_id == index_id || vectors.where.index_id.empty();
    return of_index && (!vectors.where.of_struct || !vectors.hash_of.empty());
  });
}

}  // namespace

// Nodes without an id get the index's id and their place.
class OneFileDocuments::NodesOfIndex : public OneFileNodes {
 public:
  NodesOfIndex(OneFileDocuments& documents, const std::string& file, const std::string& index_id)
      : documents_(documents), file_(file), index_id_(index_id) {}

  Result<std::string> add(JsonView node, std::string_view place) override {
    Result<OneFileNode> converted = convert_one_file_node(node, index_id_ + "-" + std::string(place),
                                                          documents_.index_ids_, documents_.losses_);
    if (!converted) return of("node", place, converted.error());
    std::string id = converted->id;
    QUIPU_RETURN_IF_ERROR(documents_.store(file_, *std::move(converted)));
    return id;
  }

 private:
  OneFileDocuments& documents_;
  const std::string& file_;
  const std::string& index_id_;
};

Status OneFileDocuments::begin() {
  return docstore_.begin_collection(collection_of(kDocumentStoreNamespace, kDataEnding), JsonKind::kObject);
}

Status OneFileDocuments::add(const std::string& name, const OneFile& file,
                             std::vector<OneFileIndex>& indexes) {
  index_ids_.clear();
  for (const auto& [id, doc] : file.docs) {
    if (is_one_file_index(doc)) index_ids_.insert(id);
  }
  if (index_ids_.empty() && file.structs.empty()) {
    return Status::invalid_argument("an index of LlamaIndex before 0.6 without its index struct");
  }
  if (!file.root_id.empty() && !index_ids_.contains(file.root_id) &&
      file.structs.find(file.root_id) == file.structs.end()) {
    return Status::invalid_argument("its index struct " + quoted(file.root_id) + " is not there");
  }
  QUIPU_RETURN_IF_ERROR(add_docs(name, file, indexes));
  QUIPU_RETURN_IF_ERROR(add_structs(name, file, indexes));
  for (const auto& [id, hash] : file.hashes) {
    if (!index_ids_.contains(id)) hashes_.insert_or_assign(id, hash);
  }
  return Status::ok();
}

Status OneFileDocuments::add_docs(const std::string& name, const OneFile& file,
                                  std::vector<OneFileIndex>& indexes) {
  for (const auto& [id, doc] : file.docs) {
    if (index_ids_.contains(id)) {
      NodesOfIndex nodes(*this, name, id);
      Result<OneFileIndex> index = convert_one_file_index(doc, id, has_vectors(file, id), nodes);
      if (!index) return of("index struct", id, index.error());
      losses_.index_extra_info += index->has_other_members ? 1 : 0;
      indexes.push_back(*std::move(index));
      continue;
    }
    const std::string_view type = doc.view().find("__type__").value_or(JsonView()).text();
    const bool is_document = type == "null" || type == "\"Document\"";
    if (!is_document && type != "\"1\"" && type != "\"2\"" && type != "\"3\"") {
      return of("document", id,
                Status::invalid_argument("its \"__type__\" " + std::string(type.substr(0, 80)) +
                                         " is none of LlamaIndex before 0.6"));
    }
    Result<OneFileNode> node = is_document ? convert_one_file_document(doc, id, losses_)
                                           : convert_one_file_node(doc, id, index_ids_, losses_);
    if (!node) return of(is_document ? "document" : "node", id, node.error());
    if (node->id != id)
      return of("node", id, Status::invalid_argument("its \"doc_id\" is " + quoted(node->id)));
    QUIPU_RETURN_IF_ERROR(store(name, *std::move(node)));
  }
  return Status::ok();
}

Status OneFileDocuments::add_structs(const std::string& name, const OneFile& file,
                                     std::vector<OneFileIndex>& indexes) {
  for (const auto& [key, index_struct] : file.structs) {
    const JsonView index = index_struct;
    const std::optional<JsonView> type = index.find("__type__");
    if (index.find("index_id")) {
      const std::string id = index.find("index_id")->is_string() ? index.find("index_id")->string() : key;
      Result<OneFileIndex> converted = convert_one_file_index(
          type && type->is_string() ? type->string() : std::string(), index, has_vectors(file, id));
      if (!converted) return of("index struct", id, converted.error());
      indexes.push_back(*std::move(converted));
      continue;
    }
    // Of gpt_index before 0.4: as in the docs of 0.4, but beside them.
    const std::optional<JsonView> doc_id = index.find("doc_id");
    const std::string id = doc_id && doc_id->is_string() ? doc_id->string() : name;
    NodesOfIndex nodes(*this, name, id);
    Result<OneFileIndex> converted = convert_one_file_index(index, id, has_vectors(file, id), nodes);
    if (!converted) return of("index struct", id, converted.error());
    indexes.push_back(*std::move(converted));
  }
  return Status::ok();
}

Status OneFileDocuments::store(const std::string& file, OneFileNode node) {
  const size_t content = std::hash<std::string>()(node.stored.text());
  if (const auto known = nodes_.find(node.id); known != nodes_.end()) {
    if (known->second.content == content) return Status::ok();
    const bool same_file = known->second.file == file;
    return Status::invalid_argument("node " + quoted(node.id) + " is there twice, with different contents" +
                                    (same_file ? "" : ", in " + known->second.file + ", too") +
                                    (same_file ? "" : "; import the files one by one, by their paths"));
  }
  QUIPU_RETURN_IF_ERROR(docstore_.entry(node.id, node.stored));
  if (node.doc_hash.empty()) {  // gpt_index before 0.4.30 had none: that of today
    QUIPU_ASSIGN_OR_RETURN(const NodeFacts facts, BaseNode::facts(node.stored));
    node.doc_hash = facts.hash;
  }
  if (!node.ref_doc_id.empty()) {
    RefDoc& ref_doc = ref_docs_[node.ref_doc_id];
    if (!ref_doc.node_ids.empty()) ref_doc.node_ids += ", ";
    append_json_string(node.id, ref_doc.node_ids);
    ref_doc.metadata.merge(node.stored.view().find("__data__")->find("metadata").value_or(JsonView()));
  }
  nodes_.insert_or_assign(node.id, {std::move(node.doc_hash), std::move(node.ref_doc_id), content, file});
  return Status::ok();
}

Status OneFileDocuments::finish() {
  QUIPU_RETURN_IF_ERROR(docstore_.end_collection());
  QUIPU_RETURN_IF_ERROR(
      docstore_.begin_collection(collection_of(kDocumentStoreNamespace, kMetadataEnding), JsonKind::kObject));
  for (const auto& [id, node] : nodes_) {
    const auto hash = hashes_.find(id);
    const std::optional<std::string> ref_doc_id =
        node.ref_doc_id.empty() ? std::nullopt : std::optional(node.ref_doc_id);
    QUIPU_RETURN_IF_ERROR(docstore_.entry(
        id, document_metadata(hash == hashes_.end() ? node.doc_hash : hash->second, ref_doc_id)));
  }
  for (const auto& [id, hash] : hashes_) {
    if (!has(id)) QUIPU_RETURN_IF_ERROR(docstore_.entry(id, document_metadata(hash, std::nullopt)));
  }
  QUIPU_RETURN_IF_ERROR(docstore_.end_collection());
  QUIPU_RETURN_IF_ERROR(
      docstore_.begin_collection(collection_of(kDocumentStoreNamespace, kRefDocsEnding), JsonKind::kObject));
  for (const auto& [id, ref_doc] : ref_docs_) {
    QUIPU_RETURN_IF_ERROR(
        docstore_.entry(id, JsonView::from_canonical("{\"node_ids\": [" + ref_doc.node_ids +
                                                     "], \"metadata\": " + ref_doc.metadata.text() + "}")));
  }
  return docstore_.end_collection();
}

std::string OneFileDocuments::ref_doc_of(std::string_view node_id) const {
  const auto node = nodes_.find(node_id);
  return node == nodes_.end() ? std::string() : node->second.ref_doc_id;
}

}  // namespace quipu
