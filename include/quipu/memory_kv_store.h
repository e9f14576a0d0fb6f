// MutableMappingKVStore: a BaseKVStore over any map type, as the reference's class of that name.
//
//   MutableMappingKVStore<MyMap> store([] { return MyMap(...); });
//
// Map needs: value_type with std::string first and Json second, begin(), end(), size(), copying, and
//   find(key) -> iterator or end()
//   insert_or_assign(std::string, Json)   overwrites in place
//   erase(key) -> number removed
// Its iteration order is the store's insertion order; quipu::OrderedMap<Json> gives a dict's.
//
// Thread-safety: any number of threads; readers share, a writer excludes. Every write is atomic.
// Cost: snapshot() copies all; scan() copies and sorts the collection; the rest is the map's.

#ifndef QUIPU_MEMORY_KV_STORE_H_
#define QUIPU_MEMORY_KV_STORE_H_

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quipu/backend/features.h"
#include "quipu/backend/thread_annotations.h"
#include "quipu/file_system.h"
#include "quipu/kv_store.h"
#include "quipu/ordered_map.h"
#include "quipu/write_batch.h"

namespace quipu {

template <class Map>
class MutableMappingKVStore : public BaseKVStore {
 public:
  // `mapping_factory` makes the map of a new collection.
  explicit MutableMappingKVStore(std::function<Map()> mapping_factory)
      : mapping_factory_(std::move(mapping_factory)) {}
  ~MutableMappingKVStore() override { finish_async_calls(); }

  KVCapabilities capabilities() const override {
    return {.atomic_batches = true, .batched_put_all = false, .snapshots = true, .durable = false};
  }

  Status put(std::string_view key, JsonView val, std::string_view collection = DEFAULT_COLLECTION) override {
    QUIPU_RETURN_IF_ERROR(check_object(collection, key, val));
    const WriterLock lock(mutex_);
    collection_for_write(collection).insert_or_assign(std::string(key), copy(val));
    return Status::ok();
  }

  Result<std::optional<Json>> get(std::string_view key,
                                  std::string_view collection = DEFAULT_COLLECTION) const override {
    const ReaderLock lock(mutex_);
    const auto found = collections_.find(collection);
    if (found == collections_.end()) return std::optional<Json>();
    const Map& map = *found->second.map;
    const auto entry = map.find(std::string(key));
    if (entry == map.end()) return std::optional<Json>();
    return std::optional<Json>(entry->second);
  }

  Result<std::vector<KVEntry>> get_all(std::string_view collection = DEFAULT_COLLECTION) const override {
    std::vector<KVEntry> entries;
    const ReaderLock lock(mutex_);
    if (const auto found = collections_.find(collection); found != collections_.end()) {
      for (const auto& [key, val] : *found->second.map) entries.push_back({key, val});
    }
    return entries;
  }

  Result<bool> delete_(std::string_view key, std::string_view collection = DEFAULT_COLLECTION) override {
    const WriterLock lock(mutex_);
    const auto found = collections_.find(collection);
    return found != collections_.end() && found->second.map->erase(std::string(key)) != 0;
  }

  Result<uint64_t> count(std::string_view collection = DEFAULT_COLLECTION) const override {
    const ReaderLock lock(mutex_);
    const auto found = collections_.find(collection);
    return found == collections_.end() ? 0 : found->second.map->size();
  }

  Result<std::vector<CollectionInfo>> collections() const override {
    std::vector<CollectionInfo> infos;
    const ReaderLock lock(mutex_);
    for (const auto& [name, collection] : collections_) {
      infos.push_back({name, collection.options.persist_file, "", collection.map->size()});
    }
    return infos;
  }

  Result<std::vector<std::string>> declared_files() const override {
    const ReaderLock lock(mutex_);
    return declared_files_;
  }

