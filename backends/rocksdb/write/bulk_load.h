#ifndef QUIPU_BACKENDS_ROCKSDB_WRITE_BULK_LOAD_H_
#define QUIPU_BACKENDS_ROCKSDB_WRITE_BULK_LOAD_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/rocksdb/database/database.h"
#include "backends/rocksdb/files/external_sorter.h"
#include "backends/rocksdb/write/sst_writer.h"
#include "quipu/backend/collection_cache.h"
#include "quipu/backend/features.h"
#include "quipu/bulk_load.h"

namespace quipu::rocks {

// Sorts each collection by key, writes it as finished table files, and at commit() hands those to RocksDB and
// publishes the collections in one synced batch. Nothing passes through the log or a memtable, and nothing
// needs compaction afterwards. See docs/FORMAT.md.
class RocksDBBulkLoad : public BulkLoad {
 public:
  // `core` is that of `store`.
  RocksDBBulkLoad(Database& database, BaseKVStore& store) : database_(database), store_(store) {}
  ~RocksDBBulkLoad() override;

  Status begin_file(std::string_view persist_file) override;
  Status begin_collection(std::string_view name, const CollectionOptions& options) override;
  Status put(std::string_view key, JsonView val) override;
  Status put_vector(std::string_view key, std::span<const double> elements) override;
  Status commit() override;

 private:
  struct Staged {
    CollectionPtr collection;
    TableFiles data;
    TableFiles index;
    TableFiles codes;
    uint64_t count = 0;
    bool merged = false;   // into a collection that was there
    bool settled = false;  // published or removed: nothing of it is left to clear
  };

  Status end_collection();
  static Status write_codes(ExternalSorter& entries, TableFiles& files);
  // `body`: what stands behind the sequence in a data record.
  Status add(std::string_view key, std::string_view body);
  Result<Staged> stage(std::string_view name, const CollectionOptions& options, uint64_t order)
      QUIPU_REQUIRES(database_.catalog_mutex());
  Status ingest();
  Status merge_or_publish();
  Status merge(Staged& staged);
  Status publish() QUIPU_REQUIRES(database_.catalog_mutex());
  std::vector<LockedCache> lock_caches() const;
  void discard(Staged& staged) QUIPU_REQUIRES(database_.catalog_mutex());

  Database& database_;
  BaseKVStore& store_;
  std::vector<std::string> files_;
  std::vector<Staged> staged_;
  size_t current_ = 0;
  std::unique_ptr<ExternalSorter> rows_;  // of the current collection
  bool committed_ = false;
  uint64_t next_sequence_ = 0;
  uint64_t sequence_end_ = 0;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_WRITE_BULK_LOAD_H_
