#include "backends/rocksdb/check/text_inspection.h"

namespace quipu::rocks {

TextInspection::TextInspection(const ReadView& view, const Collection& collection)
    : view_(view), collection_(collection) {
  if (collection.indexer == nullptr) return;
  entries_ = std::make_unique<TextEntryReader>(view, collection.record.text->id);
  Result<std::unique_ptr<TextCheck>> check = TextCheck::begin(*collection.indexer, *entries_);
  if (check) {
    check_ = *std::move(check);
  } else {
    note({}, check.error());
  }
}

void TextInspection::note(std::string_view key, const Result<std::string>& problem) {
  if (problem && problem->empty()) return;
  if (wrong_++ != 0) return;
  if (!key.empty()) first_ = Json::from_string(key.substr(0, 200)).text() + " ";
  first_ += problem ? *problem : problem.error().message();
}

void TextInspection::take(std::string_view key, const DataRecord& record) {
  if (check_ == nullptr || !collection_.indexes_text_of(key)) return;
  note(key, check_->check(key, record.is_text() ? record.body : std::string_view()));
}

std::string TextInspection::finish() {
  if (check_ != nullptr && !skipped_) {
    const Result<TextTotals> totals = text_totals(view_, *collection_.record.text);
    note({}, totals ? check_->finish(*totals) : Result<std::string>(totals.error()));
  }
  if (wrong_ == 0) return {};
  const std::string others = wrong_ == 1 ? "" : ", and " + std::to_string(wrong_ - 1) + " other faults";
  return "the text index is wrong: " + first_ + others;
}

Status TextInspection::repair(RepairWriter& writer) const {
  const Database& database = view_.database();
  CollectionRecord record = collection_.record;
  TextMark& mark = *record.text;
  std::string prefix;
  put_u32(mark.id, prefix);
  for (int number = 0; number < 2; ++number) {
    QUIPU_RETURN_IF_ERROR(writer.erase(database.catalog(), count_key(text_count_id(mark, number))));
  }
  mark.id = 0;
  mark.whole = false;
  mark.below.clear();
  // First: what is left of the entries afterwards is of no index.
  QUIPU_RETURN_IF_ERROR(
      writer.put(database.catalog(), collection_key(collection_.name), make_collection_record(record)));
  return writer.erase_all(database.text(), prefix);
}

}  // namespace quipu::rocks
