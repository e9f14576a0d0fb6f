#include "backends/rocksdb/text/text_reader.h"

#include <utility>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/reader.h"

namespace quipu::rocks {
namespace {

constexpr const char* kCannotRead = "cannot read a text index";

class RocksDBTextView : public TextView {
 public:
  // `mark`: at the moment of the view.
  RocksDBTextView(ReadView view, CollectionPtr collection, TextMark mark)
      : view_(std::move(view)),
        collection_(std::move(collection)),
        mark_(std::move(mark)),
        state_{mark_.analyser, mark_.whole && collection_->indexer != nullptr},
        entries_(view_, mark_.id) {}

  const TextIndexState& state() const override { return state_; }
  const EntryReader& entries() const override { return entries_; }
  Result<TextTotals> totals() const override { return text_totals(view_, mark_); }
  Result<std::optional<std::string>> value(std::string_view key) const override {
    QUIPU_ASSIGN_OR_RETURN(std::optional<Json> found, Reader(view_).get(*collection_, key));
    if (!found) return std::optional<std::string>();
    return std::optional(found->text());
  }

 private:
  const ReadView view_;
  const CollectionPtr collection_;
  const TextMark mark_;
  const TextIndexState state_;
  const TextEntryReader entries_;
};

}  // namespace

class TextEntryReader::EntryWalk : public EntryReader::Walk {
 public:
  EntryWalk(const TextEntryReader& reader, std::unique_ptr<Iterator> iterator)
      : reader_(reader), iterator_(std::move(iterator)), it_(*iterator_->it) {}
  ~EntryWalk() override { reader_.idle_ = std::move(iterator_); }

  void seek(std::string_view key) override {
    key_ = reader_.prefix_;
    key_ += key;
    it_.Seek(slice(key_));
  }
  void next() override { it_.Next(); }
  bool valid() const override { return it_.Valid(); }
  std::string_view key() const override { return view(it_.key()).substr(reader_.prefix_.size()); }
  std::string_view value() const override { return view(it_.value()); }
  Status status() const override { return from_rocksdb(it_.status(), kCannotRead); }

 private:
  const TextEntryReader& reader_;
  std::unique_ptr<Iterator> iterator_;
  rocksdb::Iterator& it_;
  std::string key_;
};

TextEntryReader::TextEntryReader(ReadView view, uint32_t index) : view_(std::move(view)) {
  put_u32(index, prefix_);
}

Result<std::optional<std::string>> TextEntryReader::get(std::string_view key) const {
  std::string full = prefix_;
  full += key;
  rocksdb::PinnableSlice value;
  QUIPU_ASSIGN_OR_RETURN(const bool found,
                         is_found(view_.get(view_.database().text(), slice(full), value), kCannotRead));
  if (!found) return std::optional<std::string>();
  return std::optional(std::string(view(value)));
}

std::unique_ptr<EntryReader::Walk> TextEntryReader::walk() const {
  std::unique_ptr<Iterator> iterator = std::move(idle_);
  if (iterator == nullptr) {
    iterator = std::make_unique<Iterator>();
    iterator->end = after_prefix(prefix_);
    iterator->upper = slice(iterator->end);
    rocksdb::ReadOptions options;
    if (!iterator->end.empty()) options.iterate_upper_bound = &iterator->upper;
    iterator->it = view_.iterate(view_.database().text(), options);
  }
  return std::make_unique<EntryWalk>(*this, std::move(iterator));
}

uint32_t text_count_id(const TextMark& mark, int number) { return mark.id + static_cast<uint32_t>(number); }

Result<TextTotals> text_totals(const ReadView& view, const TextMark& mark) {
  if (mark.id == 0) return TextTotals{};  // it is to be made anew
  uint64_t counts[2] = {};
  for (int number = 0; number < 2; ++number) {
    const uint32_t id = text_count_id(mark, number);
    rocksdb::PinnableSlice value;
    QUIPU_ASSIGN_OR_RETURN(const bool found,
                           is_found(view.get(view.database().catalog(), count_key(id), value), kCannotRead));
    counts[number] = (found ? parse_count(rocks::view(value)) : 0) + view.count_change(id);
  }
  return TextTotals{counts[0], counts[1]};
}

Result<std::unique_ptr<TextView>> open_text(const ReadView& view, const CollectionPtr& collection) {
  if (view.is_at_hand()) return Status::busy("text is searched on another thread");
  if (!collection || !collection->record.text) return std::unique_ptr<TextView>();
  // The index may have been made after the moment that is looked at.
  const ReadView fixed = view.fixed();
  rocksdb::PinnableSlice value;
  QUIPU_ASSIGN_OR_RETURN(
      const bool found,
      is_found(fixed.get(fixed.database().catalog(), collection_key(collection->name), value), kCannotRead));
  const auto record = found ? parse_collection_record(rocks::view(value)) : std::nullopt;
  if (!record || !record->text || record->id != collection->id()) return std::unique_ptr<TextView>();
  return std::unique_ptr<TextView>(std::make_unique<RocksDBTextView>(fixed, collection, *record->text));
}

}  // namespace quipu::rocks
