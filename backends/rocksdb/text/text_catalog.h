#ifndef QUIPU_BACKENDS_ROCKSDB_TEXT_TEXT_CATALOG_H_
#define QUIPU_BACKENDS_ROCKSDB_TEXT_TEXT_CATALOG_H_

#include <string_view>

#include "backends/rocksdb/database/database.h"
#include "backends/rocksdb/read/read_view.h"
#include "quipu/backend/text_entries.h"

namespace quipu::rocks {

// What is done to whole text indexes.

// Makes the next part of one (TextIndexes::make_text_index).
Result<bool> make_text_index(Database& database, std::string_view name, std::string_view analyser,
                             uint64_t at_most);
Result<bool> drop_text_index(Database& database, std::string_view name);
// Throws away the entries of one that this build cannot keep, before something is written past it; the
// collection as it is then. REQUIRES: this thread is inside the gate.
Result<CollectionPtr> forget_text_index(Database& database, std::string_view name)
    QUIPU_REQUIRES(database.catalog_mutex());

// Notes in a batch that the entries of a text index go: discard_text(), or else the next open, removes them.
void put_text_pending(const Database& database, uint32_t id, rocksdb::WriteBatch& batch);

// Text indexes as a store has them.
class RocksDBTextIndexes : public TextIndexes {
 public:
  RocksDBTextIndexes(Database& database, ReadView view) : database_(database), view_(std::move(view)) {}

  Result<std::unique_ptr<TextView>> open_text(std::string_view collection) const override;
  Result<bool> make_text_index(std::string_view collection, std::string_view analyser,
                               uint64_t at_most) override;
  Result<bool> drop_text_index(std::string_view collection) override;

 private:
  Database& database_;
  const ReadView view_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_TEXT_TEXT_CATALOG_H_
