// TextInspection: whether the text index of a collection is that of its values.

#ifndef QUIPU_BACKENDS_ROCKSDB_CHECK_TEXT_INSPECTION_H_
#define QUIPU_BACKENDS_ROCKSDB_CHECK_TEXT_INSPECTION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "backends/rocksdb/check/repair_writer.h"
#include "backends/rocksdb/text/text_reader.h"
#include "quipu/backend/text_entries.h"

namespace quipu::rocks {

class TextInspection {
 public:
  // `collection` must outlive this.
  TextInspection(const ReadView& view, const Collection& collection);

  // A value of the collection that is sound; one that is not, which what the index says is not held against.
  void take(std::string_view key, const DataRecord& record);
  void skip() { skipped_ = true; }
  // What is wrong; empty: nothing, or there is no index.
  std::string finish();
  // Removes the index, so that it is made anew.
  Status repair(RepairWriter& writer) const;

 private:
  void note(std::string_view key, const Result<std::string>& problem);

  const ReadView view_;
  const Collection& collection_;
  std::unique_ptr<TextEntryReader> entries_;
  std::unique_ptr<TextCheck> check_;
  bool skipped_ = false;
  uint64_t wrong_ = 0;
  std::string first_;  // what is wrong
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_CHECK_TEXT_INSPECTION_H_
