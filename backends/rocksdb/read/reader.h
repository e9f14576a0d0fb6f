// Reader: reads of collections, as a view has them.

#ifndef QUIPU_BACKENDS_ROCKSDB_READ_READER_H_
#define QUIPU_BACKENDS_ROCKSDB_READ_READER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/rocksdb/read/read_view.h"
#include "quipu/backend/features.h"
#include "quipu/kv_store.h"

namespace quipu::rocks {

class Reader {
 public:
  explicit Reader(ReadView view) : view_(std::move(view)) {}

  Result<std::optional<Json>> get(const Collection& collection, std::string_view key) const;
  Result<bool> exists(const Collection& collection, std::string_view key) const;
  Result<std::vector<bool>> keys_exist(const Collection& collection,
                                       std::span<const std::string_view> keys) const;
  Result<std::vector<std::optional<Json>>> multi_get(const Collection& collection,
                                                     std::span<const std::string_view> keys) const;
  // The sequence of each key's first insertion.
  Result<std::vector<std::optional<uint64_t>>> insertion_order(const Collection& collection,
                                                               std::span<const std::string_view> keys) const;
  Result<std::vector<KVEntry>> get_all(const Collection& collection) const;
  Result<uint64_t> count(const Collection& collection) const;
  Result<std::unique_ptr<KVIterator>> scan(const CollectionPtr& collection, const ScanOptions& options) const;

  // The parts of a composed value, slot by slot, in order.
  Result<std::vector<ComposedValues::Part>> parts(const Collection& collection, std::string_view key) const;
  // The members of a list, in order.
  Result<std::vector<std::string>> members(const Collection& collection, std::string_view key) const;
  // The object of a record; a list is put together from its members, a composed value from its parts.
  Result<std::string> compose(const Collection& collection, std::string_view key,
                              const DataRecord& record) const;

  // Calls `use` with the record of each key that there is.
  Status read_many(const Collection& collection, std::span<const std::string_view> keys,
                   const std::function<Status(size_t, const DataRecord&)>& use) const;

  const ReadView& read_view() const { return view_; }
  const Database& database() const { return view_.database(); }

 private:
  class Parts;

  Result<std::optional<Json>> get_uncounted(const Collection& collection, std::string_view key) const;
  CallTimer timer(CallKind kind, const Collection& collection) const {
    return {&database().calls(), kind, collection.name};
  }
  Result<std::string> compose_parts(const Collection& collection, std::string_view key,
                                    const DataRecord& record) const;
  // This, or the same over a new snapshot: what must agree is read from one.
  Reader fixed() const { return Reader(view_.fixed()); }

  ReadView view_;
};

Status damaged_record(const Collection& collection, std::string_view key);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_READ_READER_H_
