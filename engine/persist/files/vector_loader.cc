#include "engine/json/number.h"
#include "engine/layout/storage_layout.h"
#include "engine/persist/files/file_loaders.h"
#include "quipu/backend/features.h"

namespace quipu {
namespace {

// <namespace>__vector_store.json: {"embedding_dict": {id: [0.1, ...]}, "text_id_to_ref_doc_id": {id: "doc"},
// "metadata_dict": {id: {...}}}.
class VectorLoader : public FileLoader {
 public:
  VectorLoader(const std::string& name, const std::string& ns, BulkLoad& load, CollectionOwners& owners)
      : FileLoader(name, load, owners), collections_(ns) {}

  bool skips(std::string_view name) const override {
    if (name == kTextIdToDocId) return has_ref_doc_ids_;
    return name != kEmbeddingDict && name != kTextIdToRefDocId && name != kMetadataDict;
  }
  bool takes_collection(std::string_view name, JsonKind kind) const override {
    return kind == JsonKind::kObject || (kind == JsonKind::kNull && name == kMetadataDict);
  }
  bool takes_value(JsonKind kind) const override {
    if (part_ == kEmbeddingDict) return kind == JsonKind::kArray;
    return kind == (part_ == kTextIdToRefDocId ? JsonKind::kString : JsonKind::kObject);
  }

  bool takes_any_float() const override { return part_ == kEmbeddingDict; }

  Status begin_collection(std::string_view name, JsonKind kind) override {
    part_ = name == kTextIdToDocId ? kTextIdToRefDocId : name;
    has_ref_doc_ids_ = has_ref_doc_ids_ || name == kTextIdToRefDocId;
    if (part_ == kTextIdToRefDocId) former_ref_doc_ids_ = 0;
    if (name == kEmbeddingDict) return begin(collections_.embeddings, {}, /*keeps_codes=*/true);
    if (part_ == kTextIdToRefDocId) return begin(collections_.ref_doc_ids, kRefDocId);
    if (kind == JsonKind::kObject) return begin(collections_.metadata);
    QUIPU_RETURN_IF_ERROR(begin(collections_.state));
    return put(kMetadataDict, null_metadata_state());
  }

  Status entry(std::string_view key, JsonView value) override {
    if (part_ == kMetadataDict) return put(key, value);
    if (part_ == kTextIdToRefDocId) {
      if (!has_ref_doc_ids_) ++former_ref_doc_ids_;
      return put(key, wrapped(kRefDocId, value));
    }
    if (!parse_number_array(value.text(), elements_)) {
      return Status::invalid_argument("an embedding holds something that is no number");
    }
    return put_vector(key, elements_);
  }

  Status finish(FileLoaders& all) override {
    if (former_ref_doc_ids_ != 0) {
      all.note(report().name + ": entries of text_id_to_doc_id, which LlamaIndex no longer reads: " +
               std::to_string(former_ref_doc_ids_) + ", imported as text_id_to_ref_doc_id");
    }
    return Status::ok();
  }

 private:
  const VectorCollections collections_;
  std::string part_;
  bool has_ref_doc_ids_ = false;     // under today's name
  uint64_t former_ref_doc_ids_ = 0;  // entries under the name of 0.6.0 to 0.6.16
  std::vector<double> elements_;
};

}  // namespace

std::unique_ptr<FileLoader> make_vector_loader(const std::string& name, const std::string& ns, BulkLoad& load,
                                               CollectionOwners& owners) {
  return std::make_unique<VectorLoader>(name, ns, load, owners);
}

}  // namespace quipu
