#include "engine/json_file/persist_file_writer.h"
#include "engine/layout/storage_layout.h"
#include "engine/persist/files/file_exporter.h"

namespace quipu {
namespace {

class GraphExporter : public FileExporter {
 private:
  Status write(const Source& source, OutputFile& file) const override {
    PersistFileWriter writer(file);
    QUIPU_RETURN_IF_ERROR(writer.begin_collection(kGraphDict));
    for (const std::string& collection : source.collections()) {
      QUIPU_RETURN_IF_ERROR(source.for_each(collection, [&](std::string_view key, JsonView value) {
        return writer.entry(key, value.find(kEdges).value_or(JsonView()));
      }));
    }
    QUIPU_RETURN_IF_ERROR(writer.end_collection());
    return writer.finish();
  }
};

}  // namespace

std::unique_ptr<FileExporter> make_graph_exporter() { return std::make_unique<GraphExporter>(); }

}  // namespace quipu