  Status write(const WriteBatch& batch, const WriteOptions& /*options*/ = {}) override {
    QUIPU_ASSIGN_OR_RETURN(const PlainBatch plain, PlainBatch::of(batch.ops()));
    for (const WriteOp& op : plain.ops()) {
      if (op.kind != &WriteOp::kPut) continue;
      QUIPU_RETURN_IF_ERROR(check_object(op.collection, op.key, JsonView::from_canonical(op.value)));
    }
    const WriterLock lock(mutex_);
    for (const WriteOp& op : plain.ops()) {
      if (op.kind == &WriteOp::kPut) {
        collection_for_write(op.collection)
            .insert_or_assign(std::string(op.key), Json::from_canonical(std::string(op.value)));
      } else if (const auto found = collections_.find(op.collection); found != collections_.end()) {
        found->second.map->erase(std::string(op.key));
      }
    }
    return Status::ok();
  }

  Result<std::unique_ptr<KVReader>> snapshot() const override {
    auto copied = std::make_unique<MutableMappingKVStore>(mapping_factory_);
    const ReaderLock lock(mutex_);
    const WriterLock of_copy(copied->mutex_);
    for (const auto& [name, collection] : collections_) {
      copied->collections_.insert_or_assign(
          name, Collection{std::make_shared<Map>(*collection.map), collection.options});
    }
    copied->declared_files_ = declared_files_;
    return copied;
  }

  Status declare_collection(std::string_view name, const CollectionOptions& options) override {
    const WriterLock lock(mutex_);
    collection_for_write(name);
    CollectionOptions& known = collections_[name].options;
    if (known.persist_file.empty()) known.persist_file = options.persist_file;
    return Status::ok();
  }

  Status declare_file(std::string_view persist_file) override {
    const WriterLock lock(mutex_);
    if (std::ranges::find(declared_files_, persist_file) == declared_files_.end()) {
      declared_files_.emplace_back(persist_file);
    }
    return Status::ok();
  }

  Result<bool> drop_collection(std::string_view name) override {
    const WriterLock lock(mutex_);
    return collections_.erase(name) != 0;
  }

 private:
  struct Collection {
    std::shared_ptr<Map> map;
    CollectionOptions options;
  };

  static Json copy(JsonView val) { return Json::from_canonical(std::string(val.text())); }

  static Status check_object(std::string_view collection, std::string_view key, JsonView val) {
    if (val.is_object()) return Status::ok();
    return Status::invalid_argument("the value of key \"" + std::string(key) + "\" in collection \"" +
                                    std::string(collection) + "\" is not a JSON object");
  }

  Map& collection_for_write(std::string_view name) QUIPU_REQUIRES(mutex_) {
    Collection& collection = collections_[name];
    if (!collection.map) collection.map = std::make_shared<Map>(mapping_factory_());
    return *collection.map;
  }

  std::function<Map()> mapping_factory_;
  mutable SharedMutex mutex_;
  OrderedMap<Collection> collections_ QUIPU_GUARDED_BY(mutex_);
  std::vector<std::string> declared_files_ QUIPU_GUARDED_BY(mutex_);
};

// MemoryKVStore: the reference's SimpleKVStore. All in memory, saved as one JSON file.
//
//   QUIPU_ASSIGN_OR_RETURN(auto store, MemoryKVStore::from_persist_path("storage/docstore.json"));
//
// Thread-safety and cost: see MutableMappingKVStore.

class MemoryKVStore : public MutableMappingKVStore<OrderedMap<Json>> {
 public:
  MemoryKVStore();
  ~MemoryKVStore() override { finish_async_calls(); }

  // Writes all collections to one file in json.dumps's form; makes its directory when missing. The file is
  // replaced atomically. Error: kIoError.
  Status persist(const std::string& persist_path, const FileSystem& fs = local_file_system()) const;
  // Reads such a file. Errors: kIoError, kInvalidArgument (not JSON, or not {collection: {key: object}}).
  static Result<std::shared_ptr<MemoryKVStore>> from_persist_path(const std::string& persist_path,
                                                                  const FileSystem& fs = local_file_system());

  // All collections as one object, {collection: {key: value}}.
  Json to_dict() const;
  static Result<std::shared_ptr<MemoryKVStore>> from_dict(JsonView save_dict);
};

}  // namespace quipu

#endif  // QUIPU_MEMORY_KV_STORE_H_
