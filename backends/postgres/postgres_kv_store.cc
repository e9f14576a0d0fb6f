#include "backends/postgres/postgres_kv_store.h"

#include <utility>

#include "backends/postgres/copies/snapshot.h"
#include "backends/postgres/copies/table_copy.h"
#include "backends/postgres/transaction/transaction.h"
#include "backends/postgres/write/batch.h"
#include "backends/postgres/write/bulk_load.h"
#include "quipu/backend/features.h"
#include "quipu/bulk_load.h"

namespace quipu {

using postgres::Core;
using postgres::FinalBatch;
using postgres::PostgresSnapshot;
using postgres::Statement;

namespace {

// Of a store of this backend.
Result<const PostgresSnapshot*> as_snapshot(const TableReads& tables) {
  const auto* const snapshot = dynamic_cast<const PostgresSnapshot*>(&tables);
  if (snapshot != nullptr) return snapshot;
  return Status::not_supported("tables are copied from one schema of PostgreSQL to another");
}

}  // namespace

PostgresKVStore::PostgresKVStore(std::shared_ptr<Core> core, bool read_only)
    : core_(std::move(core)), read_only_(read_only) {}

PostgresKVStore::~PostgresKVStore() { finish_async_calls(); }

Result<std::shared_ptr<PostgresKVStore>> PostgresKVStore::open(const std::string& address, bool read_only,
                                                               uint64_t search_memory) {
  QUIPU_ASSIGN_OR_RETURN(const postgres::PostgresAddress parsed,
                         postgres::PostgresAddress::parse(address, read_only));
  auto core = std::make_shared<Core>(parsed, search_memory);
  QUIPU_ASSIGN_OR_RETURN(const postgres::TableState there, core->server->look());
  if (read_only && !there.schema) return Status::io_error(parsed.shown + ": there is no such schema");
  QUIPU_RETURN_IF_ERROR(core->reader.check_graphs());
  return std::shared_ptr<PostgresKVStore>(new PostgresKVStore(std::move(core), read_only));
}

uint64_t PostgresKVStore::search_memory_bytes() const { return core_->search_memory_bytes; }

KVCapabilities PostgresKVStore::capabilities() const {
  return {.atomic_batches = true,
          .batched_put_all = true,
          .snapshots = true,
          .transactions = !read_only_,
          .durable = true,
          .read_only = read_only_,
          .streams = true,
          .keeps_order = true,
          .round_trips = true,
          .text_keys = true,
          .finite_numbers = true};
}

Status PostgresKVStore::writable() const {
  if (!read_only_) return Status::ok();
  return Status::not_supported(core_->server->shown() + ": it is open for reading only");
}

// ---- writes ----

Status PostgresKVStore::write_ops(std::span<const WriteOp> ops, const KeyLocks* held) {
  QUIPU_RETURN_IF_ERROR(writable());
  QUIPU_ASSIGN_OR_RETURN(const PlainBatch plain, PlainBatch::of(ops));
  QUIPU_ASSIGN_OR_RETURN(const FinalBatch batch, FinalBatch::of(plain.ops()));
  return core_->writer.write(batch, held);
}

Status PostgresKVStore::put(std::string_view key, JsonView val, std::string_view collection) {
  const WriteOp op{&WriteOp::kPut, collection, key, val.text()};
  return write_ops({&op, 1}, nullptr);
}

Result<bool> PostgresKVStore::delete_(std::string_view key, std::string_view collection) {
  QUIPU_RETURN_IF_ERROR(writable());
  return core_->writer.erase(collection, key);
}

Status PostgresKVStore::put_all(std::span<const KVPair> kv_pairs, std::string_view collection,
                                int /*batch_size*/) {
  std::vector<WriteOp> ops;
  ops.reserve(kv_pairs.size());
  for (const KVPair& pair : kv_pairs) ops.push_back({&WriteOp::kPut, collection, pair.key, pair.val.text()});
  return write_ops(ops, nullptr);
}

Status PostgresKVStore::write(const WriteBatch& batch, const WriteOptions& options) {
  return write_ops(batch.ops(), options.held);
}

Status PostgresKVStore::declare_collection(std::string_view name, const CollectionOptions& options) {
  QUIPU_RETURN_IF_ERROR(writable());
  return core_->writer.declare_collection(name, options);
}

Status PostgresKVStore::declare_file(std::string_view persist_file) {
  QUIPU_RETURN_IF_ERROR(writable());
  return core_->writer.declare_file(persist_file);
}

Result<bool> PostgresKVStore::drop_collection(std::string_view name) {
  QUIPU_RETURN_IF_ERROR(writable());
  return core_->writer.drop_collection(name);
}

Result<std::unique_ptr<BulkLoad>> PostgresKVStore::bulk_load() {
  QUIPU_RETURN_IF_ERROR(writable());
  return postgres::PostgresBulkLoad::begin(core_->writer, *core_->server);
}

// ---- reads ----

Result<std::optional<Json>> PostgresKVStore::get(std::string_view key, std::string_view collection) const {
  return core_->reader.get(key, collection);
}

Result<std::vector<KVEntry>> PostgresKVStore::get_all(std::string_view collection) const {
  return core_->reader.get_all(collection);
}

Result<std::vector<std::optional<Json>>> PostgresKVStore::multi_get(std::span<const std::string_view> keys,
                                                                    std::string_view collection) const {
  return core_->reader.multi_get(keys, collection);
}

Result<std::vector<std::optional<uint64_t>>> PostgresKVStore::insertion_order(
    std::span<const std::string_view> keys, std::string_view collection) const {
  return core_->reader.insertion_order(keys, collection);
}

Result<std::vector<bool>> PostgresKVStore::keys_exist(std::span<const std::string_view> keys,
                                                      std::string_view collection) const {
  return core_->reader.keys_exist(keys, collection);
}

Result<uint64_t> PostgresKVStore::count(std::string_view collection) const {
  return core_->reader.count(collection);
}

Result<std::unique_ptr<KVIterator>> PostgresKVStore::scan(const ScanOptions& options,
                                                          std::string_view collection) const {
  return core_->reader.scan(options, collection);
}

Result<std::vector<CollectionInfo>> PostgresKVStore::collections() const {
  return core_->reader.collections();
}

Result<std::vector<std::string>> PostgresKVStore::declared_files() const {
  return core_->reader.declared_files();
}

FieldIndex& PostgresKVStore::field_index() { return core_->fields; }

const Adjacency& PostgresKVStore::adjacency() const { return core_->adjacency; }

Result<std::shared_ptr<VectorTable>> PostgresKVStore::vector_table(const VectorTableOptions& options) {
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<postgres::PostgresVectorTable> table,
                         core_->vector_table(options, read_only_));
  return std::shared_ptr<VectorTable>(std::move(table));
}

