#include "engine/persist/files/file_loader.h"

#include "engine/persist/files/key_value_loader.h"

namespace quipu {
std::unique_ptr<FileLoader> make_key_value_loader(const std::string& name, BulkLoad& load,
                                                  CollectionOwners& owners) {
  return std::make_unique<KeyValueLoader>(name, load, owners);
}

Status FileLoader::begin(std::string_view collection, std::string_view indexed_field, bool keeps_codes) {
  const auto [owner, added] = owners_.try_emplace(std::string(collection), report_.name);
  if (!added && owner->second != report_.name) {
    return Status::invalid_argument("collection \"" + std::string(collection) + "\" is in " + owner->second +
                                    " already; one store cannot hold both");
  }
  current_ = 0;
  while (current_ < report_.collections.size() && report_.collections[current_].name != collection)
    ++current_;
  if (current_ == report_.collections.size()) report_.collections.push_back({std::string(collection), 0});
  report_.collections[current_].count = 0;
  return load_.begin_collection(collection, {report_.name, std::string(indexed_field), keeps_codes});
}

Status FileLoader::put(std::string_view key, JsonView value) {
  ++report_.collections[current_].count;
  return load_.put(key, value);
}

Status FileLoader::put_vector(std::string_view key, std::span<const double> elements) {
  ++report_.collections[current_].count;
  return load_.put_vector(key, elements);
}

}  // namespace quipu
