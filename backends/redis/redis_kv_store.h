// RedisKVStore: a key-value store on a Redis server or a Redis Cluster, in the layout of LlamaIndex's
// RedisKVStore, so that each reads what the other writes: a collection is a hash, a value is its JSON.
//
//   auto store = *open_store("redis://localhost:6379/?namespace={docs}");
//
// Documents, index structs, chats and plain key-value data are kept; collections of vector and graph stores
// are refused by name, when they are declared. A write is one step on one server, whole or not at all. In a
// cluster it is of one slot: with a hash tag in the namespace, such as {docs}, all collections of the store
// are; without one, a batch over collections of several slots is refused before anything is written.
//
// Redis copies to its replicas after it has answered: what was acknowledged may be lost when a server fails.
// Insertion order is kept in keys of our own beside the hashes (docs/FORMAT.md); keys that others have
// written come last, until something is written to their collection.
//
// Thread-safety: any number of threads, and of processes. Errors: kIoError where no server answers for
// ?retry= seconds; kBusy where locks were lost; names, keys and what Redis says are in them, passwords never.

#ifndef QUIPU_BACKENDS_REDIS_REDIS_KV_STORE_H_
#define QUIPU_BACKENDS_REDIS_REDIS_KV_STORE_H_

#include <memory>
#include <string>
#include <string_view>

#include "backends/redis/catalog.h"
#include "backends/redis/chat_lists.h"
#include "backends/redis/client/client.h"
#include "backends/redis/layout/calls.h"
#include "backends/redis/layout/names.h"
#include "backends/redis/locks.h"
#include "backends/redis/reader.h"
#include "backends/redis/writer.h"
#include "quipu/backend/shared_tables.h"
#include "quipu/kv_store.h"

namespace quipu::redis {

class RedisKVStore : public BaseKVStore, public TableReads {
 public:
  // Errors: kInvalidArgument for an address that is none, or refused; kIoError where no server answers.
  static Result<std::shared_ptr<BaseKVStore>> open(Address address, bool read_only);
  ~RedisKVStore() override;

  KVCapabilities capabilities() const override;

  Status put(std::string_view key, JsonView val, std::string_view collection = DEFAULT_COLLECTION) override;
  Result<std::optional<Json>> get(std::string_view key,
                                  std::string_view collection = DEFAULT_COLLECTION) const override {
    return reader_.get(key, collection);
  }
  Result<std::vector<KVEntry>> get_all(std::string_view collection = DEFAULT_COLLECTION) const override {
    return reader_.get_all(collection);
  }
  Result<bool> delete_(std::string_view key, std::string_view collection = DEFAULT_COLLECTION) override;

  Result<std::vector<std::optional<Json>>> multi_get(
      std::span<const std::string_view> keys,
      std::string_view collection = DEFAULT_COLLECTION) const override {
    return reader_.multi_get(keys, collection);
  }
  Result<std::vector<std::optional<uint64_t>>> insertion_order(
      std::span<const std::string_view> keys,
      std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<bool> exists(std::string_view key, std::string_view collection = DEFAULT_COLLECTION) const override {
    return reader_.exists(key, collection);
  }
  Result<uint64_t> count(std::string_view collection = DEFAULT_COLLECTION) const override {
    return reader_.count(collection);
  }
  Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options,
                                           std::string_view collection = DEFAULT_COLLECTION) const override {
    return reader_.scan(options, collection);
  }
  Result<std::vector<CollectionInfo>> collections() const override { return catalog_.collections(); }
  Result<std::vector<std::string>> declared_files() const override { return catalog_.files(); }

  // Chats of LlamaIndex's RedisChatStore.
  Result<std::vector<SharedTables::Named>> tables() const override { return chat_lists_.tables(); }
  Result<ChatCounts> count_chats(TableList /*tables*/) const override { return chat_lists_.count(); }
  Result<std::unique_ptr<TableRows<Chat>>> scan_chats(TableList /*tables*/,
                                                      std::optional<std::string_view> key) const override {
    return chat_lists_.chats(key);
  }
  Result<std::unique_ptr<TableRows<ChatMessage>>> scan_messages(TableList /*tables*/) const override {
    return chat_lists_.messages();
  }
  Result<std::vector<Json>> messages(TableList /*tables*/, std::string_view key, uint64_t first,
                                     uint64_t last) const override {
    return chat_lists_.messages(key, first, last);
  }

  Status put_all(std::span<const KVPair> kv_pairs, std::string_view collection = DEFAULT_COLLECTION,
                 int batch_size = DEFAULT_BATCH_SIZE) override;
  Status write(const WriteBatch& batch, const WriteOptions& options = {}) override;
  Status declare_collection(std::string_view name, const CollectionOptions& options) override;
  Status declare_file(std::string_view persist_file) override;
  Result<bool> drop_collection(std::string_view name) override;
  Result<std::unique_ptr<BulkLoad>> bulk_load() override;

  Result<KeyLocks> lock(const LockSet& set) const override { return locks_.acquire(set); }
  // Counts writes of this library; those of others, as of LlamaIndex, are not seen.
  Result<std::optional<uint64_t>> change_version(
      std::span<const std::string_view> collections) const override;

  Status close() override;
  Result<uint32_t> format() const override { return 1; }
  // In memory: there the servers keep it.
  Result<uint64_t> disk_bytes() const override { return catalog_.bytes(); }

 private:
  RedisKVStore(std::unique_ptr<Client> client, Names names, bool read_only);
  Status check_writable() const;

  const std::unique_ptr<Client> client_;
  const Names names_;
  const bool read_only_;
  const Holder holder_;
  Calls calls_;
  Reader reader_;
  mutable Writer writer_;
  mutable Locks locks_;
  Catalog catalog_;
  ChatLists chat_lists_;
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_REDIS_KV_STORE_H_
