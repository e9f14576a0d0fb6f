#include "engine/json/persist_file_writer.h"
#include "engine/persist/file_exporter.h"
#include "engine/stores/stored_forms.h"

namespace quipu {
namespace {

class VectorExporter : public FileExporter {
 private:
  Status write(const Source& source, OutputFile& file) const override {
    PersistFileWriter writer(file);
    QUIPU_RETURN_IF_ERROR(part(source, writer, kEmbeddingDict, "/embeddings", "embedding"));
    QUIPU_RETURN_IF_ERROR(part(source, writer, kTextIdToRefDocId, "/ref_doc_ids", kRefDocId));
    bool metadata_is_null = false;
    if (const std::string state = source.collection_ending("/state"); !state.empty()) {
      QUIPU_RETURN_IF_ERROR(source.for_each(state, [&](std::string_view key, JsonView) {
        metadata_is_null |= key == kMetadataDict;
        return Status::ok();
      }));
    }
    QUIPU_RETURN_IF_ERROR(metadata_is_null ? writer.member(kMetadataDict, JsonView())
                                           : part(source, writer, kMetadataDict, "/metadata", {}));
    return writer.finish();
  }

  // A collection under its name in the file; of each value only the member `field`, when one is named.
  static Status part(const Source& source, PersistFileWriter& writer, std::string_view name,
                     std::string_view ending, std::string_view field) {
    QUIPU_RETURN_IF_ERROR(writer.begin_collection(name));
    if (const std::string collection = source.collection_ending(ending); !collection.empty()) {
      QUIPU_RETURN_IF_ERROR(source.for_each(collection, [&](std::string_view key, JsonView value) {
        return writer.entry(key, field.empty() ? value : value.find(field).value_or(JsonView()));
      }));
    }
    return writer.end_collection();
  }
};

}  // namespace

std::unique_ptr<FileExporter> make_vector_exporter() { return std::make_unique<VectorExporter>(); }

}  // namespace quipu
