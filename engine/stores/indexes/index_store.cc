#include "quipu/index_store.h"

#include <utility>

#include "engine/json_file/json_file.h"
#include "engine/layout/storage_layout.h"
#include "engine/stores/indexes/same_struct.h"
#include "engine/stores/store_file.h"
#include "quipu/backend/executor.h"
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
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored,
                         kvstore_->get(index_struct.index_id(), collection_));
  if (stored && is_same_struct(*stored, index_struct)) return Status::ok();
  QUIPU_RETURN_IF_ERROR(
      kvstore_->declare_collection(collection_, {std::string(INDEX_STORE_PERSIST_FNAME), ""}));
  return kvstore_->put(index_struct.index_id(), index_struct.to_json(), collection_);
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
