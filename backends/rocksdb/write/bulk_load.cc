#include "backends/rocksdb/write/bulk_load.h"

#include <algorithm>

#include "backends/rocksdb/files/rocksdb_version.h"
#include "backends/rocksdb/format/code_batch.h"
#include "backends/rocksdb/format/code_block.h"
#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/reader.h"
#include "backends/rocksdb/write/collection_catalog.h"
#include "backends/rocksdb/write/commit.h"
#include "quipu/backend/key_locks.h"

namespace quipu::rocks {
namespace {

constexpr size_t kMergeRows = 1000;
constexpr uint64_t kSequencesAtOnce = 4096;
constexpr size_t kLongValue = 4 << 20;
// Codes of so many vectors, or of so many bytes of them, are made together.
constexpr size_t kCodedAtOnce = 8192;
constexpr size_t kCodedBytes = 16 << 20;

// The entries of the codes of a collection's vectors.
class CodeEntries {
 public:
  CodeEntries(const Collection& collection, ExternalSorter& entries)
      : collection_(collection), entries_(entries) {}

  // A data record, which may be one of a vector.
  Status add(std::string_view key, std::string_view value) {
    if (collection_.record.codes == CollectionRecord::Codes::kNone) return Status::ok();
    const DataRecord record = *parse_data_record(value);
    std::string body(record.body);
    if (record.is_text()) {
      std::vector<double> elements;
      if (!parse_vector(body, elements)) return Status::ok();
      body = make_vector_body(elements);
    }
    const std::optional<size_t> dimensions = dimensions_of(body);
    if (!dimensions) return Status::ok();
    bytes_ += key.size() + body.size();
    vectors_.push_back(
        {static_cast<uint32_t>(*dimensions), record.sequence, std::string(key), std::move(body)});
    return vectors_.size() < kCodedAtOnce && bytes_ < kCodedBytes ? Status::ok() : make();
  }

  // Of those that are left.
  Status make() {
    std::ranges::stable_sort(vectors_, {}, &Vector::dimensions);
    for (size_t begin = 0, end = 0; begin < vectors_.size(); begin = end) {
      while (end < vectors_.size() && vectors_[end].dimensions == vectors_[begin].dimensions) ++end;
      QUIPU_RETURN_IF_ERROR(make_some(std::span<const Vector>(vectors_).subspan(begin, end - begin)));
    }
    vectors_.clear();
    bytes_ = 0;
    return Status::ok();
  }

 private:
  struct Vector {
    uint32_t dimensions;
    uint64_t sequence;
    std::string key;
    std::string body;
  };

  Status make_some(std::span<const Vector> vectors) {
    const uint32_t dimensions = vectors.front().dimensions;
    std::vector<CodedVector> views;
    std::vector<std::string> operands;
    std::vector<std::string> rows;
    for (const Vector& each : vectors) {
      views.push_back({dimensions, each.sequence, each.key, each.body});
      operands.emplace_back(CodeOperand::bytes(1, dimensions), '\0');
      rows.push_back(make_code_row_head(each.key, std::nullopt));
      rows.back().resize(rows.back().size() + code_row_tail_bytes(dimensions));
    }
    encode_all(views, [&](size_t i, const VectorCode& code) {
      CodeOperand(operands[i].data(), 1, dimensions).put(0, views[i].sequence, code);
      put_code_row_tail(code, rows[i].data() + rows[i].size() - code_row_tail_bytes(dimensions));
    });
    for (size_t i = 0; i < views.size(); ++i) {
      const uint64_t sequence = views[i].sequence;
      const std::string block = code_block_key(collection_.id(), dimensions, block_of(sequence));
      QUIPU_RETURN_IF_ERROR(entries_.add({sequence, block, operands[i]}));
      const std::string row = code_row_key(collection_.id(), dimensions, sequence);
      QUIPU_RETURN_IF_ERROR(entries_.add({sequence, row, rows[i]}));
    }
    return Status::ok();
  }

