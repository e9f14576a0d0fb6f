#include <set>
#include <string>

#include "engine/checks/store_faults.h"
#include "engine/layout/storage_layout.h"
#include "engine/node/node_metadata.h"
#include "engine/stores/partitions/stored_partitions.h"
#include "quipu/backend/features.h"
#include "quipu/backend/vector_codes.h"
#include "quipu/node.h"

namespace quipu {
namespace {

// The check of one vector store.
class VectorStoreCheck {
 public:
  VectorStoreCheck(const KVReader& store, const std::string& ns, const TakeFault& take)
      : store_(store), collections_(ns), take_(take) {}

  Status run() const {
    const auto quarantine = [&](const std::string& collection) {
      return [&](std::string_view key) {
        return take_(quarantine_fault(collection, key, "there is no vector in " + collections_.embeddings));
      };
    };
    QUIPU_RETURN_IF_ERROR(check(collections_.embeddings, collections_.ref_doc_ids,
                                [this](std::string_view id) { return no_ref_doc_id(id); }));
    for (const std::string& other : {collections_.ref_doc_ids, collections_.metadata, collections_.sparse}) {
      QUIPU_RETURN_IF_ERROR(check(other, collections_.embeddings, quarantine(other)));
    }
    QUIPU_ASSIGN_OR_RETURN(const uint64_t with_metadata, store_.count(collections_.metadata));
    if (with_metadata == 0) return Status::ok();  // of an older version, which kept none
    return check(collections_.embeddings, collections_.metadata,
                 [this](std::string_view id) { return no_metadata(id); });
  }

 private:
  // Calls `missing` with each key of `from` that is not in `in`.
  template <class Missing>
  Status check(const std::string& from, const std::string& in, const Missing& missing) const {
    ScanOptions keys;
    keys.keys_only = true;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store_.scan(keys, from));
    while (it->next()) {
      QUIPU_ASSIGN_OR_RETURN(const bool there, store_.exists(it->key(), in));
      if (!there) QUIPU_RETURN_IF_ERROR(missing(it->key()));
    }
    return it->status();
  }

  Status fault(std::string_view id, const std::string& in, std::string action, const Json& value) const {
    return take_(
        {{{collections_.embeddings, std::string(id), "the vector has no entry in " + in}, std::move(action)},
         [&, id](StoreRepairWriter& writer) { return writer.put(in, id, value); }});
  }

  // The document store knows it, or it is "None", as for a node without a source.
  Status no_ref_doc_id(std::string_view id) const {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> known, store_.get(id, documents_.metadata));
    const std::optional<JsonView> found = known ? known->view().find(kRefDocId) : std::nullopt;
    const Json ref_doc_id = Json::from_string(found && found->is_string() ? found->string() : "None");
    return fault(id, collections_.ref_doc_ids, "entered there with document " + ref_doc_id.text(),
                 wrapped(kRefDocId, ref_doc_id));
  }

  // The node has it; without the node there is none.
  Status no_metadata(std::string_view id) const {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored, store_.get(id, documents_.nodes));
    const auto node = stored ? BaseNode::from_json(*stored) : nullptr;
    const auto ref_doc_id = node && *node ? (*node)->ref_doc_id() : std::optional<std::string>();
    if (node && *node && ref_doc_id) {
      return fault(
          id, collections_.metadata, "metadata taken from the node",
          vector_metadata((*node)->metadata(), (*node)->class_name(), ref_doc_id->value_or(std::string())));
    }
    return fault(id, collections_.metadata, "entered there without metadata", Json::from_canonical("{}"));
  }

  const KVReader& store_;
  const VectorCollections collections_;
  const DocumentCollections documents_{kDocumentStoreNamespace};
  const TakeFault& take_;
};

std::set<std::string> vector_store_namespaces(const std::vector<CollectionInfo>& infos) {
  std::set<std::string> namespaces;
  for (const CollectionInfo& info : infos) {
    for (const std::string_view end : {kEmbeddingsEnding, kRefDocIdsEnding, kMetadataEnding, kSparseEnding}) {
      const size_t around = kVectorStorePrefix.size() + end.size();
      if (info.name.size() < around || !info.name.starts_with(kVectorStorePrefix) ||
          !info.name.ends_with(end))
        continue;
      namespaces.insert(info.name.substr(kVectorStorePrefix.size(), info.name.size() - around));
    }
  }
  return namespaces;
}

}  // namespace

Status find_vector_faults(const KVReader& store, const std::vector<CollectionInfo>& infos,
                          const TakeFault& take) {
  for (const std::string& ns : vector_store_namespaces(infos)) {
    QUIPU_RETURN_IF_ERROR(VectorStoreCheck(store, ns, take).run());
  }
  return Status::ok();
}

Status find_partition_faults(const BaseKVStore& store, const std::vector<CollectionInfo>& infos,
                             const TakeFault& take) {
  for (const std::string& ns : vector_store_namespaces(infos)) {
    const std::string vectors = VectorCollections(ns).embeddings;
    const auto codes = store.vector_values().codes(vectors);
    if (!codes || !*codes) continue;  // what is wrong with codes themselves the backend finds
    StoredPartitions partitions(vectors, /*recall=*/0, /*bytes=*/0);
    const Status checked = partitions.check(**codes);
    if (checked.is_ok()) continue;
    if (checked.code() != StatusCode::kCorruption) return checked;
    QUIPU_RETURN_IF_ERROR(
        take({{{vectors, "", checked.message()}, "partitions given up; use_ann() or a write makes them anew"},
              [vectors](StoreRepairWriter& writer) { return writer.give_up_partitions(vectors); }}));
  }
  return Status::ok();
}

}  // namespace quipu
