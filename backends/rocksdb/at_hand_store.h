// AtHandStore: the store for who must not wait (quipu/backend/at_hand.h). Reads end where a block is not in
// memory, writes where RocksDB would stall; both after so much that a thread is not held for long.

#ifndef QUIPU_BACKENDS_ROCKSDB_AT_HAND_STORE_H_
#define QUIPU_BACKENDS_ROCKSDB_AT_HAND_STORE_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/rocksdb/read/composed_value_reader.h"
#include "backends/rocksdb/read/vector_reader.h"
#include "backends/rocksdb/text/text_catalog.h"
#include "backends/rocksdb/transaction/collection_reads.h"
#include "backends/rocksdb/transaction/collection_writes.h"
#include "backends/rocksdb/write/field_index_reader.h"
#include "backends/rocksdb/write/list_reader.h"
#include "quipu/write_batch.h"

namespace quipu::rocks {

class AtHandStore : public CollectionWrites<CollectionReads<BaseKVStore>>, public StatsSource {
 public:
  // `database` is that of `store`; both must outlive this.
  AtHandStore(const BaseKVStore& store, Database& database);
  ~AtHandStore() override { finish_async_calls(); }

  KVCapabilities capabilities() const override;
  CallRecorder& calls() const override { return database_.calls(); }
  Result<StoreStats> stats() const override { return store_stats(store_); }
  Result<KeyLocks> lock(const LockSet& set) const override;
  Status declare_collection(std::string_view name, const CollectionOptions& options) override;
  MemberLists& member_lists() override { return lists_; }
  ComposedValues& composed_values() override { return composed_; }
  FieldIndex& field_index() override { return fields_; }
  const VectorValues& vector_values() const override { return vectors_; }
  TextIndexes& text_indexes() override { return texts_; }
  uint64_t search_memory_bytes() const override { return database_.options().search_memory_bytes; }

  // By keys, and of no more pairs than takes a moment; then its status is kBusy.
  Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options,
                                           std::string_view collection) const override;

  // What takes longer than a moment, or cannot be told.
  Result<std::vector<KVEntry>> get_all(std::string_view collection) const override;
  Result<std::vector<CollectionInfo>> collections() const override;
  Result<std::vector<std::string>> declared_files() const override;
  Status declare_file(std::string_view persist_file) override;
  Result<bool> drop_collection(std::string_view name) override;
  Result<std::unique_ptr<BulkLoad>> bulk_load() override;
  Status sync() override;
  Status flush() override;
  Status compact(const ProgressCallback& progress) override;
  Status verify(const std::function<void(const Fault&)>& report,
                const ProgressCallback& progress) const override;

 private:
  const Reader& reader() const override { return reader_; }
  Result<CollectionPtr> find(std::string_view collection,
                             std::span<const std::string_view> keys) const override;
  Result<CollectionPtr> find_all(std::string_view collection) const override { return find(collection, {}); }
  Status apply(std::span<const WriteOp> ops, const WriteOptions& options, bool* first_existed) override;

  const BaseKVStore& store_;
  Database& database_;
  const ReadView view_;
  const Reader reader_;
  ListReader lists_;
  ComposedValueReader composed_;
  FieldIndexReader fields_;
  const VectorReader vectors_;
  RocksDBTextIndexes texts_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_AT_HAND_STORE_H_
