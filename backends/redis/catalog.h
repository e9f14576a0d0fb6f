// Catalog: which collections and persist files a store has.
//
// Of a namespace, or a database on one server, it is a hash of the store. The whole of a cluster, and what
// others have written to a database without a namespace, is known by going through all keys of all masters.
//
// Thread-safety: any number of threads.

#ifndef QUIPU_BACKENDS_REDIS_CATALOG_H_
#define QUIPU_BACKENDS_REDIS_CATALOG_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backends/redis/client/client.h"
#include "backends/redis/layout/names.h"
#include "quipu/kv_store.h"

namespace quipu::redis {

class Catalog {
 public:
  Catalog(Client& client, const Names& names) : client_(client), names_(names) {}

  // In the order in which they were made; those that others have made are the first, by name.
  Result<std::vector<CollectionInfo>> collections() const;
  Result<std::vector<std::string>> files() const;
  Status add_file(std::string_view persist_file);
  // Bytes of memory that the collections take, with what is kept beside them.
  Result<uint64_t> bytes() const;
  // The sum of the versions of these collections.
  Result<uint64_t> version(std::span<const std::string_view> collections) const;

 private:
  struct Entry {
    uint64_t number = 0;
    std::string persist_file;
  };
  using Entries = std::map<std::string, Entry>;  // by hash

  Status add_catalog(const std::string& key, Entries& entries) const;
  Status add_from_all_keys(Entries& entries) const;

  Client& client_;
  const Names& names_;
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_CATALOG_H_
