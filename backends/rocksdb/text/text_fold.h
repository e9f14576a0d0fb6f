// Folds of text indexes: what batches have added to a term is brought together, a moment after the batch that
// was one too many. It changes nothing of what the index says, so it may fail, or be forgotten in a crash.

#ifndef QUIPU_BACKENDS_ROCKSDB_TEXT_TEXT_FOLD_H_
#define QUIPU_BACKENDS_ROCKSDB_TEXT_TEXT_FOLD_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/rocksdb/database/database.h"
#include "backends/rocksdb/database/row_numbers.h"
#include "quipu/backend/text_entries.h"

namespace quipu::rocks {

// What a commit leaves to be done for text indexes.
struct TextRest {
  std::vector<std::shared_ptr<const RowNumbers::Taken>> rows;  // until it is written
  std::map<std::string, std::vector<std::string>> terms;       // to be folded then, by collection

  void add(TextRest&& more);
};

// Writes entries of an index to a batch.
class TextEntryWriter : public EntryWriter {
 public:
  TextEntryWriter(rocksdb::WriteBatchBase& batch, rocksdb::ColumnFamilyHandle* family, uint32_t index);
  Status put(std::string_view key, std::string_view value) override;
  Status erase(std::string_view key) override;

 private:
  std::string_view full(std::string_view key);

  rocksdb::WriteBatchBase& batch_;
  rocksdb::ColumnFamilyHandle* const family_;
  std::string key_;
  size_t prefix_;
};

// REQUIRES: what `rest` is of has been written, and this thread is not inside the gate.
void fold_texts(Database& database, TextRest rest);
// All terms of all text indexes.
Status fold_all_texts(Database& database);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_TEXT_TEXT_FOLD_H_
