#include "backends/rocksdb/commit.h"

#include <array>

#include "backends/rocksdb/reader.h"
#include "backends/rocksdb/rocksdb_status.h"

namespace quipu::rocks {
namespace {

// A list of so many members is removed by deleting each; a longer one by a range, which costs every later
// reader of the family a little until it is compacted away.
constexpr uint64_t kMembersDeletedOneByOne = 1000;
// What a record takes in a batch beside key and value: tag, family, lengths, sequence.
constexpr size_t kBatchBytesPerKey = 24;

struct KeyHash {
  size_t operator()(const std::pair<size_t, std::string_view>& key) const {
    return std::hash<std::string_view>{}(key.second) ^ key.first * 0x9e3779b97f4a7c15ULL;
  }
};

Status check_op(const WriteOp& op) {
  QUIPU_RETURN_IF_ERROR(check_collection_name(op.collection));
  QUIPU_RETURN_IF_ERROR(check_key(op.collection, op.key));
  return op.kind == WriteOp::Kind::kPut ? check_value(op.collection, op.key, op.value) : Status::ok();
}

Status not_a_list(const WriteOp& op) {
  return Status::invalid_argument(describe(op.collection, op.key) + " is no member list");
}

std::string indexed_value(const Collection& collection, std::string_view object) {
  if (collection.record.indexed_field.empty()) return {};
  const std::optional<JsonView> value =
      JsonView::from_canonical(object).find(collection.record.indexed_field);
  return value && value->is_string() ? value->string() : std::string();
}

}  // namespace

Commit::~Commit() {
  if (handed_over_) return;
  for (const Target& target : targets_) {
    // Leaves an empty family at worst, which the next open removes.
    if (target.is_new) (void)core_.discard(*target.collection).is_ok();
  }
}

Status Commit::run(std::span<const WriteOp> ops, bool sync) {
  QUIPU_RETURN_IF_ERROR(core_.writable());
  gate_ = core_.gate().enter();
  QUIPU_RETURN_IF_ERROR(resolve(ops));
  QUIPU_RETURN_IF_ERROR(load());
  for (size_t i = 0; i < ops.size(); ++i) {
    if (key_of_op_[i]) QUIPU_RETURN_IF_ERROR(apply(ops[i], keys_[*key_of_op_[i]]));
  }
  uint64_t base = 0;
  if (inserted_ != 0) {
    QUIPU_ASSIGN_OR_RETURN(base, core_.take_sequences(inserted_));
  }
  size_t bytes = 0;
  for (const Key& key : keys_) bytes += key.full_key.size() + key.value.size() + kBatchBytesPerKey;
  batch_ = rocksdb::WriteBatch(bytes);
  for (const Key& key : keys_) QUIPU_RETURN_IF_ERROR(write_key(key, base));
  write_catalog();
  handed_over_ = true;
  if (batch_.Count() != 0) QUIPU_RETURN_IF_ERROR(core_.write(batch_, sync));
  for (const Target& target : targets_) {
    if (target.is_new) core_.publish(target.collection);
  }
  return Status::ok();
}

// Finds the collection and key of every operation; the same key of several operations is one.
Status Commit::resolve(std::span<const WriteOp> ops) {
  std::unordered_map<std::pair<size_t, std::string_view>, size_t, KeyHash> places;
  const bool single = ops.size() == 1;
  if (!single) places.reserve(ops.size());
  keys_.reserve(ops.size());
  key_of_op_.reserve(ops.size());
  constexpr size_t kNone = SIZE_MAX;
  for (const WriteOp& op : ops) {
    QUIPU_RETURN_IF_ERROR(check_op(op));
    const bool creates = op.kind == WriteOp::Kind::kPut || op.kind == WriteOp::Kind::kPutList;
    QUIPU_ASSIGN_OR_RETURN(const size_t target, target_of(op.collection, creates));
    if (target == kNone) {
      if (op.kind != WriteOp::Kind::kDelete) return not_a_list(op);
      key_of_op_.push_back(std::nullopt);
      continue;
    }
    size_t place = keys_.size();
    if (!single) place = places.try_emplace({target, op.key}, place).first->second;
    if (place == keys_.size()) {
      Key& key = keys_.emplace_back();
      key.target = target;
      key.user_key = op.key;
      key.full_key = targets_[target].collection->key(op.key);
    }
    key_of_op_.push_back(place);
  }
  return Status::ok();
}

// The place of a collection in targets_; SIZE_MAX when it does not exist and is not to be made.
Result<size_t> Commit::target_of(std::string_view name, bool create) {
  if (!targets_.empty() && targets_.back().collection->name == name) return targets_.size() - 1;
  for (size_t i = 0; i < targets_.size(); ++i) {
    if (targets_[i].collection->name == name) return i;
  }
  CollectionPtr collection = core_.find(name);
  bool is_new = false;
  if (!collection) {
    if (!create) return SIZE_MAX;
    if (!catalog_lock_.owns_lock()) catalog_lock_ = std::unique_lock(core_.catalog_mutex());
    collection = core_.find(name);  // somebody may have been faster
    if (!collection) {
      QUIPU_ASSIGN_OR_RETURN(collection, core_.make(name, {}));
      is_new = true;
    }
  }
  targets_.push_back({std::move(collection), is_new, 0});
  return targets_.size() - 1;
}

Status Commit::load() {
  if (keys_.size() == 1) return load_target(keys_[0].target, std::array<size_t, 1>{0});
  for (size_t target = 0; target < targets_.size(); ++target) {
    if (targets_[target].is_new) continue;
    std::vector<size_t> keys;
    for (size_t i = 0; i < keys_.size(); ++i) {
      if (keys_[i].target == target) keys.push_back(i);
    }
    QUIPU_RETURN_IF_ERROR(load_target(target, keys));
  }
  return Status::ok();
}

Status Commit::load_target(size_t target, std::span<const size_t> keys) {
  const Collection& collection = *targets_[target].collection;
  std::vector<rocksdb::Slice> slices;
  slices.reserve(keys.size());
  for (const size_t i : keys) slices.emplace_back(keys_[i].full_key);
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  if (keys.size() == 1) {
    statuses[0] = core_.db().Get({}, collection.family.get(), slices[0], values.data());
  } else {
    core_.db().MultiGet({}, collection.family.get(), keys.size(), slices.data(), values.data(),
                        statuses.data());
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    QUIPU_RETURN_IF_ERROR(from_rocksdb(statuses[i], "cannot read collection " + collection.name));
    QUIPU_RETURN_IF_ERROR(load_key(keys_[keys[i]], view(values[i])));
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
    key.was_list = key.is_list = true;
    key.count = key.old_count = header->count;
    key.head = header->head;
    key.tail = header->tail;
  } else {
    key.old_indexed = indexed_value(collection, record->body);
  }
  return Status::ok();
}

Status Commit::apply(const WriteOp& op, Key& key) {
  const bool puts = op.kind == WriteOp::Kind::kPut || op.kind == WriteOp::Kind::kPutList;
  if (puts || op.kind == WriteOp::Kind::kDelete) {
    if (puts && !key.exists) {
      key.inserted = true;
      key.sequence = inserted_++;
    }
    key.changed = true;
    key.exists = puts;
    key.is_list = key.fresh_list = op.kind == WriteOp::Kind::kPutList;
    key.value = op.value;
    key.count = 0;
    key.members.clear();
    key.added_members.clear();
    if (key.is_list) {
      key.head = op.value;
      key.tail = op.tail;
    }
    return Status::ok();
  }
  if (!key.exists || !key.is_list) {
    return not_a_list(op);
  }
  const bool add = op.kind == WriteOp::Kind::kAddMember;
  QUIPU_ASSIGN_OR_RETURN(const bool listed, has_member(key, op.value));
  if (listed == add) return Status::ok();
  key.changed = true;
  key.count += add ? 1 : static_cast<uint64_t>(-1);
  key.members[std::string(op.value)] = add;
  if (add) key.added_members.emplace_back(op.value, inserted_++);
  return Status::ok();
}

Result<bool> Commit::has_member(const Key& key, std::string_view member) const {
  if (const auto known = key.members.find(std::string(member)); known != key.members.end())
    return known->second;
  if (key.fresh_list) return false;
  const std::string record =
      list_prefix(targets_[key.target].collection->id(), key.user_key) + std::string(member);
  rocksdb::PinnableSlice value;
  const rocksdb::Status found = core_.db().Get({}, core_.lists(), slice(record), &value);
  if (found.IsNotFound()) return false;
  QUIPU_RETURN_IF_ERROR(from_rocksdb(found, "cannot read a member list"));
  return true;
}

// RocksDB's batch refuses only what is larger than 4 GiB, which the limits above rule out.
Status Commit::write_key(const Key& key, uint64_t base) {
  if (!key.changed) return Status::ok();
  Target& target = targets_[key.target];
  const Collection& collection = *target.collection;
  target.count_change += (key.exists ? 1 : 0) - (key.existed ? 1 : 0);
  const bool list_replaced = key.was_list && (!key.is_list || key.fresh_list);
  if (list_replaced && key.old_count != 0) QUIPU_RETURN_IF_ERROR(remove_members(key));
  if (!key.exists) {
    if (key.existed) {
      QUIPU_RETURN_IF_ERROR(
          from_rocksdb(batch_.Delete(collection.family.get(), key.full_key), "cannot write"));
    }
  } else {
    const uint64_t sequence = key.inserted ? base + key.sequence : key.sequence;
    rocksdb::Status put;
    if (key.is_list) {
      put = batch_.Put(collection.family.get(), key.full_key,
                       make_list_record(sequence, {key.count, key.head, key.tail}));
      write_members(key, base);
    } else {
      std::string header;
      put_varint(sequence, header);
      const std::array<rocksdb::Slice, 1> key_parts = {key.full_key};
      const std::array<rocksdb::Slice, 2> value_parts = {header, slice(key.value)};
      put = batch_.Put(collection.family.get(), {key_parts.data(), 1}, {value_parts.data(), 2});
    }
    QUIPU_RETURN_IF_ERROR(from_rocksdb(put, "cannot write"));
  }
  write_index(key);
  return Status::ok();
}

// All members that are stored now.
Status Commit::remove_members(const Key& key) {
  const std::string prefix = list_prefix(targets_[key.target].collection->id(), key.user_key);
  const std::string end = after_prefix(prefix);
  const rocksdb::Slice upper = slice(end);
  if (key.old_count > kMembersDeletedOneByOne) {
    return from_rocksdb(batch_.DeleteRange(core_.lists(), slice(prefix), upper), "cannot write");
  }
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> it(core_.db().NewIterator(options, core_.lists()));
  for (it->Seek(slice(prefix)); it->Valid(); it->Next()) {
    QUIPU_RETURN_IF_ERROR(from_rocksdb(batch_.Delete(core_.lists(), it->key()), "cannot write"));
  }
  return from_rocksdb(it->status(), "cannot read a member list");
}

void Commit::write_members(const Key& key, uint64_t base) {
  const std::string prefix = list_prefix(targets_[key.target].collection->id(), key.user_key);
  for (const auto& [member, place] : key.added_members) {
    std::string value;
    put_varint(base + place, value);
    batch_.Put(core_.lists(), prefix + member, value).PermitUncheckedError();
  }
  for (const auto& [member, listed] : key.members) {
    if (!listed) batch_.Delete(core_.lists(), prefix + member).PermitUncheckedError();
  }
}

void Commit::write_index(const Key& key) {
  const Collection& collection = *targets_[key.target].collection;
  if (collection.record.indexed_field.empty()) return;
  const std::string now = key.exists && !key.is_list ? indexed_value(collection, key.value) : std::string();
  if (now == key.old_indexed) return;
  if (!key.old_indexed.empty()) {
    batch_.Delete(core_.index(), index_prefix(collection.id(), key.old_indexed) + std::string(key.user_key))
        .PermitUncheckedError();
  }
  if (!now.empty()) {
    batch_.Put(core_.index(), index_prefix(collection.id(), now) + std::string(key.user_key), "")
        .PermitUncheckedError();
  }
}

void Commit::write_catalog() {
  bool made = false;
  for (const Target& target : targets_) {
    const Collection& collection = *target.collection;
    if (target.is_new) {
      made = true;
      batch_.Put(core_.catalog(), collection_key(collection.name), make_collection_record(collection.record))
          .PermitUncheckedError();
    }
    if (target.count_change != 0) {
      batch_
          .Merge(core_.catalog(), count_key(collection.id()),
                 make_count(static_cast<uint64_t>(target.count_change)))
          .PermitUncheckedError();
    }
  }
  if (made) {
    std::string next_id;
    put_varint(core_.next_id(), next_id);
    batch_.Put(core_.catalog(), slice(kNextIdKey), next_id).PermitUncheckedError();
  }
}

}  // namespace quipu::rocks