  const Collection& collection_;
  ExternalSorter& entries_;
  std::vector<Vector> vectors_;
  size_t bytes_ = 0;
};

}  // namespace

RocksDBBulkLoad::~RocksDBBulkLoad() {
  if (!database_.usable().is_ok()) return;  // not ours to change any more; the next open clears it
  const MutexLock lock(database_.catalog_mutex());
  for (Staged& staged : staged_) discard(staged);
}

Status RocksDBBulkLoad::begin_file(std::string_view persist_file) {
  QUIPU_RETURN_IF_ERROR(database_.loadable());
  if (std::ranges::find(files_, persist_file) == files_.end()) files_.emplace_back(persist_file);
  return Status::ok();
}

Status RocksDBBulkLoad::begin_collection(std::string_view name, const CollectionOptions& given) {
  QUIPU_RETURN_IF_ERROR(database_.loadable());
  CollectionOptions options = given;
  if (database_.find(name)) options.keeps_codes = false;  // what is merged gets its codes then
  if (committed_) return Status::invalid_argument("bulk load: it is committed already");
  QUIPU_RETURN_IF_ERROR(Limits::check_collection_name(name));
  QUIPU_RETURN_IF_ERROR(end_collection());
  for (current_ = 0; current_ < staged_.size(); ++current_) {
    if (staged_[current_].collection->name == name) break;
  }
  rows_ = std::make_unique<ExternalSorter>(kByKey, database_.directory().temporary_path(),
                                           database_.options().memory_budget_bytes / 4);
  const MutexLock lock(database_.catalog_mutex());
  if (current_ < staged_.size()) {  // what it held before does not count; its place does
    const uint64_t order = staged_[current_].collection->record.order;
    discard(staged_[current_]);
    QUIPU_ASSIGN_OR_RETURN(staged_[current_], stage(name, options, order));
  } else {
    QUIPU_ASSIGN_OR_RETURN(Staged staged, stage(name, options, 0));
    staged_.push_back(std::move(staged));
  }
  return Status::ok();
}

// A collection that nobody can find; its `p` record lets the next open remove it.
Result<RocksDBBulkLoad::Staged> RocksDBBulkLoad::stage(std::string_view name,
                                                       const CollectionOptions& options, uint64_t order) {
  QUIPU_ASSIGN_OR_RETURN(CollectionPtr collection, database_.make(name, options, order));
  const std::string stem = std::to_string(collection->id());
  const std::string directory = database_.directory().temporary_path();
  const rocksdb::Options files = database_.table_file_options();
  Staged staged{std::move(collection), TableFiles(files, directory, stem + "-data"),
                TableFiles(files, directory, stem + "-index"),
                TableFiles(database_.code_file_options(), directory, stem + "-codes")};
  rocksdb::WriteBatch pending;
  std::string next_id;
  put_varint(database_.next_id(), next_id);
  pending.Put(database_.catalog(), slice(kNextIdKey), next_id).PermitUncheckedError();
  pending.Put(database_.catalog(), pending_key(staged.collection->id()), "").PermitUncheckedError();
  QUIPU_RETURN_IF_ERROR(database_.write(pending, false));
  return staged;
}

Status RocksDBBulkLoad::put(std::string_view key, JsonView val) {
  if (rows_) {
    QUIPU_RETURN_IF_ERROR(
        database_.limits().check_object(staged_[current_].collection->name, key, val.text()));
  }
  return add(key, val.text());
}

Status RocksDBBulkLoad::put_vector(std::string_view key, std::span<const double> elements) {
  return add(key, make_vector_body(elements));
}

Status RocksDBBulkLoad::add(std::string_view key, std::string_view body) {
  if (!rows_) return Status::invalid_argument("bulk load: put before begin_collection");
  QUIPU_RETURN_IF_ERROR(database_.writable());
  QUIPU_RETURN_IF_ERROR(database_.limits().check_key(staged_[current_].collection->name, key));
  if (next_sequence_ == sequence_end_) {
    QUIPU_ASSIGN_OR_RETURN(next_sequence_, database_.take_sequences(kSequencesAtOnce));
    sequence_end_ = next_sequence_ + kSequencesAtOnce;
  }
  return rows_->add({next_sequence_++, key, body});
}

// Writes the current collection's table files. Of rows with one key the first gives the place, the last the
// value.
Status RocksDBBulkLoad::end_collection() {
  if (!rows_) return Status::ok();
  const std::unique_ptr<ExternalSorter> rows = std::move(rows_);
  QUIPU_RETURN_IF_ERROR(rows->finish());
  Staged& staged = staged_[current_];
  const Collection& collection = *staged.collection;
  const std::string& field = collection.record.indexed_field;
  ExternalSorter entries(kByKey, database_.directory().temporary_path(),
                         database_.options().memory_budget_bytes / 8);
  ExternalSorter codes(kByKey, database_.directory().temporary_path(),
                       database_.options().memory_budget_bytes / 8);
  CodeEntries vectors(collection, codes);
  std::string key;
  std::string value;
  bool pending = false;
  const auto write = [&]() -> Status {
    if (!pending) return Status::ok();
    ++staged.count;
    if (!field.empty()) {
      std::string_view body = parse_data_record(value)->body;
      const std::optional<JsonView> indexed = JsonView::from_canonical(body).find(field);
      if (indexed && indexed->is_string() && indexed->text().size() > 2) {
        const std::string entry =
            index_prefix(collection.id(), indexed->string()) + key.substr(collection.prefix.size());
        QUIPU_RETURN_IF_ERROR(entries.add({0, entry, {}}));
      }
    }
    QUIPU_RETURN_IF_ERROR(vectors.add(std::string_view(key).substr(collection.prefix.size()), value));
    QUIPU_RETURN_IF_ERROR(staged.data.add(key, value));
    if (value.size() < kLongValue) return Status::ok();
    std::string().swap(value);  // before its block is compressed, which may take as much again
    return staged.data.finish();
  };
  uint64_t sequence = 0;
  Row row{};
  while (true) {
    QUIPU_ASSIGN_OR_RETURN(const bool more, rows->next(row));
    if (!more) break;
    const bool repeated = pending && std::string_view(key).substr(collection.prefix.size()) == row.key;
    if (!repeated) {
      QUIPU_RETURN_IF_ERROR(write());
      pending = true;
      sequence = row.sequence;
      key.assign(collection.prefix).append(row.key);
    }
    value.clear();
    put_varint(sequence, value);
    value += row.value;
  }
  QUIPU_RETURN_IF_ERROR(write());
  QUIPU_RETURN_IF_ERROR(entries.finish());
  while (true) {
    QUIPU_ASSIGN_OR_RETURN(const bool more, entries.next(row));
    if (!more) break;
    QUIPU_RETURN_IF_ERROR(staged.index.add(row.key, {}));
  }
  QUIPU_RETURN_IF_ERROR(vectors.make());
  QUIPU_RETURN_IF_ERROR(write_codes(codes, staged.codes));
  QUIPU_RETURN_IF_ERROR(staged.data.finish());
  QUIPU_RETURN_IF_ERROR(staged.index.finish());
  uint64_t bytes = 0;
  for (const Staged& each : staged_) bytes += each.data.bytes() + each.index.bytes() + each.codes.bytes();
  return database_.check_room(bytes);
}

// The entries of one block are one in the file.
Status RocksDBBulkLoad::write_codes(ExternalSorter& entries, TableFiles& files) {
  QUIPU_RETURN_IF_ERROR(entries.finish());
  std::string key;
  std::vector<std::string> values;
  const auto write = [&]() -> Status {
    if (values.empty()) return Status::ok();
    const CodeKey parsed = *parse_code_key(key);
    const std::vector<std::string_view> parts(values.begin(), values.end());
    return files.add(key, parsed.is_block ? fold_code_blocks(parts, parsed, /*whole=*/true) : values.front());
  };
  Row row{};
  while (true) {
    QUIPU_ASSIGN_OR_RETURN(const bool more, entries.next(row));
    if (!more) break;
    if (key != row.key) {
      QUIPU_RETURN_IF_ERROR(write());
      values.clear();
      key = row.key;
    }
    values.emplace_back(row.value);
  }
  QUIPU_RETURN_IF_ERROR(write());
  return files.finish();
}

Status RocksDBBulkLoad::commit() {
  QUIPU_RETURN_IF_ERROR(database_.loadable());
  if (committed_) return Status::invalid_argument("bulk load: it is committed already");
  committed_ = true;
  QUIPU_RETURN_IF_ERROR(end_collection());
  QUIPU_RETURN_IF_ERROR(ingest());
  const std::vector<LockedCache> caches = lock_caches();
  Status done = merge_or_publish();
  for (const LockedCache& cache : caches) cache->forget();  // after an error, too: a part may be merged
  return done;
}

std::vector<LockedCache> RocksDBBulkLoad::lock_caches() const {
  std::vector<LockedCache> locked;
  for (std::shared_ptr<CollectionCache>& cache : store_.caches()) {
    const bool covers = std::ranges::any_of(
        staged_, [&](const Staged& staged) { return cache->covers(staged.collection->name); });
    if (covers) locked.emplace_back(std::move(cache));
  }
  return locked;
}

Status RocksDBBulkLoad::merge_or_publish() {
  while (true) {
    std::vector<Staged*> existing;
    {
      const MutexLock lock(database_.catalog_mutex());  // nobody makes a collection between look and publish
      for (Staged& staged : staged_) {
        if (!staged.merged && database_.find(staged.collection->name)) existing.push_back(&staged);
      }
      if (existing.empty()) return publish();
    }
    rocksdb::WriteBatch begun;
    begun.Put(database_.catalog(), slice(kMergeKey), "").PermitUncheckedError();
    QUIPU_RETURN_IF_ERROR(database_.write(begun, true));
    for (Staged* const staged : existing) QUIPU_RETURN_IF_ERROR(merge(*staged));
  }
}

// The files' keys are all of ids that nobody knows yet, so no reader can see half of them.
Status RocksDBBulkLoad::ingest() {
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;  // the files are ours, made for this, and gone from tmp afterwards
  ingest_without_writing(options);
  options.failed_move_fall_back_to_copy = true;
  std::vector<rocksdb::IngestExternalFileArg> args;
  const auto add = [&](rocksdb::ColumnFamilyHandle* family, const TableFiles& files) {
    if (files.paths().empty()) return;
    for (rocksdb::IngestExternalFileArg& arg : args) {
      if (arg.column_family != family) continue;
      arg.external_files.insert(arg.external_files.end(), files.paths().begin(), files.paths().end());
      return;
    }
    rocksdb::IngestExternalFileArg& arg = args.emplace_back();
    arg.column_family = family;
    arg.external_files = files.paths();
    arg.options = options;
  };
  for (const Staged& staged : staged_) {
    add(staged.collection->family.get(), staged.data);
    add(database_.index(), staged.index);
  }
  const bool any_codes = std::ranges::any_of(staged_, [](const Staged& staged) {
    return staged.collection->record.codes != CollectionRecord::Codes::kNone;
  });
  if (any_codes) QUIPU_RETURN_IF_ERROR(database_.require_codes());
  for (const Staged& staged : staged_) {
    if (!staged.codes.paths().empty()) add(database_.codes(), staged.codes);
  }
  if (args.empty()) return Status::ok();
  QUIPU_RETURN_IF_ERROR(database_.loadable());
  // Files are in the database at once and for good; the `p` records that tell of them must not come later.
  QUIPU_RETURN_IF_ERROR(database_.sync());
  return from_rocksdb(database_.db().IngestExternalFiles(args), database_.directory().path() + ": bulk load");
}

// One batch: from here on the load exists.
Status RocksDBBulkLoad::publish() {
  rocksdb::WriteBatch batch;
  for (const Staged& staged : staged_) {
    if (staged.merged) continue;
    const Collection& collection = *staged.collection;
    batch.Put(database_.catalog(), collection_key(collection.name), make_collection_record(collection.record))
        .PermitUncheckedError();
    batch.Put(database_.catalog(), count_key(collection.id()), make_count(staged.count))
        .PermitUncheckedError();
    batch.Delete(database_.catalog(), pending_key(collection.id())).PermitUncheckedError();
  }
  for (const std::string& file : files_) {
    QUIPU_RETURN_IF_ERROR(add_file_record(database_, file, batch));
  }
  batch.Delete(database_.catalog(), slice(kMergeKey)).PermitUncheckedError();
  QUIPU_RETURN_IF_ERROR(database_.write(batch, true));
  for (Staged& staged : staged_) {
    const Fingerprint schema_change = schema_change_fingerprint(staged.collection->name);
    database_.conflicts().record({&schema_change, 1});
    if (staged.merged) {
      discard(staged);
    } else {
      database_.publish(staged.collection);
      staged.settled = true;
    }
  }
  return Status::ok();
}

// Copies what was staged over a collection that exists, in its order.
Status RocksDBBulkLoad::merge(Staged& staged) {
  const std::string& name = staged.collection->name;
  const CollectionRecord& wanted = staged.collection->record;
  QUIPU_RETURN_IF_ERROR(declare_collection(database_, name, {wanted.persist_file, wanted.indexed_field}));
  const CollectionPtr target = database_.find(name);
  if (!wanted.indexed_field.empty() && target && target->record.indexed_field.empty()) {
    QUIPU_RETURN_IF_ERROR(ensure_index(database_, name, wanted.indexed_field));
  }
  const Reader reader(ReadView(database_).fixed());
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> rows, reader.scan(staged.collection, in_order));
  WriteBatch batch;
  LockSet keys;
  const auto write = [&]() -> Status {
    QUIPU_ASSIGN_OR_RETURN(const KeyLocks held, store_.lock(keys));
    TextRest texts;
    {
      Commit commit(database_);
      QUIPU_RETURN_IF_ERROR(commit.run(batch.ops(), false));
      texts = commit.take_text_rest();
    }
    fold_texts(database_, std::move(texts));
    batch.clear();
    keys = {};
    return Status::ok();
  };
  while (rows->next()) {
    batch.put(name, rows->key(), rows->val());
    keys.add(name, rows->key());
    if (batch.size() == kMergeRows) QUIPU_RETURN_IF_ERROR(write());
  }
  QUIPU_RETURN_IF_ERROR(rows->status());
  QUIPU_RETURN_IF_ERROR(write());
  staged.merged = true;
  return database_.sync();
}

// What cannot be removed now is removed by the next open.
void RocksDBBulkLoad::discard(Staged& staged) {
  if (staged.settled) return;
  staged.settled = true;
  const Status discarded = database_.discard(*staged.collection);
  if (!discarded.is_ok()) database_.log(discarded.message());
}

}  // namespace quipu::rocks
