#ifndef QUIPU_BACKENDS_ROCKSDB_BULK_LOAD_H_
#define QUIPU_BACKENDS_ROCKSDB_BULK_LOAD_H_

#include <rocksdb/write_batch.h>

#include <memory>
#include <string>
#include <vector>

#include "backends/rocksdb/key_filter.h"
#include "backends/rocksdb/store_core.h"
#include "quipu/bulk_load.h"
#include "quipu/key_locks.h"

namespace quipu::rocks {

// Loads collections under new ids, without the log, and publishes them in one synced batch. See
// docs/FORMAT.md.
class RocksDBBulkLoad : public BulkLoad {
 public:
  RocksDBBulkLoad(StoreCore& core, LockTable& locks);
  ~RocksDBBulkLoad() override;

  Status begin_file(std::string_view persist_file) override;
  Status begin_collection(std::string_view name, const CollectionOptions& options) override;
  Status put(std::string_view key, JsonView val) override;
  Status commit() override;

 private:
  struct Staged {
    CollectionPtr collection;
    uint64_t count = 0;
    bool published = false;
  };

  Status stage(std::string_view name, const CollectionOptions& options, uint64_t order, Staged& staged);
  Status replace_value(std::string_view key, std::string_view value, bool& replaced);
  Status write_batch();
  Status flush_staged();
  Status merge(const Staged& staged, const CollectionPtr& target);
  Status publish(const std::vector<Staged*>& fresh);
  void clear();

  StoreCore& core_;
  LockTable& locks_;
  std::vector<std::string> files_;
  std::vector<Staged> staged_;
  Staged* current_ = nullptr;
  rocksdb::WriteBatch batch_;
  std::string full_key_;
  std::string header_;
  KeyFilter seen_;
  uint64_t next_sequence_ = 0;
  uint64_t sequence_end_ = 0;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_BULK_LOAD_H_
