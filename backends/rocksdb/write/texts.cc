// Text indexes: what a batch has of the texts that it changes goes into the family of text indexes, in the
// form that TextIndexer gives it.

#include <utility>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/text/text_reader.h"
#include "backends/rocksdb/write/collection_index.h"

namespace quipu::rocks {
namespace {

// All of a batch that one text index has to do with.
class TextBatch : public IndexedBatch {
 public:
  explicit TextBatch(const Collection& collection) : collection_(collection) {}

  Status expect(CommitScope& scope) {
    if (expected_++ == 0 && scope.staged != nullptr) return check_mark(scope, *scope.staged);
    return Status::ok();
  }

  Status change(const KeyChange& key, std::string_view before, CommitScope& scope,
                rocksdb::WriteBatchBase& batch) {
    if (batch_ == nullptr) QUIPU_RETURN_IF_ERROR(begin(scope, batch));
    return batch_->change(key.user_key, before, key.exists ? key.body : std::string_view(), next_row_++);
  }

  Status finish(CommitScope& scope) override {
    if (batch_ == nullptr) return Status::ok();
    QUIPU_RETURN_IF_ERROR(batch_->finish());
    const TextTotals added = batch_->added();
    const TextMark& mark = *collection_.record.text;
    scope.counts.emplace_back(text_count_id(mark, 0), added.documents);
    scope.counts.emplace_back(text_count_id(mark, 1), added.tokens);
    std::vector<std::string> terms = std::move(*batch_).terms_to_fold();
    if (!terms.empty()) scope.texts.terms[collection_.name] = std::move(terms);
    return Status::ok();
  }

 private:
  Status begin(CommitScope& scope, rocksdb::WriteBatchBase& batch) {
    Database& database = scope.database();
    const uint32_t index = collection_.record.text->id;
    QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<const RowNumbers::Taken> rows,
                           database.rows().take(index, expected_));
    next_row_ = rows->first;
    scope.texts.rows.push_back(std::move(rows));
    stored_ = std::make_unique<TextEntryReader>(scope.view, index);
    out_ = std::make_unique<TextEntryWriter>(batch, database.text(), index);
    batch_ = collection_.indexer->begin(*stored_, *out_);
    return Status::ok();
  }

  // A transaction reads what there was when it began: since then the index may have been made, or have come
  // further.
  Status check_mark(const CommitScope& scope, StagedChanges& staged) const {
    const TextMark& mark = *collection_.record.text;
    if (staged.knows_text_index(mark.id)) return Status::ok();
    rocksdb::PinnableSlice stored;
    const std::string key = collection_key(collection_.name);
    QUIPU_ASSIGN_OR_RETURN(
        const bool found,
        is_found(scope.view.get(scope.database().catalog(), slice(key), stored), "cannot read the catalog"));
    const auto then = found ? parse_collection_record(rocks::view(stored)) : std::nullopt;
    if (then && then->text && then->text->id == mark.id && then->text->whole == mark.whole &&
        then->text->below == mark.below) {
      if (mark.whole) staged.know_text_index(mark.id);  // it remains so
      return Status::ok();
    }
    return Status::busy(
        "the text index of collection " + Json::from_string(collection_.name.substr(0, 200)).text() +
        " was made since the transaction began; begin a new one and repeat what this one did");
  }

  const Collection& collection_;
  uint32_t expected_ = 0;
  uint32_t next_row_ = 0;
  std::unique_ptr<TextEntryReader> stored_;
  std::unique_ptr<TextEntryWriter> out_;
  std::unique_ptr<TextIndexer::Batch> batch_;
};

class IndexedText : public IndexedKey {
 public:
  IndexedText(TextBatch& texts, std::string_view before) : texts_(texts), before_(before) {}
  Status write(KeyChange& key, CommitScope& scope, rocksdb::WriteBatchBase& batch) override {
    return texts_.change(key, before_, scope, batch);
  }

 private:
  TextBatch& texts_;
  const std::string_view before_;
};

class Texts : public CollectionIndex {
 public:
  bool follows(const Collection& collection) const override { return collection.indexer != nullptr; }

  Status load(KeyChange& key, const DataRecord* stored, CommitScope& scope) const override {
    if (!key.collection->indexes_text_of(key.user_key)) return Status::ok();
    if (scope.view.is_at_hand()) return Status::busy("texts are to be indexed");
    // Other forms than JSON are no nodes.
    const bool is_text = stored != nullptr && stored->is_text();
    auto& texts = scope.batch_of<TextBatch>(*key.collection);
    QUIPU_RETURN_IF_ERROR(texts.expect(scope));
    scope.add<IndexedText>(key, *this, texts, is_text ? scope.keep(stored->body) : std::string_view());
    return Status::ok();
  }
};

const Texts texts;

}  // namespace

const CollectionIndex& kTexts = texts;

}  // namespace quipu::rocks
