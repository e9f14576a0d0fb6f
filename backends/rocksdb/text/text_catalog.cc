#include "backends/rocksdb/text/text_catalog.h"

#include <memory>
#include <utility>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/key_order_iterator.h"
#include "backends/rocksdb/read/reader.h"
#include "backends/rocksdb/text/text_fold.h"
#include "backends/rocksdb/text/text_reader.h"

namespace quipu::rocks {
namespace {

// A part of an index that is made takes about so much of its nodes at most.
constexpr size_t kPartBytes = 16 << 20;

Status another_analyser(std::string_view name, const TextMark& mark, std::string_view wanted) {
  return Status::invalid_argument("collection " + Json::from_string(name.substr(0, 200)).text() +
                                  " has a text index by the analyser \"" + mark.analyser + "\", not by \"" +
                                  std::string(wanted) + "\"; drop it first (drop_text_index)");
}

// Indexes the next values of `changed`, whose mark says then how far the index goes. REQUIRES: nobody writes
// to the collection.
Status add_texts(Database& database, Collection& changed, uint64_t at_most, rocksdb::WriteBatch& batch,
                 TextRest& rest) {
  TextMark& mark = *changed.record.text;
  const Reader reader(ReadView(database).fixed());
  const TextEntryReader stored(reader.read_view(), mark.id);
  TextEntryWriter out(batch, database.text(), mark.id);
  const std::unique_ptr<TextIndexer::Batch> texts = changed.indexer->begin(stored, out);
  ScanOptions options;
  if (!mark.below.empty()) options.start = mark.below;
  KeyOrderIterator rows(reader, changed, options);
  size_t bytes = 0;
  bool more = rows.next();
  for (uint64_t done = 0; more && done < at_most && bytes < kPartBytes; more = rows.next(), ++done) {
    QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<const RowNumbers::Taken> row, database.rows().take(mark.id, 1));
    QUIPU_RETURN_IF_ERROR(texts->change(rows.key(), {}, rows.val().text(), row->first));
    bytes += rows.val().text().size();
  }
  QUIPU_RETURN_IF_ERROR(rows.status());
  QUIPU_RETURN_IF_ERROR(texts->finish());
  mark.whole = !more;
  mark.below = more ? std::string(rows.key()) : std::string();
  const TextTotals added = texts->added();
  batch.Merge(database.catalog(), count_key(text_count_id(mark, 0)), make_count(added.documents))
      .PermitUncheckedError();
  batch.Merge(database.catalog(), count_key(text_count_id(mark, 1)), make_count(added.tokens))
      .PermitUncheckedError();
  rest.terms[changed.name] = std::move(*texts).terms_to_fold();
  return Status::ok();
}

// Makes a part. REQUIRES: the gate is closed.
Result<bool> make_part(Database& database, std::string_view name, const TextIndexer& indexer,
                       uint64_t at_most, TextRest& rest) QUIPU_REQUIRES(database.catalog_mutex()) {
  const CollectionPtr known = database.find(name);
  if (!known) return Status::not_found("there is no collection " + Json::from_string(name).text());
  auto changed = std::make_shared<Collection>(*known);
  const std::optional<TextMark>& mark = known->record.text;
  if (mark && mark->analyser != indexer.analyser()) return another_analyser(name, *mark, indexer.analyser());
  if (mark && mark->whole && known->indexer) return true;
  rocksdb::WriteBatch batch;
  const bool anew = !mark || !known->indexer;
  const uint32_t old_id = mark ? mark->id : 0;
  if (anew) {
    if (old_id != 0) put_text_pending(database, old_id, batch);
    changed->record.text =
        TextMark{indexer.analyser(), indexer.version(), database.take_text_id(), false, {}};
    attach_indexer(*changed);
    // If this goes no further, the next open removes what there is of it.
    rocksdb::WriteBatch begun;
    put_text_pending(database, changed->record.text->id, begun);
    QUIPU_RETURN_IF_ERROR(database.write(begun, false));
    for (uint32_t number = 0; number < 2; ++number) {
      batch.Delete(database.catalog(), pending_key(changed->record.text->id + number)).PermitUncheckedError();
    }
  }
  QUIPU_RETURN_IF_ERROR(add_texts(database, *changed, at_most, batch, rest));
  QUIPU_RETURN_IF_ERROR(database.write_record(*changed, batch));
  database.publish(changed);
  // From now on writes of these keys are part of the index; open transactions may have written some.
  database.conflicts().record_schema_change(name);
  if (anew && old_id != 0) QUIPU_RETURN_IF_ERROR(database.discard_text(old_id));
  return changed->record.text->whole;
}

}  // namespace

