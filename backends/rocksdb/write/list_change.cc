#include "backends/rocksdb/write/list_change.h"

#include <memory>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/reader.h"

namespace quipu::rocks {
namespace {

// A list of so many members is removed by deleting each; a longer one by a range, which costs every later
// reader of the family a little until it is compacted away.
constexpr uint64_t kMembersDeletedOneByOne = 1000;

}  // namespace

void ListChange::loaded(const ListHeader& header) {
  stored_count_ = count_ = header.count;
  head_ = header.head;
  tail_ = header.tail;
}

void ListChange::replace(std::string_view head, std::string_view tail) {
  replaced_ = true;
  count_ = 0;
  head_ = head;
  tail_ = tail;
  changed_.clear();
  added_.clear();
}

Result<bool> ListChange::has(std::string_view member) const {
  if (const auto known = changed_.find(member); known != changed_.end()) return known->second;
  if (replaced_ || stored_count_ == 0) return false;
  const std::string record = list_prefix(collection_, key_) + std::string(member);
  rocksdb::PinnableSlice value;
  const rocksdb::Status found = view_.get(view_.database().lists(), slice(record), value);
  if (found.IsNotFound()) return false;
  QUIPU_RETURN_IF_ERROR(from_rocksdb(found, "cannot read a member list"));
  return true;
}

void ListChange::add(std::string_view member, uint64_t place) {
  ++count_;
  changed_[member] = true;
  added_.emplace_back(member, place);
}

void ListChange::erase(std::string_view member) {
  --count_;
  changed_[member] = false;
}

// RocksDB's batch refuses only what is larger than 4 GiB, which the limits of record.h rule out.
Status ListChange::write_members(uint64_t base, rocksdb::WriteBatchBase& batch, bool ranges) const {
  if (replaced_ && stored_count_ != 0) QUIPU_RETURN_IF_ERROR(remove_stored(batch, ranges));
  rocksdb::ColumnFamilyHandle* const lists = view_.database().lists();
  std::string key = list_prefix(collection_, key_);
  const size_t prefix_size = key.size();
  const auto key_of = [&](std::string_view member) {
    key.resize(prefix_size);
    return slice(key += member);
  };
  for (const auto& [member, place] : added_) {
    std::string value;
    put_varint(base + place, value);
    batch.Put(lists, key_of(member), value).PermitUncheckedError();
  }
  for (const auto& [member, listed] : changed_) {
    if (!listed) batch.Delete(lists, key_of(member)).PermitUncheckedError();
  }
  return Status::ok();
}

Status ListChange::remove_stored(rocksdb::WriteBatchBase& batch, bool ranges) const {
  rocksdb::ColumnFamilyHandle* const lists = view_.database().lists();
  const std::string prefix = list_prefix(collection_, key_);
  const std::string end = after_prefix(prefix);
  const rocksdb::Slice upper = slice(end);
  if (ranges && stored_count_ > kMembersDeletedOneByOne) {
    return from_rocksdb(batch.DeleteRange(lists, slice(prefix), upper), "cannot write");
  }
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> it = view_.iterate(lists, options);
  std::vector<std::string> keys;  // all before the first deletion, which may move what the iterator stands on
  for (it->Seek(slice(prefix)); it->Valid(); it->Next()) keys.push_back(it->key().ToString());
  QUIPU_RETURN_IF_ERROR(from_rocksdb(it->status(), "cannot read a member list"));
  for (const std::string& key : keys) {
    QUIPU_RETURN_IF_ERROR(from_rocksdb(batch.Delete(lists, slice(key)), "cannot write"));
  }
  return Status::ok();
}

}  // namespace quipu::rocks
