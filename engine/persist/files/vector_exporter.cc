#include "engine/json_file/persist_file_writer.h"
#include "engine/layout/entity_vectors.h"
#include "engine/layout/storage_layout.h"
#include "engine/persist/files/file_exporter.h"

namespace quipu {
namespace {

class VectorExporter : public FileExporter {
 private:
  Status write(const Source& source, OutputFile& file) const override {
    QUIPU_ASSIGN_OR_RETURN(const bool entities, file_has_entities(source.store(), source.file_name()));
    PersistFileWriter writer(file);
    QUIPU_RETURN_IF_ERROR(write_part(source, writer, kEmbeddingsPart, entities));
    QUIPU_RETURN_IF_ERROR(write_part(source, writer, kRefDocIdsPart, entities));
    bool metadata_is_null = false;
    if (const std::string state = source.collection_ending(kStateEnding); !state.empty()) {
      QUIPU_RETURN_IF_ERROR(source.for_each(state, [&](std::string_view key, JsonView) {
        metadata_is_null |= key == kMetadataDict;
        return Status::ok();
      }));
    }
    QUIPU_RETURN_IF_ERROR(metadata_is_null && !entities
                              ? writer.member(kMetadataDict, JsonView())
                              : write_part(source, writer, kMetadataPart, entities));
    return writer.finish();
  }

  static Status write_part(const Source& source, PersistFileWriter& writer, const VectorPart& part,
                           bool entities) {
    QUIPU_RETURN_IF_ERROR(writer.begin_collection(part.name));
    const std::string collection = source.collection_ending(part.ending);
    const auto scan = [&](const UseEntry& use) {
      return collection.empty() ? Status::ok() : source.for_each(collection, use);
    };
    QUIPU_RETURN_IF_ERROR(
        for_each_of_part(source.store(), part, collection, entities, scan,
                         [&](std::string_view key, JsonView value) { return writer.entry(key, value); }));
    return writer.end_collection();
  }
};

}  // namespace

std::unique_ptr<FileExporter> make_vector_exporter() { return std::make_unique<VectorExporter>(); }

}  // namespace quipu
