// Limits: what a write may hold. RocksDBOptions may lower them; nothing raises them above what the format
// has.

#ifndef QUIPU_BACKENDS_ROCKSDB_FORMAT_LIMITS_H_
#define QUIPU_BACKENDS_ROCKSDB_FORMAT_LIMITS_H_

#include <cstdint>
#include <string_view>

#include "quipu/rocksdb_kv_store.h"
#include "quipu/status.h"
#include "quipu/write_batch.h"

namespace quipu::rocks {

class Limits {
 public:
  explicit Limits(const RocksDBOptions& options);

  // Each: OK, or kInvalidArgument that names collection, key and limit.
  static Status check_collection_name(std::string_view name);
  Status check_key(std::string_view collection, std::string_view key) const;
  // A JSON object that is not too long.
  Status check_object(std::string_view collection, std::string_view key, std::string_view object) const;
  // What is wrong with an operation whatever is stored.
  Status check_op(const WriteOp& op) const;
  // Of all that one write() changes; of a transaction.
  Status check_batch(uint64_t bytes) const;
  Status check_transaction(uint64_t bytes) const;

 private:
  Status check_length(std::string_view collection, std::string_view key, std::string_view value) const;

  uint64_t key_bytes_;
  uint64_t value_bytes_;
  uint64_t batch_bytes_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FORMAT_LIMITS_H_
