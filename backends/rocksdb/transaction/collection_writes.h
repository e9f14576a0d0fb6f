// CollectionWrites: BaseKVStore's writing methods for whatever makes changes of a span of operations.

#ifndef QUIPU_BACKENDS_ROCKSDB_TRANSACTION_COLLECTION_WRITES_H_
#define QUIPU_BACKENDS_ROCKSDB_TRANSACTION_COLLECTION_WRITES_H_

#include <span>
#include <string_view>
#include <vector>

#include "quipu/kv_store.h"
#include "quipu/write_batch.h"

namespace quipu::rocks {

// Base: BaseKVStore, or a class derived from it.
template <class Base>
class CollectionWrites : public Base {
 public:
  Status put(std::string_view key, JsonView val, std::string_view collection) override {
    const WriteOp op{&WriteOp::kPut, collection, key, val.text()};
    return apply({&op, 1}, {}, nullptr);
  }
  Result<bool> delete_(std::string_view key, std::string_view collection) override {
    const WriteOp op{&WriteOp::kDelete, collection, key};
    bool existed = false;
    QUIPU_RETURN_IF_ERROR(apply({&op, 1}, {}, &existed));
    return existed;
  }
  Status put_all(std::span<const KVPair> kv_pairs, std::string_view collection, int /*batch_size*/) override {
    std::vector<WriteOp> ops;
    ops.reserve(kv_pairs.size());
    for (const KVPair& pair : kv_pairs) {
      ops.push_back({&WriteOp::kPut, collection, pair.key, pair.val.text()});
    }
    return apply(ops, {}, nullptr);
  }
  Status write(const WriteBatch& batch, const WriteOptions& options) override {
    return apply(batch.ops(), options, nullptr);
  }

 private:
  // All of them, or, on an error, none. `first_existed`: whether the first operation's key was there before;
  // may be null.
  virtual Status apply(std::span<const WriteOp> ops, const WriteOptions& options, bool* first_existed) = 0;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_TRANSACTION_COLLECTION_WRITES_H_
