// CollectionReads: KVReader's methods for whatever has a Reader and finds collections by name.

#ifndef QUIPU_BACKENDS_ROCKSDB_TRANSACTION_COLLECTION_READS_H_
#define QUIPU_BACKENDS_ROCKSDB_TRANSACTION_COLLECTION_READS_H_

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "backends/rocksdb/read/reader.h"
#include "backends/rocksdb/write/collection_catalog.h"

namespace quipu::rocks {

// Base: KVReader, or a class derived from it.
template <class Base>
class CollectionReads : public Base {
 public:
  Result<std::optional<Json>> get(std::string_view key, std::string_view collection) const override {
    QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find(collection, {&key, 1}));
    return found ? reader().get(*found, key) : std::optional<Json>();
  }
  Result<std::vector<KVEntry>> get_all(std::string_view collection) const override {
    QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find_all(collection));
    return found ? reader().get_all(*found) : std::vector<KVEntry>();
  }
  Result<std::vector<std::optional<Json>>> multi_get(std::span<const std::string_view> keys,
                                                     std::string_view collection) const override {
    QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find(collection, keys));
    return found ? reader().multi_get(*found, keys) : std::vector<std::optional<Json>>(keys.size());
  }
  Result<std::vector<std::optional<uint64_t>>> insertion_order(std::span<const std::string_view> keys,
                                                               std::string_view collection) const override {
    QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find(collection, keys));
    if (!found) return std::vector<std::optional<uint64_t>>(keys.size());
    return reader().insertion_order(*found, keys);
  }
  Result<bool> exists(std::string_view key, std::string_view collection) const override {
    QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find(collection, {&key, 1}));
    return found ? reader().exists(*found, key) : false;
  }
  Result<std::vector<bool>> keys_exist(std::span<const std::string_view> keys,
                                       std::string_view collection) const override {
    QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find(collection, keys));
    return found ? reader().keys_exist(*found, keys) : std::vector<bool>(keys.size());
  }
  Result<uint64_t> count(std::string_view collection) const override {
    QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find_all(collection));
    return found ? reader().count(*found) : uint64_t{0};
  }
  Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options,
                                           std::string_view collection) const override {
    QUIPU_ASSIGN_OR_RETURN(const CollectionPtr found, find_all(collection));
    return scan_or_nothing(reader(), found, options);
  }

 protected:
  virtual const Reader& reader() const = 0;
  // A collection of which these keys, or all, are about to be read; null when there is none. Errors: why
  // nothing can be read.
  virtual Result<CollectionPtr> find(std::string_view collection,
                                     std::span<const std::string_view> keys) const = 0;
  virtual Result<CollectionPtr> find_all(std::string_view collection) const = 0;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_TRANSACTION_COLLECTION_READS_H_
