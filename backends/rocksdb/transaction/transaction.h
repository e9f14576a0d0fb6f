// RocksDBTransaction: a snapshot, the changes made over it in an indexed batch, and what it has used. Its
// commit closes the gate, so that nothing is written between the check for conflicts and its own write.

#ifndef QUIPU_BACKENDS_ROCKSDB_TRANSACTION_TRANSACTION_H_
#define QUIPU_BACKENDS_ROCKSDB_TRANSACTION_TRANSACTION_H_

#include <rocksdb/utilities/write_batch_with_index.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/rocksdb/read/composed_value_reader.h"
#include "backends/rocksdb/read/vector_reader.h"
#include "backends/rocksdb/text/text_fold.h"
#include "backends/rocksdb/transaction/collection_reads.h"
#include "backends/rocksdb/transaction/collection_writes.h"
#include "backends/rocksdb/transaction/read_write_set.h"
#include "backends/rocksdb/write/field_index_reader.h"
#include "backends/rocksdb/write/list_reader.h"
#include "quipu/backend/features.h"
#include "quipu/backend/text_entries.h"
#include "quipu/kv_transaction.h"
#include "quipu/write_batch.h"

namespace quipu::rocks {

class RocksDBTransaction : public CollectionWrites<CollectionReads<KVTransaction>>, public StatsSource {
 public:
  // `database` is that of `store`.
  RocksDBTransaction(std::shared_ptr<BaseKVStore> store, Database& database);
  ~RocksDBTransaction() override;

  Status commit(const WriteOptions& options) override;
  void rollback() override;

  KVCapabilities capabilities() const override;
  CallRecorder& calls() const override { return database_.calls(); }
  Result<StoreStats> stats() const override { return store_stats(*store_); }
  Status declare_collection(std::string_view name, const CollectionOptions& options) override;
  Result<std::vector<CollectionInfo>> collections() const override;
  Result<std::vector<std::string>> declared_files() const override;
  MemberLists& member_lists() override { return tracked_; }
  ComposedValues& composed_values() override { return tracked_; }
  FieldIndex& field_index() override { return tracked_; }
  const VectorValues& vector_values() const override { return tracked_; }
  TextIndexes& text_indexes() override { return tracked_; }
  uint64_t search_memory_bytes() const override { return database_.options().search_memory_bytes; }

 private:
  // The mechanisms of the backend over this transaction, which notes what they read.
  class Tracked : public MemberLists,
                  public ComposedValues,
                  public FieldIndex,
                  public VectorValues,
                  public TextIndexes {
   public:
    explicit Tracked(RocksDBTransaction& transaction) : transaction_(transaction) {}

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
    Status scan_vectors(std::string_view collection,
                        const std::function<Status(const VectorEntry&)>& use) const override;
    Status get_vectors(std::string_view collection, std::span<const std::string_view> keys,
                       const std::function<void(size_t i, std::span<const double>)>& use) const override;
    Result<std::unique_ptr<CodeReader>> codes(std::string_view collection) const override;
    Result<std::unique_ptr<TextView>> open_text(std::string_view collection) const override;
    Result<bool> make_text_index(std::string_view collection, std::string_view analyser,
                                 uint64_t at_most) override;
    Result<bool> drop_text_index(std::string_view collection) override;

   private:
    // Notes a look-up: of the value, or of the whole collection where no index covers it.
    Status note_value(std::string_view collection, std::string_view field, std::string_view value) const;
    ListReader lists() const { return {transaction_.database_, transaction_.reader_->read_view()}; }
    ComposedValueReader composed() const { return ComposedValueReader(transaction_.reader_->read_view()); }
    FieldIndexReader fields() const { return {transaction_.database_, transaction_.reader_->read_view()}; }
    VectorReader vectors() const { return VectorReader(transaction_.reader_->read_view()); }

    RocksDBTransaction& transaction_;
  };

  const Reader& reader() const override { return *reader_; }
  Result<CollectionPtr> find(std::string_view collection,
                             std::span<const std::string_view> keys) const override;
  Result<CollectionPtr> find_all(std::string_view collection) const override;

  // Why it can no longer be used, or OK.
  Status active() const;
  Status apply(std::span<const WriteOp> ops, const WriteOptions& options, bool* first_existed) override;
  Status check_and_write(bool sync);
  void record_changes();
  void end();

  const std::shared_ptr<BaseKVStore> store_;
  Database& database_;
  uint64_t id_ = 0;  // in the conflict table
  StagedChanges changes_;
  mutable ReadWriteSet read_write_set_;
  std::vector<Fingerprint> changed_values_;
  TextRest texts_;
  Tracked tracked_{*this};
  std::unique_ptr<const Reader> reader_;  // null once the transaction has ended
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_TRANSACTION_TRANSACTION_H_
