#include "quipu/index_store.h"

#include <utility>

#include "engine/json_file/json_file.h"
#include "engine/layout/storage_layout.h"
#include "engine/stores/indexes/struct_writer.h"
#include "engine/stores/store_file.h"
#include "quipu/backend/executor.h"
#include "quipu/backend/features.h"
#include "quipu/persist_dir.h"

namespace quipu {

KVIndexStore::KVIndexStore(std::shared_ptr<BaseKVStore> kvstore, std::string_view ns,
                           std::string_view collection_suffix)
    : kvstore_(std::move(kvstore)), collection_(ns.empty() ? kIndexStoreNamespace : ns) {
  collection_ += collection_suffix.empty() ? kDataEnding : collection_suffix;
}

Result<std::vector<IndexStruct>> KVIndexStore::index_structs() const {
  QUIPU_ASSIGN_OR_RETURN(std::vector<KVEntry> entries, kvstore_->get_all(collection_));
  std::vector<IndexStruct> structs;
  structs.reserve(entries.size());
  for (KVEntry& entry : entries) {
    QUIPU_ASSIGN_OR_RETURN(IndexStruct index_struct, IndexStruct::from_json(std::move(entry.val)));
    structs.push_back(std::move(index_struct));
  }
  return structs;
}

Status KVIndexStore::add_index_struct(const IndexStruct& index_struct) {
  return add_revised(index_struct).status();
}

Result<std::optional<uint64_t>> KVIndexStore::add_revised(const IndexStruct& index_struct) {
  return StructWriter(*kvstore_, collection_).add(index_struct);
}

Result<std::optional<uint64_t>> KVIndexStore::update_index_struct(std::string_view struct_id,
                                                                  const IndexStructChange& change) {
  return StructWriter(*kvstore_, collection_).update(struct_id, change);
}

// The value is of the revision if that was the same before and after.
Result<std::optional<StoredIndexStruct>> KVIndexStore::stored_struct(std::string_view struct_id) const {
  using Info = ComposedValues::Info;
  const ComposedValues& composed = kvstore_->composed_values();
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Info> before, composed.composed_info(collection_, struct_id));
  QUIPU_ASSIGN_OR_RETURN(std::optional<Json> value, kvstore_->get(struct_id, collection_));
  if (!value) return std::optional<StoredIndexStruct>();
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Info> after, composed.composed_info(collection_, struct_id));
  const bool same = before && after && before->revision == after->revision;
  return std::optional<StoredIndexStruct>(
      {std::string(struct_id), *std::move(value), same ? std::optional(before->revision) : std::nullopt});
}

Result<std::vector<StoredIndexStruct>> KVIndexStore::stored_structs() const {
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  in_order.keys_only = true;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> ids, kvstore_->scan(in_order, collection_));
  std::vector<StoredIndexStruct> structs;
  while (ids->next()) {
    QUIPU_ASSIGN_OR_RETURN(std::optional<StoredIndexStruct> stored, stored_struct(ids->key()));
    if (stored) structs.push_back(*std::move(stored));
  }
  QUIPU_RETURN_IF_ERROR(ids->status());
  return structs;
}

Status KVIndexStore::delete_index_struct(std::string_view key) {
  return kvstore_->delete_(key, collection_).status();
}

Result<std::optional<IndexStruct>> KVIndexStore::get_index_struct(
    std::optional<std::string_view> struct_id) const {
  if (!struct_id) {
    QUIPU_ASSIGN_OR_RETURN(std::vector<IndexStruct> structs, index_structs());
    if (structs.size() != 1) {
      return Status::invalid_argument("AssertionError: expected exactly one index struct, found " +
                                      std::to_string(structs.size()));
    }
    return std::optional<IndexStruct>(std::move(structs.front()));
  }
  QUIPU_ASSIGN_OR_RETURN(std::optional<Json> stored, kvstore_->get(*struct_id, collection_));
  if (!stored) return std::optional<IndexStruct>();
  QUIPU_ASSIGN_OR_RETURN(IndexStruct index_struct, IndexStruct::from_json(*std::move(stored)));
  return std::optional<IndexStruct>(std::move(index_struct));
}

Status KVIndexStore::persist(const std::string& persist_path, const FileSystem& fs) const {
  return persist_store_file(*kvstore_, {collection_}, persist_path, fs);
}

std::shared_ptr<BaseIndexStore> KVIndexStore::unowned() const {
  auto store = std::make_shared<KVIndexStore>(*this);
  store->kvstore_ = unowned_pointer(*kvstore_);
  return store;
}

SimpleIndexStore::SimpleIndexStore(std::shared_ptr<MemoryKVStore> kvstore)
    : SimpleIndexStore(Made{kvstore ? std::move(kvstore) : std::make_shared<MemoryKVStore>()}) {}

Result<SimpleIndexStore> SimpleIndexStore::from_persist_dir(const std::string& persist_dir,
                                                            const FileSystem& fs) {
  return from_persist_path(path_in(persist_dir, INDEX_STORE_PERSIST_FNAME), fs);
}

Result<SimpleIndexStore> SimpleIndexStore::from_persist_path(const std::string& persist_path,
                                                             const FileSystem& fs) {
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<MemoryKVStore> kv,
                         MemoryKVStore::from_persist_path(persist_path, fs));
  return SimpleIndexStore(std::move(kv));
}

Result<SimpleIndexStore> SimpleIndexStore::from_dict(JsonView save_dict) {
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<MemoryKVStore> kv, MemoryKVStore::from_dict(save_dict));
  return SimpleIndexStore(std::move(kv));
}

Status SimpleIndexStore::persist(const std::string& persist_path, const FileSystem& fs) const {
  return simple_kvstore_->persist(persist_path, fs);
}

}  // namespace quipu
