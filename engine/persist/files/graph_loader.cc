#include "engine/layout/storage_layout.h"
#include "engine/persist/files/file_loader.h"

namespace quipu {
namespace {

bool is_edge(JsonView edge) {
  if (!edge.is_array()) return false;
  int strings = 0;
  for (const JsonView part : edge.elements()) {
    if (!part.is_string()) return false;
    ++strings;
  }
  return strings == 2;
}

// graph_store.json: {"graph_dict": {subj: [[rel, obj], ...]}}.
class GraphLoader : public FileLoader {
 public:
  GraphLoader(const std::string& name, BulkLoad& load, CollectionOwners& owners)
      : FileLoader(name, load, owners) {}

  bool skips(std::string_view name) const override { return name != kGraphDict; }
  bool takes_value(JsonKind kind) const override { return kind == JsonKind::kArray; }
  Status begin_collection(std::string_view /*name*/, JsonKind /*kind*/) override {
    return begin(collection_of(kGraphStoreNamespace, kDataEnding));
  }
  Status entry(std::string_view key, JsonView value) override {
    for (const JsonView edge : value.elements()) {
      if (!is_edge(edge)) return Status::invalid_argument("an edge is not a pair of strings");
    }
    return put(key, wrapped(kEdges, value));
  }
};

}  // namespace

std::unique_ptr<FileLoader> make_graph_loader(const std::string& name, BulkLoad& load,
                                              CollectionOwners& owners) {
  return std::make_unique<GraphLoader>(name, load, owners);
}

}  // namespace quipu
