// SharedMapKVStore: a store over collections in memory that any number of objects share, as processes share a
// database: each object has locks and caches of its own, and learns of the others' writes by change_version()
// alone.

#ifndef QUIPU_TESTS_SUPPORT_SHARED_MAP_KV_STORE_H_
#define QUIPU_TESTS_SUPPORT_SHARED_MAP_KV_STORE_H_

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quipu/backend/features.h"
#include "quipu/kv_store.h"
#include "quipu/ordered_map.h"
#include "quipu/write_batch.h"

namespace quipu::testing {

struct SharedMap {
  std::mutex mutex;
  OrderedMap<OrderedMap<Json>> collections;
  std::map<std::string, uint64_t, std::less<>> versions;  // of collections
};

class SharedMapKVStore : public BaseKVStore {
 public:
  explicit SharedMapKVStore(std::shared_ptr<SharedMap> map = std::make_shared<SharedMap>())
      : map_(std::move(map)) {}
  ~SharedMapKVStore() override { finish_async_calls(); }

  KVCapabilities capabilities() const override { return {.atomic_batches = true}; }

  Status put(std::string_view key, JsonView val, std::string_view collection = DEFAULT_COLLECTION) override {
    WriteBatch batch;
    batch.put(collection, key, val);
    return write(batch);
  }
  Result<std::optional<Json>> get(std::string_view key,
                                  std::string_view collection = DEFAULT_COLLECTION) const override {
    std::lock_guard lock(map_->mutex);
    const auto found = map_->collections.find(collection);
    if (found == map_->collections.end()) return std::optional<Json>();
    const auto entry = found->second.find(key);
    return entry == found->second.end() ? std::optional<Json>() : std::optional<Json>(entry->second);
  }
  Result<std::vector<KVEntry>> get_all(std::string_view collection = DEFAULT_COLLECTION) const override {
    ++whole_reads;
    std::lock_guard lock(map_->mutex);
    std::vector<KVEntry> entries;
    if (const auto found = map_->collections.find(collection); found != map_->collections.end()) {
      for (const auto& [key, val] : found->second) entries.push_back({key, val});
    }
    return entries;
  }
  Result<bool> delete_(std::string_view key, std::string_view collection = DEFAULT_COLLECTION) override {
    std::lock_guard lock(map_->mutex);
    ++version_of(collection);
    return map_->collections[collection].erase(key) != 0;
  }
  Status write(const WriteBatch& batch, const WriteOptions& /*options*/ = {}) override {
    QUIPU_ASSIGN_OR_RETURN(const PlainBatch plain, PlainBatch::of(batch.ops()));
    for (const WriteOp& op : plain.ops()) {
      const bool fits = op.kind != &WriteOp::kPut || op.value.starts_with('{');
      if (!fits) return Status::invalid_argument("a value is a JSON object");
    }
    std::set<std::string_view> written;
    std::lock_guard lock(map_->mutex);
    for (const WriteOp& op : plain.ops()) {
      OrderedMap<Json>& collection = map_->collections[op.collection];
      if (op.kind == &WriteOp::kPut) {
        collection.insert_or_assign(std::string(op.key), Json::from_canonical(std::string(op.value)));
      } else {
        collection.erase(op.key);
      }
      if (written.insert(op.collection).second) ++version_of(op.collection);
    }
    return Status::ok();
  }
  Result<std::optional<uint64_t>> change_version(
      std::span<const std::string_view> collections) const override {
    ++version_reads;
    std::lock_guard lock(map_->mutex);
    uint64_t sum = 0;
    for (const std::string_view collection : collections) sum += version_of(collection);
    return std::optional(sum);
  }

  // By this object.
  mutable std::atomic<int> whole_reads = 0;  // of collections
  mutable std::atomic<int> version_reads = 0;

 private:
  uint64_t& version_of(std::string_view collection) const {
    return map_->versions.try_emplace(std::string(collection)).first->second;
  }

  const std::shared_ptr<SharedMap> map_;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_SHARED_MAP_KV_STORE_H_
