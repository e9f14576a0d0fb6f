#include "backends/rocksdb/write/commit.h"

#include <algorithm>
#include <array>
#include <compare>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/reader.h"
#include "backends/rocksdb/text/text_catalog.h"
#include "quipu/backend/features.h"
#include "quipu/backend/key_locks.h"

namespace quipu::rocks {
namespace {

constexpr size_t kMaxAtHandBytes = 64 << 10;

bool any_adds(std::span<const WriteOp> ops) {
  return std::ranges::any_of(ops, [](const WriteOp& op) { return op.kind->adds; });
}

bool any_needs_parts(std::span<const WriteOp> ops) {
  return std::ranges::any_of(ops, [](const WriteOp& op) { return op.kind == &ComposedValues::kPutComposed; });
}

bool needs_record(const WriteOp& op) {
  return op.kind != &VectorValues::kMoveCode && op.kind != &VectorValues::kPutCodeNote;
}

// Kinds that every store knows are the commit's own.
bool is_known(const WriteOp& op) {
  return op.kind == &WriteOp::kPut || op.kind == &WriteOp::kDelete || CollectionIndex::of(op.kind) != nullptr;
}

}  // namespace

Commit::~Commit() {
  if (handed_over_) return;
  for (const Target& target : targets_) {
    if (!target.is_new) continue;
    database_.catalog_mutex().assert_held();
    // Leaves an empty family at worst, which the next open removes.
    (void)database_.discard(*target.collection).is_ok();
  }
}

Status Commit::locked(const BaseKVStore& store, std::span<const WriteOp> ops, const WriteOptions& options) {
  const CallTimer timer(&database_.calls(), CallKind::kWrite, ops.front().collection);
  KeyLocks locks;
  LockSet keys;
  for (const WriteOp& op : ops) keys.add(op.collection, op.key);
  if (options.held == nullptr) {
    QUIPU_ASSIGN_OR_RETURN(locks, store.lock(keys));
  } else if (!options.held->covers(keys)) {
    return Status::invalid_argument("WriteOptions::held does not cover every key of the batch");
  }
  return run(ops, options.sync || database_.options().sync);
}

Status Commit::run(std::span<const WriteOp> ops, bool sync) {
  QUIPU_RETURN_IF_ERROR(prepare(ops));
  const size_t bytes = batch_bytes();
  QUIPU_RETURN_IF_ERROR(database_.limits().check_batch(bytes));
  if (at_hand() && bytes > kMaxAtHandBytes) return Status::busy("much is to be written");
  if (any_adds(ops)) QUIPU_RETURN_IF_ERROR(database_.check_room(bytes));
  rocksdb::WriteBatch batch(bytes);
  QUIPU_RETURN_IF_ERROR(write_to(batch, /*ranges=*/true));
  write_catalog(batch);
  handed_over_ = true;
  if (batch.Count() != 0) {
    QUIPU_RETURN_IF_ERROR(at_hand() ? database_.write_at_hand(batch) : database_.write(batch, sync));
  }
  record_changes();
  for (const Target& target : targets_) {
    if (target.is_new) database_.publish(target.collection);
  }
  return Status::ok();
}

size_t Commit::batch_bytes() const {
  size_t bytes = scope_.entry_bytes;
  for (const KeyChange& key : keys_) bytes += key.full_key.size() + key.body.size() + kBatchBytesPerKey;
  return bytes;
}

Status Commit::stage(std::span<const WriteOp> ops, StagedChanges& batch) {
  scope_.staged = &batch;
  QUIPU_RETURN_IF_ERROR(prepare(ops));
  if (any_adds(ops)) QUIPU_RETURN_IF_ERROR(database_.check_room(batch.GetDataSize() + batch_bytes()));
  batch.SetSavePoint();
  Status written = write_to(batch, /*ranges=*/false);
  if (written.is_ok()) written = database_.limits().check_transaction(batch.GetDataSize());
  const rocksdb::Status settled = written.is_ok() ? batch.PopSavePoint() : batch.RollbackToSavePoint();
  QUIPU_RETURN_IF_ERROR(written);
  QUIPU_RETURN_IF_ERROR(from_rocksdb(settled, "cannot add to a transaction"));
  batch.code_places().add(scope_.code_places);
  for (const Target& target : targets_) {
    batch.add_to_count(target.collection->id(), static_cast<uint64_t>(target.count_change));
  }
  for (const auto& [id, change] : scope_.counts) batch.add_to_count(id, change);
  return Status::ok();
}

// What the operations come to. Nothing is written by it but, at times, the limit of insertion sequences.
Status Commit::prepare(std::span<const WriteOp> ops) {
  QUIPU_RETURN_IF_ERROR(at_hand() ? database_.writable_at_hand() : database_.writable());
  QUIPU_RETURN_IF_ERROR(enter_gate());
  if (any_needs_parts(ops)) {
    if (at_hand()) return Status::busy("the format may have to be raised");
    QUIPU_RETURN_IF_ERROR(database_.require_parts());
  }
  QUIPU_RETURN_IF_ERROR(resolve(ops));
  QUIPU_RETURN_IF_ERROR(load());
  for (size_t i = 0; i < ops.size(); ++i) {
    if (key_of_op_[i] != kNone) QUIPU_RETURN_IF_ERROR(apply(ops[i], keys_[key_of_op_[i]]));
  }
  if (scope_.inserted != 0) {
    QUIPU_ASSIGN_OR_RETURN(scope_.first_sequence, database_.take_sequences(scope_.inserted, at_hand()));
  }
  return Status::ok();
}

Status Commit::enter_gate() {
  gate_ = at_hand() ? database_.gate().try_enter() : database_.gate().enter();
  return gate_.owns_lock() ? Status::ok() : Status::busy("a whole collection is being changed");
}

Status Commit::write_to(rocksdb::WriteBatchBase& batch, bool ranges) {
  scope_.ranges = ranges;
  scope_.watched = database_.conflicts().watching();
  for (KeyChange& key : keys_) QUIPU_RETURN_IF_ERROR(write_key(key, batch));
  QUIPU_RETURN_IF_ERROR(scope_.finish_batches());
  scope_.write_later(batch);
  return Status::ok();
}

// Lets open transactions know.
void Commit::record_changes() {
  if (!database_.conflicts().watching()) return;
  std::vector<Fingerprint> fingerprints;
  for (size_t i = 0; i < targets_.size(); ++i) {
    const bool changed =
        std::ranges::any_of(keys_, [i](const KeyChange& key) { return key.changed && key.target == i; });
    if (changed) fingerprints.push_back(collection_fingerprint(targets_[i].collection->name));
  }
  for (const KeyChange& key : keys_) {
    if (key.changed)
      fingerprints.push_back(key_fingerprint(targets_[key.target].collection->name, key.user_key));
  }
  for (const auto& [collection, value] : scope_.changed_values)
    fingerprints.push_back(index_fingerprint(collection->name, value));
  database_.conflicts().record(fingerprints);
}

// Finds the collection and key of every operation; the same key of several operations is one.
Status Commit::resolve(std::span<const WriteOp> ops) {
  struct Place {
    size_t target;
    std::string_view key;
    size_t op;
    auto operator<=>(const Place&) const = default;
  };
  std::pmr::vector<Place> places(scope_.memory());
  places.reserve(ops.size());
  for (size_t i = 0; i < ops.size(); ++i) {
    const WriteOp& op = ops[i];
    QUIPU_RETURN_IF_ERROR(database_.limits().check_op(op));
    if (!is_known(op)) {
      return Status::not_supported("a RocksDB store has no operation " + std::string(op.kind->name));
    }
    QUIPU_ASSIGN_OR_RETURN(const size_t target, target_of(op.collection, op.kind->puts));
    if (target != kNone) {
      places.push_back({target, op.key, i});
    } else if (op.kind != &WriteOp::kDelete) {
      return CollectionIndex::of(op.kind)->apply_to_nothing(op);
    }
  }
  std::sort(places.begin(), places.end());
  keys_.reserve(places.size());
  key_of_op_.assign(ops.size(), kNone);
  for (const Place& place : places) {
    if (keys_.empty() || keys_.back().target != place.target || keys_.back().user_key != place.key) {
      KeyChange& key = keys_.emplace_back();
      key.collection = targets_[place.target].collection.get();
      key.target = place.target;
      key.user_key = place.key;
      key.full_key = scope_.keep(key.collection->prefix, place.key);
    }
    keys_.back().is_read |= needs_record(ops[place.op]);
    key_of_op_[place.op] = keys_.size() - 1;
  }
  return Status::ok();
}

// The place of a collection in targets_; kNone when it does not exist and is not to be made.
Result<size_t> Commit::target_of(std::string_view name, bool create) {
  if (!targets_.empty() && targets_.back().collection->name == name) return targets_.size() - 1;
  for (size_t i = 0; i < targets_.size(); ++i) {
    if (targets_[i].collection->name == name) return i;
  }
  CollectionPtr collection = database_.find(name);
  bool is_new = false;
  if (collection && collection->record.text && collection->record.text->id != 0 && !collection->indexer) {
    if (at_hand()) return Status::busy("a text index is to be thrown away");
    if (!catalog_lock_.owns_lock()) catalog_lock_ = std::unique_lock(database_.catalog_mutex());
    database_.catalog_mutex().assert_held();
    QUIPU_ASSIGN_OR_RETURN(collection, forget_text_index(database_, name));
  }
  if (!collection) {
    if (!create) return kNone;
    if (at_hand()) return Status::busy("a collection is to be made");
    if (!catalog_lock_.owns_lock()) catalog_lock_ = std::unique_lock(database_.catalog_mutex());
    database_.catalog_mutex().assert_held();
    collection = database_.find(name);  // somebody may have been faster
    if (!collection) {
      QUIPU_ASSIGN_OR_RETURN(collection, database_.make(name, {}));
      is_new = true;
    }
  }
  std::pmr::vector<const CollectionIndex*> indexes(scope_.memory());
  indexes.reserve(CollectionIndex::all().size());
  for (const CollectionIndex* const index : CollectionIndex::all()) {
    if (index->follows(*collection)) indexes.push_back(index);
  }
  targets_.push_back({std::move(collection), is_new, std::move(indexes)});
  return targets_.size() - 1;
}

Status Commit::load() {
  for (size_t begin = 0, end = 0; begin < keys_.size(); begin = end) {
    const size_t target = keys_[begin].target;
    while (end < keys_.size() && keys_[end].target == target) ++end;
    QUIPU_RETURN_IF_ERROR(load_target(std::span(keys_).subspan(begin, end - begin)));
  }
  return Status::ok();
}

// Reads what is stored under `keys`, which are of one target, in order. Those whose records do not matter are
// shown to indexes as if there were none.
Status Commit::load_target(std::span<KeyChange> keys) {
  rocksdb::ColumnFamilyHandle* const family = keys.front().collection->family.get();
  const bool any_read = std::ranges::any_of(keys, &KeyChange::is_read);
  if (targets_[keys.front().target].is_new || !any_read) {
    for (KeyChange& key : keys) QUIPU_RETURN_IF_ERROR(load_key(key, rocksdb::Status::NotFound(), {}));
    return Status::ok();
  }
  if (keys.size() == 1) {
    rocksdb::PinnableSlice value;
    const rocksdb::Status read = scope_.view.get(family, slice(keys[0].full_key), value);
    return load_key(keys[0], read, view(value));
  }
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  std::vector<rocksdb::Slice> slices;
  slices.reserve(keys.size());
  for (const KeyChange& key : keys) slices.push_back(slice(key.full_key));
  scope_.view.multi_get(family, slices, values.data(), statuses.data(), /*sorted=*/true);
  for (size_t i = 0; i < keys.size(); ++i) {
    QUIPU_RETURN_IF_ERROR(load_key(keys[i], statuses[i], view(values[i])));
  }
  return Status::ok();
}

// Takes what was read of a key.
Status Commit::load_key(KeyChange& key, const rocksdb::Status& read, std::string_view value) {
  if (read.IsNotFound()) return show_to_indexes(key, nullptr);
  if (!read.ok()) return from_rocksdb(read, "cannot read collection " + key.collection->name);
  const std::optional<DataRecord> record = parse_data_record(value);
  if (!record) return damaged_record(*key.collection, key.user_key);
  key.existed = key.exists = true;
  key.sequence = record->sequence;
  return show_to_indexes(key, &*record);
}

Status Commit::show_to_indexes(KeyChange& key, const DataRecord* stored) {
  for (const CollectionIndex* const index : targets_[key.target].indexes) {
    QUIPU_RETURN_IF_ERROR(index->load(key, stored, scope_));
  }
  return Status::ok();
}

Status Commit::apply(const WriteOp& op, KeyChange& key) {
  if (op.kind == &WriteOp::kPut) return put_body(key, op.value, scope_), Status::ok();
  if (op.kind != &WriteOp::kDelete) return CollectionIndex::of(op.kind)->apply(op, key, scope_);
  key.changed = true;
  key.exists = false;
  for (IndexedKey* part = key.indexes; part != nullptr; part = part->next) part->replaced();
  return Status::ok();
}

// RocksDB's batch refuses only what is larger than 4 GiB, which the limits above rule out.
Status Commit::write_key(KeyChange& key, rocksdb::WriteBatchBase& batch) {
  for (IndexedKey* part = key.indexes; part != nullptr; part = part->next) {
    if (key.changed || part->touched) QUIPU_RETURN_IF_ERROR(part->write(key, scope_, batch));
  }
  if (!key.changed) return Status::ok();
  targets_[key.target].count_change += (key.exists ? 1 : 0) - (key.existed ? 1 : 0);
  rocksdb::ColumnFamilyHandle* const family = key.collection->family.get();
  rocksdb::Status written;
  if (key.exists) {
    std::string header;
    put_varint(key.inserted ? scope_.first_sequence + key.sequence : key.sequence, header);
    const std::array<rocksdb::Slice, 1> key_parts = {slice(key.full_key)};
    const std::array<rocksdb::Slice, 2> value_parts = {header, slice(key.body)};
    written = batch.Put(family, {key_parts.data(), 1}, {value_parts.data(), 2});
  } else if (key.existed) {
    written = batch.Delete(family, slice(key.full_key));
  }
  return from_rocksdb(written, "cannot write");
}

void Commit::write_catalog(rocksdb::WriteBatchBase& batch) const {
  bool made = false;
  for (const Target& target : targets_) {
    const Collection& collection = *target.collection;
    if (target.is_new) {
      made = true;
      batch
          .Put(database_.catalog(), collection_key(collection.name),
               make_collection_record(collection.record))
          .PermitUncheckedError();
    }
    if (target.count_change != 0) {
      batch
          .Merge(database_.catalog(), count_key(collection.id()),
                 make_count(static_cast<uint64_t>(target.count_change)))
          .PermitUncheckedError();
    }
  }
  for (const auto& [id, change] : scope_.counts) {
    if (change == 0) continue;
    batch.Merge(database_.catalog(), count_key(id), make_count(change)).PermitUncheckedError();
  }
  if (made) {
    database_.catalog_mutex().assert_held();
    std::string next_id;
    put_varint(database_.next_id(), next_id);
    batch.Put(database_.catalog(), slice(kNextIdKey), next_id).PermitUncheckedError();
  }
}

}  // namespace quipu::rocks
