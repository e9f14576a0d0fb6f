// CollectionCache: what the stores over one key-value store keep in memory of its collections, such as a
// search index. They share it through BaseKVStore::cache, keep it current with what they write themselves,
// and are told here of what is written by others: by a transaction that commits, or an import.
//
// Thread-safety: lock() excludes all readers and writers of the cache until unlock().

#ifndef QUIPU_BACKEND_COLLECTION_CACHE_H_
#define QUIPU_BACKEND_COLLECTION_CACHE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

class BaseKVStore;

class CollectionCache {
 public:
  virtual ~CollectionCache() = default;

  virtual bool covers(std::string_view collection) const = 0;
  // Held from before a write to covered collections until the cache knows of it. Taken before any lock of the
  // store.
  virtual void lock() = 0;
  virtual void unlock() = 0;
  // These keys of covered collections are about to be written in `store`: changed() follows, unless that
  // fails. REQUIRES: locked. Default: does nothing.
  virtual void changing(const BaseKVStore& /*store*/, const std::vector<std::string>& /*keys*/) {}
  // These keys of covered collections have been written in `store`. REQUIRES: locked.
  virtual void changed(BaseKVStore& store, const std::vector<std::string>& keys) = 0;
  // Anything may have been. REQUIRES: locked.
  virtual void forget() = 0;

  // The search index in it, as search_indexes() has it (vector_store.h): its name, and bytes. Nothing where
  // none has been asked for yet. REQUIRES: this thread has not locked it. Default: nothing.
  virtual std::optional<std::pair<std::string, uint64_t>> search_index() { return std::nullopt; }
};

// A cache that is locked until this goes.
class LockedCache {
 public:
  explicit LockedCache(std::shared_ptr<CollectionCache> cache) : cache_(std::move(cache)) { cache_->lock(); }
  ~LockedCache() {
    if (cache_) cache_->unlock();
  }
  LockedCache(LockedCache&&) noexcept = default;
  LockedCache& operator=(LockedCache&&) = delete;
  CollectionCache& operator*() const { return *cache_; }
  CollectionCache* operator->() const { return cache_.get(); }

 private:
  std::shared_ptr<CollectionCache> cache_;
};

}  // namespace quipu

#endif  // QUIPU_BACKEND_COLLECTION_CACHE_H_
