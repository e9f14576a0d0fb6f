#ifndef QUIPU_BACKENDS_ROCKSDB_TEXT_TEXT_READER_H_
#define QUIPU_BACKENDS_ROCKSDB_TEXT_TEXT_READER_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backends/rocksdb/read/read_view.h"
#include "quipu/backend/text_entries.h"

namespace quipu::rocks {

// The entries of one text index.
class TextEntryReader : public EntryReader {
 public:
  TextEntryReader(ReadView view, uint32_t index);

  Result<std::optional<std::string>> get(std::string_view key) const override;
  // Stands where the last one that has gone stood, if none is there: to make an iterator takes longer than to
  // seek.
  std::unique_ptr<Walk> walk() const override;

 private:
  class EntryWalk;
  struct Iterator {
    std::string end;
    rocksdb::Slice upper;  // of `end`; RocksDB keeps a pointer to it
    std::unique_ptr<rocksdb::Iterator> it;
  };

  const ReadView view_;
  std::string prefix_;
  mutable std::unique_ptr<Iterator> idle_;
};

// The count of a text index: `number` 0, of its documents; 1, of its tokens.
uint32_t text_count_id(const TextMark& mark, int number);
Result<TextTotals> text_totals(const ReadView& view, const TextMark& mark);

// Null where the collection has none. kBusy where the view is at hand.
Result<std::unique_ptr<TextView>> open_text(const ReadView& view, const CollectionPtr& collection);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_TEXT_TEXT_READER_H_
