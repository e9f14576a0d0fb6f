#include "backends/redis/redis_kv_store.h"

#include <utility>
#include <vector>

#include "backends/redis/bulk_load.h"
#include "quipu/backend/features.h"
#include "quipu/backend/key_locks.h"
#include "quipu/write_batch.h"

namespace quipu::redis {

Result<std::shared_ptr<BaseKVStore>> RedisKVStore::open(Address address, bool read_only) {
  std::string name_space = address.name_space;
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<Client> client, Client::open(std::move(address)));
  QUIPU_ASSIGN_OR_RETURN(Names names, Names::make(std::move(name_space), client->is_cluster()));
  return std::shared_ptr<BaseKVStore>(new RedisKVStore(std::move(client), std::move(names), read_only));
}

RedisKVStore::RedisKVStore(std::unique_ptr<Client> client, Names names, bool read_only)
    : client_(std::move(client)),
      names_(std::move(names)),
      read_only_(read_only),
      calls_(holder_),
      reader_(*client_, names_),
      writer_(*client_, names_, holder_, calls_),
      locks_(*client_, names_, holder_),
      catalog_(*client_, names_),
      chat_lists_(*client_, names_) {}

RedisKVStore::~RedisKVStore() { finish_async_calls(); }

KVCapabilities RedisKVStore::capabilities() const {
  return {.atomic_batches = true,
          .batched_put_all = true,
          .durable = true,
          .read_only = read_only_,
          .keeps_order = true,
          .round_trips = true};
}

Status RedisKVStore::check_writable() const {
  if (!read_only_) return Status::ok();
  return Status::not_supported("the store in Redis is open for reading only");
}

Status RedisKVStore::put(std::string_view key, JsonView val, std::string_view collection) {
  QUIPU_RETURN_IF_ERROR(check_writable());
  const WriteOp op{&WriteOp::kPut, collection, key, val.text()};
  return writer_.write(std::span<const WriteOp>(&op, 1), false).status();
}

Result<bool> RedisKVStore::delete_(std::string_view key, std::string_view collection) {
  QUIPU_RETURN_IF_ERROR(check_writable());
  const WriteOp op{&WriteOp::kDelete, collection, key};
  QUIPU_ASSIGN_OR_RETURN(const uint64_t removed, writer_.write(std::span<const WriteOp>(&op, 1), false));
  return removed == 1;
}

Status RedisKVStore::put_all(std::span<const KVPair> kv_pairs, std::string_view collection,
                             int /*batch_size*/) {
  QUIPU_RETURN_IF_ERROR(check_writable());
  std::vector<WriteOp> ops;
  ops.reserve(kv_pairs.size());
  for (const KVPair& pair : kv_pairs) ops.push_back({&WriteOp::kPut, collection, pair.key, pair.val.text()});
  return writer_.write(ops, false).status();
}

Status RedisKVStore::write(const WriteBatch& batch, const WriteOptions& options) {
  QUIPU_RETURN_IF_ERROR(check_writable());
  QUIPU_ASSIGN_OR_RETURN(const PlainBatch plain, PlainBatch::of(batch.ops()));
  return writer_.write(plain.ops(), options.held != nullptr).status();
}

Result<std::vector<std::optional<uint64_t>>> RedisKVStore::insertion_order(
    std::span<const std::string_view> keys, std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::optional<uint64_t>> numbers, reader_.numbers(keys, collection));
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<Json>> values, reader_.multi_get(keys, collection));
  bool numbered = true;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!values[i]) numbers[i].reset();  // somebody else has removed it
    numbered = numbered && (numbers[i] || !values[i]);
  }
  if (numbered) return numbers;
  if (read_only_) return KVReader::insertion_order(keys, collection);
  QUIPU_ASSIGN_OR_RETURN(const CollectionKeys of_collection, names_.keys_of(collection));
  QUIPU_RETURN_IF_ERROR(writer_.number(of_collection));
  return reader_.numbers(keys, collection);
}

Status RedisKVStore::declare_collection(std::string_view name, const CollectionOptions& options) {
  QUIPU_RETURN_IF_ERROR(check_writable());
  QUIPU_RETURN_IF_ERROR(check_kept(name, options.persist_file));
  return writer_.declare(name, options.persist_file);
}

Status RedisKVStore::declare_file(std::string_view persist_file) {
  QUIPU_RETURN_IF_ERROR(check_writable());
  return catalog_.add_file(persist_file);
}

Result<bool> RedisKVStore::drop_collection(std::string_view name) {
  QUIPU_RETURN_IF_ERROR(check_writable());
  return writer_.drop(name);
}

Result<std::unique_ptr<BulkLoad>> RedisKVStore::bulk_load() {
  QUIPU_RETURN_IF_ERROR(check_writable());
  return std::make_unique<RedisBulkLoad>(
      RedisBulkLoad::Parts{*client_, names_, holder_, calls_, writer_, locks_, catalog_});
}

Result<std::optional<uint64_t>> RedisKVStore::change_version(
    std::span<const std::string_view> collections) const {
  QUIPU_ASSIGN_OR_RETURN(const uint64_t version, catalog_.version(collections));
  return std::optional(version);
}

Status RedisKVStore::close() {
  client_->close();
  return Status::ok();
}

}  // namespace quipu::redis
