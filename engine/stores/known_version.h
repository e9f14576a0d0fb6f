// KnownVersion: up to which change a cache knows some collections of a store, so that it learns of what
// others have written past its store's object (BaseKVStore::change_version). Where nobody else can write, all
// of this is a look at nothing.
//
//   QUIPU_RETURN_IF_ERROR(known.begin(store));  // then read the collections into the cache
//   QUIPU_ASSIGN_OR_RETURN(const bool current, known.is_current(store));  // else forget, and begin anew
//   if (!known.follow(store, batch)) forget();  // after each write of one's own
//
// Thread-safety: as a standard container.

#ifndef QUIPU_ENGINE_STORES_KNOWN_VERSION_H_
#define QUIPU_ENGINE_STORES_KNOWN_VERSION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quipu/kv_store.h"
#include "quipu/write_batch.h"

namespace quipu {

class KnownVersion {
 public:
  using Version = std::optional<uint64_t>;

  explicit KnownVersion(std::vector<std::string> collections)
      : collections_(std::move(collections)), names_(collections_.begin(), collections_.end()) {}
  KnownVersion(const KnownVersion&) = delete;
  KnownVersion& operator=(const KnownVersion&) = delete;

  // The store's, now; nothing where nobody else can write.
  Result<Version> read(const BaseKVStore& store) const;

  // What is read from now on is of this version, or newer.
  Status begin(const BaseKVStore& store);
  // Whether nothing has been written since begin() but what follow() knows.
  Result<bool> is_current(const BaseKVStore& store) const;
  // After a write of one's own: whether that, and nothing else, has changed the collections since what is
  // known, or since `before`, if the cache has not read them anew in the meantime. If so it is known now. An
  // error counts as no.
  bool follow(const BaseKVStore& store, const WriteBatch& batch) { return follow(store, batch, known_); }
  bool follow(const BaseKVStore& store, const WriteBatch& batch, Version before);

 private:
  uint64_t changed_by(const WriteBatch& batch) const;

  const std::vector<std::string> collections_;
  const std::vector<std::string_view> names_;  // the same
  Version known_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_KNOWN_VERSION_H_