void put_text_pending(const Database& database, uint32_t id, rocksdb::WriteBatch& batch) {
  batch.Put(database.catalog(), pending_key(id), "").PermitUncheckedError();
  batch.Put(database.catalog(), pending_key(id + 1), "").PermitUncheckedError();
}

Result<bool> make_text_index(Database& database, std::string_view name, std::string_view analyser,
                             uint64_t at_most) {
  const CollectionPtr before = database.find(name);
  if (before && before->record.text && before->record.text->whole && before->indexer &&
      before->record.text->analyser == analyser) {
    return true;
  }
  QUIPU_RETURN_IF_ERROR(database.writable());
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<TextIndexer> indexer, TextIndexer::make(analyser));
  QUIPU_RETURN_IF_ERROR(database.require_text());
  const bool begins = !before || !before->record.text || !before->indexer;
  TextRest rest;
  Result<bool> whole = false;
  {
    const CommitGate::Closed alone(database.gate());
    const MutexLock lock(database.catalog_mutex());
    whole = make_part(database, name, *indexer, at_most, rest);
  }
  if (whole && begins) {
    database.log("a text index of " + std::string(name) + " is made by " + std::string(analyser));
  }
  if (whole) fold_texts(database, std::move(rest));
  return whole;
}

Result<bool> drop_text_index(Database& database, std::string_view name) {
  QUIPU_RETURN_IF_ERROR(database.writable());
  const CommitGate::Closed alone(database.gate());
  const MutexLock lock(database.catalog_mutex());
  const CollectionPtr known = database.find(name);
  if (!known || !known->record.text) return false;
  auto changed = std::make_shared<Collection>(*known);
  const uint32_t id = changed->record.text->id;
  changed->record.text.reset();
  attach_indexer(*changed);
  rocksdb::WriteBatch batch;
  if (id != 0) put_text_pending(database, id, batch);
  QUIPU_RETURN_IF_ERROR(database.write_record(*changed, batch));
  database.publish(changed);
  database.conflicts().record_schema_change(name);
  if (id != 0) QUIPU_RETURN_IF_ERROR(database.discard_text(id));
  return true;
}

Result<CollectionPtr> forget_text_index(Database& database, std::string_view name) {
  const CollectionPtr known = database.find(name);
  if (!known || !known->record.text || known->record.text->id == 0 || known->indexer) return known;
  auto changed = std::make_shared<Collection>(*known);
  TextMark& mark = *changed->record.text;
  const uint32_t id = std::exchange(mark.id, 0);
  mark.whole = false;
  mark.below.clear();
  rocksdb::WriteBatch batch;
  put_text_pending(database, id, batch);
  QUIPU_RETURN_IF_ERROR(database.write_record(*changed, batch));
  database.publish(changed);
  database.log("the text index of " + changed->name + " was made by " + mark.analyser + " of version \"" +
               mark.version + "\", which this build does not have; index_text() makes it anew");
  QUIPU_RETURN_IF_ERROR(database.discard_text(id));
  return CollectionPtr(changed);
}

Result<std::unique_ptr<TextView>> RocksDBTextIndexes::open_text(std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(database_.usable());
  return rocks::open_text(view_, database_.find(collection));
}

Result<bool> RocksDBTextIndexes::make_text_index(std::string_view collection, std::string_view analyser,
                                                 uint64_t at_most) {
  QUIPU_RETURN_IF_ERROR(database_.usable());
  if (view_.is_at_hand()) return Status::busy("a text index is to be made");
  return rocks::make_text_index(database_, collection, analyser, at_most);
}

Result<bool> RocksDBTextIndexes::drop_text_index(std::string_view collection) {
  QUIPU_RETURN_IF_ERROR(database_.usable());
  if (view_.is_at_hand()) return Status::busy("a text index is to be dropped");
  return rocks::drop_text_index(database_, collection);
}

}  // namespace quipu::rocks