Result<std::shared_ptr<ChatTable>> PostgresKVStore::chat_table(const std::string& table_name) {
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<postgres::PostgresChatTable> table,
                         core_->chat_table(table_name, read_only_));
  return std::shared_ptr<ChatTable>(std::move(table));
}

Result<std::vector<SharedTables::Named>> PostgresKVStore::other_tables() const {
  return postgres::tables_beside(*core_->server);
}

bool PostgresKVStore::takes(const TableReads& from) const { return as_snapshot(from).has_value(); }

Status PostgresKVStore::copy_table(const TableReads& from, const std::string& name, const WatchRow& watch) {
  QUIPU_RETURN_IF_ERROR(writable());
  QUIPU_ASSIGN_OR_RETURN(const PostgresSnapshot* const source, as_snapshot(from));
  return postgres::copy_table(*source, name, *core_->server, watch);
}

Status PostgresKVStore::check_copy(const TableReads& from, const std::string& name) {
  QUIPU_ASSIGN_OR_RETURN(const PostgresSnapshot* const source, as_snapshot(from));
  return postgres::check_copy(*source, name, *core_->server);
}

Status PostgresKVStore::drop_table(const std::string& name) {
  QUIPU_RETURN_IF_ERROR(writable());
  return postgres::drop_table(name, *core_->server);
}

// ---- snapshots, transactions, locks ----

Result<std::unique_ptr<KVReader>> PostgresKVStore::snapshot() const {
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<postgres::PinnedSession> session, core_->server->snapshot());
  return std::make_unique<PostgresSnapshot>(std::move(session));
}

Result<std::shared_ptr<KVTransaction>> PostgresKVStore::begin() {
  QUIPU_RETURN_IF_ERROR(writable());
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<postgres::PinnedSession> session, core_->server->snapshot());
  return std::make_shared<postgres::PostgresTransaction>(core_, std::move(session));
}

Result<KeyLocks> PostgresKVStore::lock(const LockSet& set) const {
  return postgres::HeldLocks::acquire(core_->server, set);
}

Result<std::optional<uint64_t>> PostgresKVStore::change_version(
    std::span<const std::string_view> collections) const {
  QUIPU_ASSIGN_OR_RETURN(const uint64_t version, core_->writer.version(collections));
  return std::optional(version);
}

// ---- care ----

Status PostgresKVStore::close() {
  finish_async_calls();
  if (const int open = core_->transactions; open != 0) {
    return Status::busy(core_->server->shown() + ": cannot close, " + std::to_string(open) +
                        " transactions are open");
  }
  core_->server->close();
  return Status::ok();
}

Status PostgresKVStore::compact(const ProgressCallback& /*progress*/) {
  QUIPU_RETURN_IF_ERROR(writable());
  return core_->writer.tidy_changes();
}

Result<uint64_t> PostgresKVStore::disk_bytes() const {
  Statement size(
      "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_catalog.pg_class AS c "
      "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'r'");
  size.text(core_->server->address().schema);
  QUIPU_ASSIGN_OR_RETURN(const postgres::ResultSet row, core_->server->run(size));
  return static_cast<uint64_t>(row.number(0, 0));
}

}  // namespace quipu
