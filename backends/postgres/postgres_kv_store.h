// PostgresKVStore: a BaseKVStore in a schema of a PostgreSQL database, in the tables of LlamaIndex's
// PostgresKVStore, PostgresDocumentStore and PostgresIndexStore, which read what this wrote and the reverse,
// but for graphs, which have tables of Quipu's own, as LlamaIndex has none for them.
// docs/FORMAT.md has the tables, docs/SCALE.md what a server brings.
//
//   QUIPU_ASSIGN_OR_RETURN(const auto store, PostgresKVStore::open("postgresql://host/db?schema=mine",
//   false));
//
// Thread-safety: any; processes on any machines may write to one schema at the same time.
// Errors: kIoError where the server is not there or refuses, kBusy where something is taken and another try
// may do, kInvalidArgument for what PostgreSQL cannot hold: keys and names that are no UTF-8 or have a NUL,
// keys too long for an index (2704 bytes, compressed), NaN and infinities. Nothing has been changed then.
// Cost: a call is one round trip, one that locks two. A scan, a snapshot, a transaction and a lock each have
// a connection as long as they last.

#ifndef QUIPU_BACKENDS_POSTGRES_POSTGRES_KV_STORE_H_
#define QUIPU_BACKENDS_POSTGRES_POSTGRES_KV_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/backend/shared_tables.h"
#include "quipu/kv_store.h"
#include "quipu/write_batch.h"

namespace quipu {

namespace postgres {
struct Core;
}

class PostgresKVStore : public BaseKVStore, public SharedTables {
 public:
  // Makes nothing: schema and tables come with the first write. `read_only`: writes are refused, and the
  // schema must be there. `search_memory`: what search_memory_bytes() is. Errors: kInvalidArgument for the
  // address, kIoError.
  static Result<std::shared_ptr<PostgresKVStore>> open(const std::string& address, bool read_only,
                                                       uint64_t search_memory = uint64_t{1} << 30);
  ~PostgresKVStore() override;

  KVCapabilities capabilities() const override;
  Status put(std::string_view key, JsonView val, std::string_view collection = DEFAULT_COLLECTION) override;
  Result<bool> delete_(std::string_view key, std::string_view collection = DEFAULT_COLLECTION) override;
  Status put_all(std::span<const KVPair> kv_pairs, std::string_view collection = DEFAULT_COLLECTION,
                 int batch_size = DEFAULT_BATCH_SIZE) override;
  Status write(const WriteBatch& batch, const WriteOptions& options = {}) override;
  Status declare_collection(std::string_view name, const CollectionOptions& options) override;
  Status declare_file(std::string_view persist_file) override;
  Result<bool> drop_collection(std::string_view name) override;
  Result<std::unique_ptr<BulkLoad>> bulk_load() override;

  Result<std::optional<Json>> get(std::string_view key,
                                  std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<std::vector<KVEntry>> get_all(std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<std::vector<std::optional<Json>>> multi_get(
      std::span<const std::string_view> keys,
      std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<std::vector<std::optional<uint64_t>>> insertion_order(
      std::span<const std::string_view> keys,
      std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<std::vector<bool>> keys_exist(std::span<const std::string_view> keys,
                                       std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<uint64_t> count(std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options,
                                           std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<std::vector<CollectionInfo>> collections() const override;
  Result<std::vector<std::string>> declared_files() const override;

  Result<std::unique_ptr<KVReader>> snapshot() const override;
  Result<std::shared_ptr<KVTransaction>> begin() override;
  FieldIndex& field_index() override;
  const Adjacency& adjacency() const override;
  Result<std::shared_ptr<VectorTable>> vector_table(const VectorTableOptions& options) override;
  Result<std::shared_ptr<ChatTable>> chat_table(const std::string& table_name) override;
  Result<std::vector<Named>> other_tables() const override;
  bool takes(const TableReads& from) const override;
  Status copy_table(const TableReads& from, const std::string& name, const WatchRow& watch) override;
  Status check_copy(const TableReads& from, const std::string& name) override;
  Status drop_table(const std::string& name) override;
  uint64_t search_memory_bytes() const override;
  Result<KeyLocks> lock(const LockSet& set) const override;
  Result<std::optional<uint64_t>> change_version(
      std::span<const std::string_view> collections) const override;

  Status close() override;
  Status compact(const ProgressCallback& progress = {}) override;
  Result<uint32_t> format() const override { return uint32_t{1}; }  // the tables as docs/FORMAT.md has them
  Result<uint64_t> disk_bytes() const override;

 private:
  PostgresKVStore(std::shared_ptr<postgres::Core> core, bool read_only);

  Status writable() const;
  Status write_ops(std::span<const WriteOp> ops, const KeyLocks* held);

  const std::shared_ptr<postgres::Core> core_;
  const bool read_only_;
};

}  // namespace quipu

#endif  // QUIPU_BACKENDS_POSTGRES_POSTGRES_KV_STORE_H_
