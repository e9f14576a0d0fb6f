#include "engine/json/unicode_json.h"
#include "engine/layout/storage_layout.h"
#include "engine/persist/files/file_exporter.h"

namespace quipu {
namespace {

// In pydantic's form.
class PropertyGraphExporter : public FileExporter {
 private:
  Status write(const Source& source, OutputFile& file) const override {
    for (const std::string_view name : {kNodes, kRelations}) {
      QUIPU_RETURN_IF_ERROR(file.append(name == kNodes ? "{\"nodes\":{" : "},\"relations\":{"));
      QUIPU_RETURN_IF_ERROR(
          entries(source, file, name, [](std::string_view key, JsonView value, std::string& text) {
            QUIPU_RETURN_IF_ERROR(append_pydantic_json(Json::from_string(key), text));
            text += ':';
            return append_pydantic_json(value, text);
          }));
    }
    QUIPU_RETURN_IF_ERROR(file.append("},\"triplets\":["));
    QUIPU_RETURN_IF_ERROR(
        entries(source, file, kTriplets, [](std::string_view key, JsonView, std::string& text) {
          return append_pydantic_json(JsonView::from_canonical(key), text);
        }));
    return file.append("]}");
  }

  template <class Append>
  static Status entries(const Source& source, OutputFile& file, std::string_view name, const Append& append) {
    const std::string collection = source.collection_ending(graph_collection({}, name));
    if (collection.empty()) return Status::ok();
    std::string text;
    bool first = true;
    return source.for_each(collection, [&](std::string_view key, JsonView value) -> Status {
      text = first ? "" : ",";
      first = false;
      if (const Status written = append(key, value, text); !written.is_ok()) {
        return Status(written.code(), "collection " + collection + ", key " + Json::from_string(key).text() +
                                          ": " + written.message());
      }
      return file.append(text);
    });
  }
};

}  // namespace

std::unique_ptr<FileExporter> make_property_graph_exporter() {
  return std::make_unique<PropertyGraphExporter>();
}

}  // namespace quipu
