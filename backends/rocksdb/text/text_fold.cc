#include "backends/rocksdb/text/text_fold.h"

#include <algorithm>
#include <iterator>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/text/text_reader.h"

namespace quipu::rocks {
namespace {

constexpr size_t kFoldBytes = 1 << 20;
// Writers wait for no more than these: who begins a transaction closes the gate that a fold is inside of.
constexpr size_t kTermsAtOnce = 256;

// REQUIRES: inside the gate.
Status fold_terms(Database& database, const Collection& collection, std::span<const std::string> terms)
    QUIPU_REQUIRES(database.fold_mutex()) {
  const uint32_t index = collection.record.text->id;
  while (!terms.empty()) {
    const uint32_t settled = database.rows().settled(index);  // before what is read
    const TextEntryReader stored(ReadView(database).fixed(), index);
    rocksdb::WriteBatch batch;
    TextEntryWriter out(batch, database.text(), index);
    size_t folded = 0;
    while (folded < terms.size() && batch.GetDataSize() < kFoldBytes) {
      QUIPU_RETURN_IF_ERROR(TextIndexer::fold(terms[folded++], stored, settled, out));
    }
    terms = terms.subspan(folded);
    if (batch.Count() != 0) QUIPU_RETURN_IF_ERROR(database.write(batch, false));
  }
  return Status::ok();
}

// Errors are of no account: whoever comes next folds the term.
void fold_in_collection(Database& database, const std::string& name, std::vector<std::string> terms) {
  std::ranges::sort(terms);
  terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
  for (std::span<const std::string> left = terms; !left.empty();) {
    const auto gate = database.gate().enter();
    const MutexLock lock(database.fold_mutex());
    const CollectionPtr collection = database.find(name);
    if (!collection || collection->indexer == nullptr || !database.writable().is_ok()) return;
    const std::span<const std::string> some = left.first(std::min(left.size(), kTermsAtOnce));
    if (!fold_terms(database, *collection, some).is_ok()) return;
    left = left.subspan(some.size());
  }
}

Status fold_all_of(Database& database, const std::string& name) {
  std::string from;
  while (true) {
    const auto gate = database.gate().enter();
    const MutexLock lock(database.fold_mutex());
    const CollectionPtr collection = database.find(name);
    if (!collection || collection->indexer == nullptr) return Status::ok();
    const TextEntryReader stored(ReadView(database).fixed(), collection->record.text->id);
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> terms,
                           TextIndexer::terms_to_fold(stored, from, kTermsAtOnce));
    QUIPU_RETURN_IF_ERROR(fold_terms(database, *collection, terms));
    if (terms.size() < kTermsAtOnce) return Status::ok();
    from = terms.back();
  }
}

}  // namespace

void TextRest::add(TextRest&& more) {
  std::ranges::move(more.rows, std::back_inserter(rows));
  for (auto& [collection, names] : more.terms) {
    std::ranges::move(names, std::back_inserter(terms[collection]));
  }
}

TextEntryWriter::TextEntryWriter(rocksdb::WriteBatchBase& batch, rocksdb::ColumnFamilyHandle* family,
                                 uint32_t index)
    : batch_(batch), family_(family) {
  put_u32(index, key_);
  prefix_ = key_.size();
}

std::string_view TextEntryWriter::full(std::string_view key) {
  key_.resize(prefix_);
  return key_ += key;
}

Status TextEntryWriter::put(std::string_view key, std::string_view value) {
  return from_rocksdb(batch_.Put(family_, slice(full(key)), slice(value)), "cannot write");
}

Status TextEntryWriter::erase(std::string_view key) {
  return from_rocksdb(batch_.Delete(family_, slice(full(key))), "cannot write");
}

void fold_texts(Database& database, TextRest rest) {
  rest.rows.clear();
  for (auto& [collection, terms] : rest.terms) fold_in_collection(database, collection, std::move(terms));
}

Status fold_all_texts(Database& database) {
  for (const CollectionPtr& collection : database.collections()) {
    if (collection->indexer != nullptr) QUIPU_RETURN_IF_ERROR(fold_all_of(database, collection->name));
  }
  return Status::ok();
}

}  // namespace quipu::rocks
