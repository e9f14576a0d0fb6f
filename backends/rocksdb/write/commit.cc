#include "backends/rocksdb/write/commit.h"

#include <algorithm>
#include <array>
#include <compare>
#include <cstring>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/reader.h"

namespace quipu::rocks {
namespace {

// What a record takes in a batch beside key and value: tag, family, lengths, sequence.
constexpr size_t kBatchBytesPerKey = 24;

bool any_adds(std::span<const WriteOp> ops) {
  return std::ranges::any_of(ops, [](const WriteOp& op) {
    return op.kind != WriteOp::Kind::kDelete && op.kind != WriteOp::Kind::kRemoveMember;
  });
}

Status not_a_list(const WriteOp& op) {
  return Status::invalid_argument(describe(op.collection, op.key) + " is no member list");
}

// The body of a vector given as the bytes of its doubles, wherever these lie.
std::string vector_body(std::string_view bytes) {
  std::vector<double> elements(bytes.size() / sizeof(double));
  if (!bytes.empty()) std::memcpy(elements.data(), bytes.data(), bytes.size());
  return make_vector_body(elements);
}

std::string indexed_value(const Collection& collection, std::string_view object) {
  if (collection.record.indexed_field.empty() || !object.starts_with('{')) return {};
  const std::optional<JsonView> value =
      JsonView::from_canonical(object).find(collection.record.indexed_field);
  return value && value->is_string() ? value->string() : std::string();
}

}  // namespace

Commit::~Commit() {
  if (handed_over_) return;
  for (const Target& target : targets_) {
    // Leaves an empty family at worst, which the next open removes.
    if (target.is_new) (void)database_.discard(*target.collection).is_ok();
  }
}

Status Commit::run(std::span<const WriteOp> ops, bool sync) {
  QUIPU_RETURN_IF_ERROR(prepare(ops));
  const size_t bytes = batch_bytes();
  QUIPU_RETURN_IF_ERROR(database_.limits().check_batch(bytes));
  if (any_adds(ops)) QUIPU_RETURN_IF_ERROR(database_.check_room(bytes));
  rocksdb::WriteBatch batch(bytes);
  QUIPU_RETURN_IF_ERROR(write_to(batch, /*ranges=*/true));
  handed_over_ = true;
  if (batch.Count() != 0) QUIPU_RETURN_IF_ERROR(database_.write(batch, sync));
  record_changes();
  for (const Target& target : targets_) {
    if (target.is_new) database_.publish(target.collection);
  }
  return Status::ok();
}

size_t Commit::batch_bytes() const {
  size_t bytes = 0;
  for (const Key& key : keys_) bytes += key.full_key.size() + key.value.size() + kBatchBytesPerKey;
  return bytes;
}

Status Commit::stage(std::span<const WriteOp> ops, rocksdb::WriteBatchWithIndex& batch) {
  QUIPU_RETURN_IF_ERROR(prepare(ops));
  if (any_adds(ops)) QUIPU_RETURN_IF_ERROR(database_.check_room(batch.GetDataSize() + batch_bytes()));
  batch.SetSavePoint();
  Status written = write_to(batch, /*ranges=*/false);
  if (written.is_ok()) written = database_.limits().check_transaction(batch.GetDataSize());
  const rocksdb::Status settled = written.is_ok() ? batch.PopSavePoint() : batch.RollbackToSavePoint();
  QUIPU_RETURN_IF_ERROR(written);
  return from_rocksdb(settled, "cannot add to a transaction");
}

// What the operations come to. Nothing is written by it but, at times, the limit of insertion sequences.
Status Commit::prepare(std::span<const WriteOp> ops) {
  QUIPU_RETURN_IF_ERROR(database_.writable());
  gate_ = database_.gate().enter();
  QUIPU_RETURN_IF_ERROR(resolve(ops));
  QUIPU_RETURN_IF_ERROR(load());
  for (size_t i = 0; i < ops.size(); ++i) {
    if (key_of_op_[i] != kNone) QUIPU_RETURN_IF_ERROR(apply(ops[i], keys_[key_of_op_[i]]));
  }
  if (inserted_ != 0) {
    QUIPU_ASSIGN_OR_RETURN(first_sequence_, database_.take_sequences(inserted_));
  }
  return Status::ok();
}

Status Commit::write_to(rocksdb::WriteBatchBase& batch, bool ranges) {
  for (const Key& key : keys_) QUIPU_RETURN_IF_ERROR(write_key(key, batch, ranges));
  write_index(batch);
  write_catalog(batch);
  return Status::ok();
}

// Lets open transactions know.
void Commit::record_changes() {
  if (!database_.conflicts().watching()) return;
  std::vector<Fingerprint> fingerprints;
  for (const Target& target : targets_)
    fingerprints.push_back(collection_fingerprint(target.collection->name));
  for (const Key& key : keys_) {
    if (key.changed)
      fingerprints.push_back(key_fingerprint(targets_[key.target].collection->name, key.user_key));
  }
  for (const auto& [collection, value] : changed_values_)
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
  std::vector<Place> places;
  places.reserve(ops.size());
  for (size_t i = 0; i < ops.size(); ++i) {
    const WriteOp& op = ops[i];
    QUIPU_RETURN_IF_ERROR(database_.limits().check_op(op));
    QUIPU_ASSIGN_OR_RETURN(const size_t target, target_of(op.collection, creates(op.kind)));
    if (target != kNone) {
      places.push_back({target, op.key, i});
    } else if (op.kind != WriteOp::Kind::kDelete) {
      return not_a_list(op);
    }
  }
  std::sort(places.begin(), places.end());
  keys_.reserve(places.size());
  key_of_op_.assign(ops.size(), kNone);
  for (const Place& place : places) {
    if (keys_.empty() || keys_.back().target != place.target || keys_.back().user_key != place.key) {
      Key& key = keys_.emplace_back();
      key.target = place.target;
      key.user_key = place.key;
      key.full_key = keep(targets_[place.target].collection->prefix, place.key);
    }
    key_of_op_[place.op] = keys_.size() - 1;
  }
  return Status::ok();
}

// Both strings as one that lives as long as this.
std::string_view Commit::keep(std::string_view front, std::string_view back) {
  const size_t size = front.size() + back.size();
  char* const kept = static_cast<char*>(arena_.allocate(size, 1));
  std::copy(front.begin(), front.end(), kept);
  std::copy(back.begin(), back.end(), kept + front.size());
  return {kept, size};
}

// The place of a collection in targets_; kNone when it does not exist and is not to be made.
Result<size_t> Commit::target_of(std::string_view name, bool create) {
  if (!targets_.empty() && targets_.back().collection->name == name) return targets_.size() - 1;
  for (size_t i = 0; i < targets_.size(); ++i) {
    if (targets_[i].collection->name == name) return i;
  }
  CollectionPtr collection = database_.find(name);
  bool is_new = false;
  if (!collection) {
    if (!create) return kNone;
    if (!catalog_lock_.owns_lock()) catalog_lock_ = std::unique_lock(database_.catalog_mutex());
    collection = database_.find(name);  // somebody may have been faster
    if (!collection) {
      QUIPU_ASSIGN_OR_RETURN(collection, database_.make(name, {}));
      is_new = true;
    }
  }
  targets_.push_back({std::move(collection), is_new, 0});
  return targets_.size() - 1;
}

Status Commit::load() {
  for (size_t begin = 0, end = 0; begin < keys_.size(); begin = end) {
    const size_t target = keys_[begin].target;
    while (end < keys_.size() && keys_[end].target == target) ++end;
    if (targets_[target].is_new) continue;
    QUIPU_RETURN_IF_ERROR(load_target(std::span(keys_).subspan(begin, end - begin)));
  }
  return Status::ok();
}

// Reads what is stored under `keys`, which are of one target, in order.
Status Commit::load_target(std::span<Key> keys) {
  const Collection& collection = *targets_[keys.front().target].collection;
  std::vector<rocksdb::Slice> slices;
  slices.reserve(keys.size());
  for (const Key& key : keys) slices.push_back(slice(key.full_key));
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  if (keys.size() == 1) {
    statuses[0] = view_.get(collection.family.get(), slices[0], values[0]);
  } else {
    view_.multi_get(collection.family.get(), slices, values.data(), statuses.data(), /*sorted=*/true);
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    QUIPU_RETURN_IF_ERROR(from_rocksdb(statuses[i], "cannot read collection " + collection.name));
    QUIPU_RETURN_IF_ERROR(load_key(keys[i], view(values[i])));
  }
  return Status::ok();
}

Status Commit::load_key(Key& key, std::string_view value) {
  const Collection& collection = *targets_[key.target].collection;
  const std::optional<DataRecord> record = parse_data_record(value);
  if (!record) return damaged_record(collection, key.user_key);
  key.existed = key.exists = true;
  key.sequence = record->sequence;
  if (record->is_list()) {
    const std::optional<ListHeader> header = parse_list_header(*record);
    if (!header) return damaged_record(collection, key.user_key);
    key.is_list = true;
    list_of(key).loaded(*header);
  } else if (record->is_text()) {
    key.old_indexed = indexed_value(collection, record->body);
  }
  return Status::ok();
}

ListChange& Commit::list_of(Key& key) {
  if (!key.list) {
    key.list = std::make_unique<ListChange>(view_, targets_[key.target].collection->id(), key.user_key);
  }
  return *key.list;
}

Status Commit::apply(const WriteOp& op, Key& key) {
  switch (op.kind) {
    case WriteOp::Kind::kPut:
    case WriteOp::Kind::kPutList:
    case WriteOp::Kind::kPutVector: return apply_put(op, key);
    case WriteOp::Kind::kDelete:
      key.changed = true;
      key.exists = key.is_list = false;
      if (key.list) key.list->remove();
      return Status::ok();
    case WriteOp::Kind::kAddMember:
    case WriteOp::Kind::kRemoveMember: return apply_member(op, key);
  }
  return Status::ok();
}

Status Commit::apply_put(const WriteOp& op, Key& key) {
  if (!key.exists) {
    key.inserted = true;
    key.sequence = inserted_++;
  }
  key.changed = key.exists = true;
  key.is_list = op.kind == WriteOp::Kind::kPutList;
  if (key.is_list) {
    list_of(key).replace(op.value, op.tail);
  } else {
    key.value = op.kind == WriteOp::Kind::kPutVector ? keep(vector_body(op.value), {}) : op.value;
    if (key.list) key.list->remove();
  }
  return Status::ok();
}

Status Commit::apply_member(const WriteOp& op, Key& key) {
  if (!key.exists || !key.is_list) return not_a_list(op);
  const bool add = op.kind == WriteOp::Kind::kAddMember;
  QUIPU_ASSIGN_OR_RETURN(const bool listed, key.list->has(op.value));
  if (listed == add) return Status::ok();
  key.changed = true;
  if (add) {
    key.list->add(op.value, inserted_++);
  } else {
    key.list->erase(op.value);
  }
  return Status::ok();
}

// RocksDB's batch refuses only what is larger than 4 GiB, which the limits above rule out.
Status Commit::write_key(const Key& key, rocksdb::WriteBatchBase& batch, bool ranges) {
  if (!key.changed) return Status::ok();
  Target& target = targets_[key.target];
  rocksdb::ColumnFamilyHandle* const family = target.collection->family.get();
  target.count_change += (key.exists ? 1 : 0) - (key.existed ? 1 : 0);
  if (key.list) QUIPU_RETURN_IF_ERROR(key.list->write_members(first_sequence_, batch, ranges));
  const uint64_t sequence = key.inserted ? first_sequence_ + key.sequence : key.sequence;
  rocksdb::Status written;
  if (key.is_list) {
    written = batch.Put(family, slice(key.full_key), key.list->record(sequence));
  } else if (key.exists) {
    std::string header;
    put_varint(sequence, header);
    const std::array<rocksdb::Slice, 1> key_parts = {slice(key.full_key)};
    const std::array<rocksdb::Slice, 2> value_parts = {header, slice(key.value)};
    written = batch.Put(family, {key_parts.data(), 1}, {value_parts.data(), 2});
  } else if (key.existed) {
    written = batch.Delete(family, slice(key.full_key));
  }
  change_index(key);
  return from_rocksdb(written, "cannot write");
}

void Commit::change_index(const Key& key) {
  const Collection& collection = *targets_[key.target].collection;
  if (collection.record.indexed_field.empty()) return;
  const std::string now = key.exists && !key.is_list ? indexed_value(collection, key.value) : std::string();
  if (now == key.old_indexed) return;
  const auto change = [&](const std::string& value, bool listed) {
    if (value.empty()) return;
    index_.push_back({keep(index_prefix(collection.id(), value), key.user_key), listed});
    if (database_.conflicts().watching())
      changed_values_.emplace_back(targets_[key.target].collection, value);
  };
  change(key.old_indexed, false);
  change(now, true);
}

void Commit::write_index(rocksdb::WriteBatchBase& batch) {
  std::sort(index_.begin(), index_.end(),
            [](const IndexEntry& a, const IndexEntry& b) { return a.key < b.key; });
  for (const IndexEntry& entry : index_) {
    const rocksdb::Status written = entry.listed ? batch.Put(database_.index(), slice(entry.key), {})
                                                 : batch.Delete(database_.index(), slice(entry.key));
    written.PermitUncheckedError();
  }
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
  if (made) {
    std::string next_id;
    put_varint(database_.next_id(), next_id);
    batch.Put(database_.catalog(), slice(kNextIdKey), next_id).PermitUncheckedError();
  }
}

}  // namespace quipu::rocks
