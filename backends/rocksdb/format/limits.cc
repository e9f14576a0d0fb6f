#include "backends/rocksdb/format/limits.h"

#include <algorithm>
#include <string>

#include "backends/rocksdb/format/record.h"

namespace quipu::rocks {
namespace {

constexpr uint64_t kMaxNameBytes = 64 << 10;
constexpr uint64_t kMaxTransactionBytes = 1ULL << 30;  // its index holds as much again

Status too_long(const std::string& what, uint64_t limit, std::string_view option) {
  return Status::invalid_argument(what + " is longer than the limit of " + std::to_string(limit) +
                                  " bytes (" + std::string(option) + ")");
}

}  // namespace

// What the options have when they say nothing is the most. RocksDB's own limit of a value is 4 GiB, with what
// is around it.
Limits::Limits(const RocksDBOptions& options) {
  const RocksDBOptions most;
  key_bytes_ = std::min(options.max_key_bytes, most.max_key_bytes);
  value_bytes_ = std::min(options.max_value_bytes, most.max_value_bytes);
  batch_bytes_ = std::min(options.max_batch_bytes, most.max_batch_bytes);
}

Status Limits::check_collection_name(std::string_view name) {
  if (name.size() <= kMaxNameBytes) return Status::ok();
  return Status::invalid_argument("a collection's name is longer than the limit of 64 KiB: " +
                                  Json::from_string(name.substr(0, 200)).text());
}

Status Limits::check_key(std::string_view collection, std::string_view key) const {
  if (key.size() <= key_bytes_) return Status::ok();
  return too_long(describe(collection, key), key_bytes_, "max_key_bytes");
}

Status Limits::check_length(std::string_view collection, std::string_view key, std::string_view value) const {
  if (value.size() <= value_bytes_) return Status::ok();
  return too_long("the value of " + describe(collection, key), value_bytes_, "max_value_bytes");
}

Status Limits::check_object(std::string_view collection, std::string_view key,
                            std::string_view object) const {
  if (object.starts_with('{')) return check_length(collection, key, object);
  return Status::invalid_argument("the value of " + describe(collection, key) + " is not a JSON object");
}

Status Limits::check_op(const WriteOp& op) const {
  QUIPU_RETURN_IF_ERROR(check_collection_name(op.collection));
  QUIPU_RETURN_IF_ERROR(check_key(op.collection, op.key));
  if (op.kind == &WriteOp::kPut) return check_object(op.collection, op.key, op.value);
  return check_length(op.collection, op.key, op.value);
}

Status Limits::check_batch(uint64_t bytes) const {
  if (bytes <= batch_bytes_) return Status::ok();
  return too_long("a write of " + std::to_string(bytes) + " bytes", batch_bytes_, "max_batch_bytes");
}

Status Limits::check_transaction(uint64_t bytes) const {
  const uint64_t limit = std::min(batch_bytes_, kMaxTransactionBytes);
  if (bytes <= limit) return Status::ok();
  return too_long("the transaction, commit it earlier: it", limit, "max_batch_bytes, at most 1 GiB here");
}

}  // namespace quipu::rocks
