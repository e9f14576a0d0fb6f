#include "backends/rocksdb/bulk_load.h"

#include <algorithm>
#include <array>

#include "backends/rocksdb/commit.h"
#include "backends/rocksdb/insertion_order_iterator.h"
#include "backends/rocksdb/rocksdb_status.h"

namespace quipu::rocks {
namespace {

constexpr size_t kBatchBytes = 1 << 20;
constexpr size_t kMergeRows = 1000;
constexpr uint64_t kSequencesAtOnce = 4096;

}  // namespace

RocksDBBulkLoad::RocksDBBulkLoad(StoreCore& core, LockTable& locks)
    : core_(core), locks_(locks), batch_(kBatchBytes * 2) {}

RocksDBBulkLoad::~RocksDBBulkLoad() { clear(); }

Status RocksDBBulkLoad::begin_file(std::string_view persist_file) {
  files_.emplace_back(persist_file);
  return Status::ok();
}

Status RocksDBBulkLoad::begin_collection(std::string_view name, const CollectionOptions& options) {
  QUIPU_RETURN_IF_ERROR(write_batch());
  for (Staged& staged : staged_) {
    if (staged.collection->name != name) continue;
    const CollectionPtr before = staged.collection;
    QUIPU_RETURN_IF_ERROR(stage(name, options, before->record.order, staged));
    current_ = &staged;
    std::lock_guard lock(core_.catalog_mutex());
    return core_.discard(*before);
  }
  Staged staged;
  QUIPU_RETURN_IF_ERROR(stage(name, options, 0, staged));
  staged_.push_back(std::move(staged));
  current_ = &staged_.back();
  return Status::ok();
}

// Makes a collection that nobody can find; its `p` record lets the next open remove it.
Status RocksDBBulkLoad::stage(std::string_view name, const CollectionOptions& options, uint64_t order,
                              Staged& staged) {
  std::lock_guard lock(core_.catalog_mutex());
  QUIPU_ASSIGN_OR_RETURN(staged.collection, core_.make(name, options, order));
  staged.count = 0;
  rocksdb::WriteBatch pending;
  std::string next_id;
  put_varint(core_.next_id(), next_id);
  pending.Put(core_.catalog(), slice(kNextIdKey), next_id).PermitUncheckedError();
  pending.Put(core_.catalog(), pending_key(staged.collection->id()), "").PermitUncheckedError();
  return core_.write(pending, false);
}

Status RocksDBBulkLoad::put(std::string_view key, JsonView val) {
  if (current_ == nullptr) return Status::invalid_argument("bulk load: put before begin_collection");
  const std::string_view value = val.text();
  if (!value.starts_with('{')) return Status::invalid_argument("the value is not a JSON object");
  const Collection& collection = *current_->collection;
  if (seen_.add(collection.id(), key)) {
    bool replaced = false;
    QUIPU_RETURN_IF_ERROR(replace_value(key, value, replaced));
    if (replaced) return Status::ok();
  }
  if (next_sequence_ == sequence_end_) {
    QUIPU_ASSIGN_OR_RETURN(next_sequence_, core_.take_sequences(kSequencesAtOnce));
    sequence_end_ = next_sequence_ + kSequencesAtOnce;
  }
  header_.clear();
  put_varint(next_sequence_++, header_);
  const std::array<rocksdb::Slice, 2> key_parts = {slice(collection.prefix), slice(key)};
  const std::array<rocksdb::Slice, 2> value_parts = {slice(header_), slice(value)};
  QUIPU_RETURN_IF_ERROR(from_rocksdb(
      batch_.Put(collection.family.get(), {key_parts.data(), 2}, {value_parts.data(), 2}), "bulk load"));
  ++current_->count;
  if (!collection.record.indexed_field.empty()) {
    const std::optional<JsonView> indexed = val.find(collection.record.indexed_field);
    if (indexed && indexed->is_string() && indexed->text().size() > 2) {
      std::string entry = index_prefix(collection.id(), indexed->string());
      entry += key;
      QUIPU_RETURN_IF_ERROR(from_rocksdb(batch_.Put(core_.index(), entry, ""), "bulk load"));
    }
  }
  return batch_.GetDataSize() >= kBatchBytes ? write_batch() : Status::ok();
}

// A key that may have been loaded before: if so, its value is replaced at its place.
Status RocksDBBulkLoad::replace_value(std::string_view key, std::string_view value, bool& replaced) {
  QUIPU_RETURN_IF_ERROR(write_batch());
  const Collection& collection = *current_->collection;
  full_key_ = collection.key(key);
  std::string stored;
  const rocksdb::Status found = core_.db().Get({}, collection.family.get(), full_key_, &stored);
  replaced = found.ok();
  if (!replaced) {
    return found.IsNotFound() ? Status::ok() : from_rocksdb(found, "bulk load");
  }
  const std::optional<DataRecord> record = parse_data_record(stored);
  if (!record) return Status::corruption("bulk load: a record that was just written is damaged");
  std::string changed;
  put_varint(record->sequence, changed);
  changed += value;
  batch_.Put(collection.family.get(), full_key_, changed).PermitUncheckedError();
  if (!collection.record.indexed_field.empty()) {
    for (const auto& [object, add] : {std::pair(record->body, false), std::pair(value, true)}) {
      const auto indexed = JsonView::from_canonical(object).find(collection.record.indexed_field);
      if (!indexed || !indexed->is_string() || indexed->text().size() <= 2) continue;
      const std::string entry = index_prefix(collection.id(), indexed->string()) + std::string(key);
      (add ? batch_.Put(core_.index(), entry, "") : batch_.Delete(core_.index(), entry))
          .PermitUncheckedError();
    }
  }
  return write_batch();
}

Status RocksDBBulkLoad::write_batch() {
  if (batch_.Count() == 0) return Status::ok();
  rocksdb::WriteOptions options;
  options.disableWAL = true;  // nothing of it counts before commit() has flushed it
  const Status written =
      from_rocksdb(core_.db().Write(options, &batch_), core_.directory().path() + ": bulk load");
  batch_.Clear();
  return written;
}

Status RocksDBBulkLoad::flush_staged() {
  QUIPU_RETURN_IF_ERROR(write_batch());
  return core_.flush_all();
}

Status RocksDBBulkLoad::commit() {
  QUIPU_RETURN_IF_ERROR(flush_staged());
  std::vector<Staged*> fresh;
  std::vector<std::pair<Staged*, CollectionPtr>> merged;
  for (Staged& staged : staged_) {
    if (CollectionPtr target = core_.find(staged.collection->name)) {
      merged.emplace_back(&staged, std::move(target));
    } else {
      fresh.push_back(&staged);
    }
  }
  if (!merged.empty()) {
    rocksdb::WriteBatch begun;
    begun.Put(core_.catalog(), slice(kMergeKey), "").PermitUncheckedError();
    QUIPU_RETURN_IF_ERROR(core_.write(begun, true));
    for (const auto& [staged, target] : merged) QUIPU_RETURN_IF_ERROR(merge(*staged, target));
  }
  QUIPU_RETURN_IF_ERROR(publish(fresh));
  std::erase_if(staged_, [](const Staged& staged) { return staged.published; });
  clear();
  return Status::ok();
}

// One batch: from here on the load exists.
Status RocksDBBulkLoad::publish(const std::vector<Staged*>& fresh) {
  std::lock_guard lock(core_.catalog_mutex());
  rocksdb::WriteBatch batch;
  for (const Staged* staged : fresh) {
    const Collection& collection = *staged->collection;
    batch.Put(core_.catalog(), collection_key(collection.name), make_collection_record(collection.record))
        .PermitUncheckedError();
    batch.Put(core_.catalog(), count_key(collection.id()), make_count(staged->count)).PermitUncheckedError();
    batch.Delete(core_.catalog(), pending_key(collection.id())).PermitUncheckedError();
  }
  for (const std::string& file : files_) {
    std::string known;
    if (core_.db().Get({}, core_.catalog(), file_key(file), &known).ok()) continue;
    std::string order;
    put_varint(core_.next_order(), order);
    batch.Put(core_.catalog(), file_key(file), order).PermitUncheckedError();
  }
  batch.Delete(core_.catalog(), slice(kMergeKey)).PermitUncheckedError();
  QUIPU_RETURN_IF_ERROR(core_.write(batch, true));
  for (Staged* staged : fresh) {
    core_.publish(staged->collection);
    staged->published = true;
  }
  return Status::ok();
}

// Copies what was staged over an existing collection, in its order.
Status RocksDBBulkLoad::merge(const Staged& staged, const CollectionPtr& target) {
  const Reader reader(core_, std::make_shared<Snapshot>(core_.db()));
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> rows, reader.scan(staged.collection, in_order));
  WriteBatch batch;
  LockSet keys;
  const auto write = [&]() -> Status {
    const KeyLocks held = locks_.acquire(keys);
    QUIPU_RETURN_IF_ERROR(Commit(core_).run(batch.ops(), false));
    batch.clear();
    keys = {};
    return Status::ok();
  };
  while (rows->next()) {
    batch.put(target->name, rows->key(), rows->val());
    keys.add(target->name, rows->key());
    if (batch.size() == kMergeRows) QUIPU_RETURN_IF_ERROR(write());
  }
  QUIPU_RETURN_IF_ERROR(rows->status());
  QUIPU_RETURN_IF_ERROR(write());
  return core_.sync();
}

void RocksDBBulkLoad::clear() {
  std::lock_guard lock(core_.catalog_mutex());
  for (const Staged& staged : staged_) {
    // What cannot be removed now is removed by the next open.
    if (const Status discarded = core_.discard(*staged.collection); !discarded.is_ok()) {
      core_.log(discarded.message());
    }
  }
  staged_.clear();
  current_ = nullptr;
}

}  // namespace quipu::rocks
