#include "engine/kv/buffered_bulk_load.h"

#include "quipu/backend/features.h"
#include "quipu/write_batch.h"

namespace quipu {

Status BulkLoad::put_vector(std::string_view key, std::span<const double> elements) {
  return put(key, vector_value(elements));
}

Status BufferedBulkLoad::begin_file(std::string_view persist_file) {
  files_.emplace_back(persist_file);
  return Status::ok();
}

Status BufferedBulkLoad::begin_collection(std::string_view name, const CollectionOptions& options) {
  for (current_ = 0; current_ < collections_.size(); ++current_) {
    if (collections_[current_].name == name) break;
  }
  if (current_ == collections_.size()) {
    collections_.push_back({std::string(name), options, {}, {}});
  } else {
    collections_[current_].entries.clear();
    collections_[current_].places.clear();
  }
  return Status::ok();
}

Status BufferedBulkLoad::put(std::string_view key, JsonView val) {
  if (collections_.empty()) return Status::invalid_argument("bulk load: put before begin_collection");
  if (!val.is_object()) return Status::invalid_argument("the value is not a JSON object");
  Collection& collection = collections_[current_];
  const auto [place, added] = collection.places.try_emplace(std::string(key), collection.entries.size());
  if (added) {
    collection.entries.push_back({std::string(key), Json::from_canonical(std::string(val.text()))});
  } else {
    collection.entries[place->second].val = Json::from_canonical(std::string(val.text()));
  }
  return Status::ok();
}

Status BufferedBulkLoad::commit() {
  for (const std::string& file : files_) QUIPU_RETURN_IF_ERROR(store_.declare_file(file));
  WriteBatch batch;
  for (const Collection& collection : collections_) {
    QUIPU_RETURN_IF_ERROR(store_.declare_collection(collection.name, collection.options));
    for (const KVEntry& entry : collection.entries) {
      batch.add_view({&WriteOp::kPut, collection.name, entry.key, entry.val.text()});
    }
  }
  return store_.write(batch);
}

}  // namespace quipu
