#include "engine/layout/storage_layout.h"
#include "engine/persist/files/file_loaders.h"
#include "engine/persist/files/key_value_loader.h"
#include "engine/persist/former/former_node.h"

namespace quipu {
namespace {

// docstore.json: values as they are, but for nodes that today's LlamaIndex does not read.
class DocumentLoader : public KeyValueLoader {
 public:
  using KeyValueLoader::KeyValueLoader;

  Status begin_collection(std::string_view name, JsonKind kind) override {
    holds_nodes_ = name.ends_with(kDataEnding);
    return KeyValueLoader::begin_collection(name, kind);
  }

  Status entry(std::string_view key, JsonView value) override {
    if (!holds_nodes_ || is_plain_node(value)) return put(key, value);
    if (const std::optional<Json> node = with_class_name(value)) {
      ++without_class_name_;
      return put(key, *node);
    }
    if (const std::optional<Json> node = from_extra_info_form(value)) {
      ++with_extra_info_;
      return put(key, *node);
    }
    return put(key, value);
  }

  Status finish(FileLoaders& all) override {
    if (without_class_name_ != 0) {
      all.note(report().name + ": documents without a class_name, which LlamaIndex no longer reads: " +
               std::to_string(without_class_name_) + ", imported with it");
    }
    if (with_extra_info_ != 0) {
      all.note(report().name + ": nodes of LlamaIndex 0.6 that it no longer reads right: " +
               std::to_string(with_extra_info_) + ", imported in the form of 0.7");
    }
    return Status::ok();
  }

 private:
  bool holds_nodes_ = false;
  uint64_t without_class_name_ = 0;
  uint64_t with_extra_info_ = 0;
};

}  // namespace

std::unique_ptr<FileLoader> make_document_loader(const std::string& name, BulkLoad& load,
                                                 CollectionOwners& owners) {
  return std::make_unique<DocumentLoader>(name, load, owners);
}

}  // namespace quipu
