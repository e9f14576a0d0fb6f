// StructWriter: one change of an index struct, of which no more is written than what differs.

#ifndef QUIPU_ENGINE_STORES_INDEXES_STRUCT_WRITER_H_
#define QUIPU_ENGINE_STORES_INDEXES_STRUCT_WRITER_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "quipu/backend/features.h"
#include "quipu/backend/key_locks.h"
#include "quipu/index_store.h"
#include "quipu/kv_store.h"
#include "quipu/write_batch.h"

namespace quipu {

class StructParts;

class StructWriter {
 public:
  StructWriter(BaseKVStore& kvstore, std::string_view collection)
      : kvstore_(kvstore), collection_(collection), composed_(kvstore.composed_values()) {}

  // Each: the revision that the struct has then, as KVIndexStore's methods tell it.
  Result<std::optional<uint64_t>> add(const IndexStruct& index_struct);
  Result<std::optional<uint64_t>> update(std::string_view id, const IndexStructChange& change);

 private:
  using Info = ComposedValues::Info;

  Result<KeyLocks> lock(std::string_view id) const;
  Status write(const KeyLocks& locks) const;
  Result<std::optional<uint64_t>> revision(std::string_view id) const;
  Result<bool> add_difference(const IndexStruct& index_struct, const StructParts& now, const Info& stored);
  Status add_whole(const IndexStruct& index_struct, const std::optional<StructParts>& now);

  BaseKVStore& kvstore_;
  const std::string_view collection_;
  const ComposedValues& composed_;
  WriteBatch batch_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_INDEXES_STRUCT_WRITER_H_
