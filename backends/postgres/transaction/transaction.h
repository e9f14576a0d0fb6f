// PostgresTransaction: a snapshot of the server, what is written over it, kept here, and what has been read.
// Its commit looks, under the locks of all that, whether it has been changed since, and writes.
//
// Thread-safety, errors: as KVTransaction.

#ifndef QUIPU_BACKENDS_POSTGRES_TRANSACTION_TRANSACTION_H_
#define QUIPU_BACKENDS_POSTGRES_TRANSACTION_TRANSACTION_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "backends/postgres/chats/staged_chats.h"
#include "backends/postgres/read/adjacency.h"
#include "backends/postgres/read/field_index.h"
#include "backends/postgres/read/reader.h"
#include "backends/postgres/transaction/core.h"
#include "backends/postgres/transaction/staged_changes.h"
#include "backends/postgres/vectors/staged_vectors.h"
#include "backends/postgres/write/writer.h"
#include "quipu/backend/features.h"
#include "quipu/backend/shared_tables.h"
#include "quipu/kv_transaction.h"

namespace quipu::postgres {

class PostgresTransaction : public KVTransaction, public SharedTables {
 public:
  // `session`: a snapshot, which has begun.
  PostgresTransaction(std::shared_ptr<Core> core, std::shared_ptr<PinnedSession> session);
  ~PostgresTransaction() override;

  Status commit(const WriteOptions& options) override;
  void rollback() override;

  KVCapabilities capabilities() const override;
  uint64_t search_memory_bytes() const override { return core_->search_memory_bytes; }
  Status put(std::string_view key, JsonView val, std::string_view collection) override;
  Result<bool> delete_(std::string_view key, std::string_view collection) override;
  Status put_all(std::span<const KVPair> kv_pairs, std::string_view collection, int batch_size) override;
  Status write(const WriteBatch& batch, const WriteOptions& options) override;
  Status declare_collection(std::string_view name, const CollectionOptions& options) override;
  Status declare_file(std::string_view persist_file) override;

  Result<std::optional<Json>> get(std::string_view key, std::string_view collection) const override;
  Result<std::vector<KVEntry>> get_all(std::string_view collection) const override;
  Result<std::vector<std::optional<Json>>> multi_get(std::span<const std::string_view> keys,
                                                     std::string_view collection) const override;
  Result<std::vector<std::optional<uint64_t>>> insertion_order(std::span<const std::string_view> keys,
                                                               std::string_view collection) const override;
  Result<std::vector<bool>> keys_exist(std::span<const std::string_view> keys,
                                       std::string_view collection) const override;
  Result<uint64_t> count(std::string_view collection) const override;
  Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options,
                                           std::string_view collection) const override;
  Result<std::vector<CollectionInfo>> collections() const override;
  Result<std::vector<std::string>> declared_files() const override;

  MemberLists& member_lists() override { return features_; }
  ComposedValues& composed_values() override { return features_; }
  FieldIndex& field_index() override { return features_; }
  const Adjacency& adjacency() const override { return features_; }
  Result<std::shared_ptr<VectorTable>> vector_table(const VectorTableOptions& options) override;
  Result<std::shared_ptr<ChatTable>> chat_table(const std::string& table_name) override;

 private:
  // There are no lists and no composed values; look-ups by a field and of relations are noted.
  class Features : public MemberLists, public ComposedValues, public FieldIndex, public Adjacency {
   public:
    explicit Features(PostgresTransaction& transaction) : transaction_(transaction) {}

    Result<std::optional<MemberLists::Info>> list_info(std::string_view collection,
                                                       std::string_view key) const override;
    Result<bool> has_member(std::string_view collection, std::string_view key,
                            std::string_view member) const override;
    Result<std::vector<std::string>> members(std::string_view collection,
                                             std::string_view key) const override;
    Result<std::optional<ComposedValues::Info>> composed_info(std::string_view collection,
                                                              std::string_view key) const override;
    Result<std::vector<Part>> parts(std::string_view collection, std::string_view key) const override;
    Status ensure_index(std::string_view collection, std::string_view field) override;
    Result<std::vector<std::string>> keys_with_value(std::string_view collection, std::string_view field,
                                                     std::string_view value) const override;
    Result<std::vector<bool>> values_exist(std::string_view collection, std::string_view field,
                                           std::span<const std::string_view> values) const override;
    Status for_each_node(std::string_view collection, std::span<const std::string_view> ids, uint64_t at_most,
                         const Use& use) const override;

   private:
    PostgresTransaction& transaction_;
  };

  // What the transaction depends on.
  struct Reads {
    std::map<std::string, std::set<std::string>> ends;                   // of relations in each collection
    std::map<std::string, std::set<std::string>, std::less<>> keys;      // of each collection
    std::set<std::string, std::less<>> collections;                      // gone through or counted
    std::set<std::tuple<std::string, std::string, std::string>> values;  // collection, field, value
  };

  Status active() const;
  void note(std::string_view collection, std::span<const std::string_view> keys) const;
  Status stage(std::span<const WriteOp> ops);
  // The scan, which notes nothing.
  Result<std::unique_ptr<KVIterator>> scan_merged(const ScanOptions& options,
                                                  std::string_view collection) const;
  // The store's numbers of all keys that are changed in it.
  Result<std::vector<std::optional<uint64_t>>> base_orders(const StagedChanges::Changes& changes,
                                                           std::string_view collection) const;
  LockSet used() const;
  // kBusy where the present is not what has been read.
  Status check(Connection& connection) const;
  std::vector<StagedTable*> staged_tables() const;
  Status write_staged(std::span<const WriteOp> ops);
  void end();

  const std::shared_ptr<Core> core_;
  std::shared_ptr<PinnedSession> session_;
  std::optional<PostgresReader> base_;  // nothing once it has ended
  // Tables beside the collections, by their names.
  std::map<std::string, std::shared_ptr<StagedVectors>> vectors_;
  std::map<std::string, std::shared_ptr<StagedChats>> chats_;
  StagedChanges staged_;
  mutable Reads reads_;
  Features features_{*this};
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_TRANSACTION_TRANSACTION_H_
