// Member lists: a list's record has its header, and each member is an entry in the list family. Members are
// views of the batch.

#include <unordered_map>

#include "backends/rocksdb/format/status.h"
#include "backends/rocksdb/read/reader.h"
#include "backends/rocksdb/write/collection_index.h"
#include "quipu/backend/features.h"

namespace quipu::rocks {
namespace {

constexpr const WriteOp::Kind* kKinds[] = {&MemberLists::kPutList, &MemberLists::kEnsureList,
                                           &MemberLists::kAddMember, &MemberLists::kRemoveMember};

// What one batch does to one list: the list before it, and its members now.
class MemberList : public IndexedKey {
 public:
  MemberList(CommitScope& scope, uint32_t collection, std::string_view key)
      : view_(scope.view),
        collection_(collection),
        key_(key),
        changed_(scope.memory()),
        added_(scope.memory()) {}

  bool is_list() const { return is_list_; }
  // The list as it is stored; without it there is none yet.
  void loaded(const ListHeader& header) {
    is_list_ = true;
    stored_count_ = count_ = header.count;
    head_ = header.head;
    tail_ = header.tail;
  }
  // A new list takes the place of whatever is there, with no members so far.
  void replace(std::string_view head, std::string_view tail) {
    replaced();
    is_list_ = true;
    head_ = head;
    tail_ = tail;
  }
  void replaced() override;
  Result<bool> has(std::string_view member) const;
  // REQUIRES: !has(member). `place` is the member's place among what this batch inserts.
  void add(std::string_view member, uint64_t place);
  // REQUIRES: has(member).
  void erase(std::string_view member);

  Status write(KeyChange& key, CommitScope& scope, rocksdb::WriteBatchBase& batch) override;

 private:
  void write_members(uint64_t first_sequence, rocksdb::WriteBatchBase& batch) const;

  const ReadView& view_;
  const uint32_t collection_;
  const std::string_view key_;
  uint64_t stored_count_ = 0;  // members in the database before this batch
  bool replaced_ = false;      // the stored ones do not count any more
  bool is_list_ = false;
  uint64_t count_ = 0;
  std::string head_;
  std::string tail_;
  std::pmr::unordered_map<std::string_view, bool> changed_;        // member -> is in the list
  std::pmr::vector<std::pair<std::string_view, uint64_t>> added_;  // with their places
};

void MemberList::replaced() {
  replaced_ = true;
  is_list_ = false;
  count_ = 0;
  changed_.clear();
  added_.clear();
}

Result<bool> MemberList::has(std::string_view member) const {
  if (const auto known = changed_.find(member); known != changed_.end()) return known->second;
  if (replaced_ || stored_count_ == 0) return false;
  const std::string record = list_prefix(collection_, key_).append(member);
  rocksdb::PinnableSlice value;
  const rocksdb::Status found = view_.get(view_.database().lists(), slice(record), value);
  if (found.IsNotFound()) return false;
  QUIPU_RETURN_IF_ERROR(from_rocksdb(found, "cannot read a member list"));
  return true;
}

void MemberList::add(std::string_view member, uint64_t place) {
  ++count_;
  changed_[member] = true;
  added_.emplace_back(member, place);
}

void MemberList::erase(std::string_view member) {
  --count_;
  changed_[member] = false;
}

Status MemberList::write(KeyChange& key, CommitScope& scope, rocksdb::WriteBatchBase& batch) {
  if (replaced_ && stored_count_ != 0) {
    QUIPU_RETURN_IF_ERROR(
        scope.erase_all(view_.database().lists(), list_prefix(collection_, key_), stored_count_, batch));
  }
  if (!is_list_) return Status::ok();
  write_members(scope.first_sequence, batch);
  key.body = scope.keep(make_list_body({count_, head_, tail_}));
  return Status::ok();
}

// RocksDB's batch refuses only what is larger than 4 GiB, which the limits of record.h rule out.
void MemberList::write_members(uint64_t first_sequence, rocksdb::WriteBatchBase& batch) const {
  rocksdb::ColumnFamilyHandle* const lists = view_.database().lists();
  std::string key = list_prefix(collection_, key_);
  const size_t prefix_size = key.size();
  const auto key_of = [&](std::string_view member) {
    key.resize(prefix_size);
    return slice(key += member);
  };
  for (const auto& [member, place] : added_) {
    std::string value;
    put_varint(first_sequence + place, value);
    batch.Put(lists, key_of(member), value).PermitUncheckedError();
  }
  for (const auto& [member, listed] : changed_) {
    if (!listed) batch.Delete(lists, key_of(member)).PermitUncheckedError();
  }
}

Status not_a_list(const WriteOp& op) {
  return Status::invalid_argument(describe(op.collection, op.key) + " is no member list");
}

class MemberListIndex : public CollectionIndex {
 public:
  std::span<const WriteOp::Kind* const> kinds() const override { return kKinds; }

  bool follows(const Collection& /*collection*/) const override { return true; }

  Status load(KeyChange& key, const DataRecord* stored, CommitScope& scope) const override {
    if (stored == nullptr || !stored->is_list()) return Status::ok();
    const std::optional<ListHeader> header = parse_list_header(*stored);
    if (!header) return damaged_record(*key.collection, key.user_key);
    add_list(key, scope)->loaded(*header);
    return Status::ok();
  }

  Status apply(const WriteOp& op, KeyChange& key, CommitScope& scope) const override {
    auto* list = static_cast<MemberList*>(part_of(key));
    const bool is_list = key.exists && list != nullptr && list->is_list();
    const bool ensure = op.kind == &MemberLists::kEnsureList;
    if (ensure && is_list) return Status::ok();
    if (op.kind == &MemberLists::kPutList || (ensure && !key.exists)) {
      if (list == nullptr) list = add_list(key, scope);
      put_body(key, {}, scope);
      list->replace(op.value, op.tail);
      return Status::ok();
    }
    if (!is_list) return not_a_list(op);
    const bool add = op.kind == &MemberLists::kAddMember;
    QUIPU_ASSIGN_OR_RETURN(const bool listed, list->has(op.value));
    if (listed == add) return Status::ok();
    key.changed = true;
    if (add) {
      list->add(op.value, scope.insert());
    } else {
      list->erase(op.value);
    }
    return Status::ok();
  }

  Status apply_to_nothing(const WriteOp& op) const override { return not_a_list(op); }

 private:
  MemberList* add_list(KeyChange& key, CommitScope& scope) const {
    return scope.add<MemberList>(key, *this, scope, key.collection->id(), key.user_key);
  }
};

const MemberListIndex member_lists;

}  // namespace

const CollectionIndex& kMemberLists = member_lists;

}  // namespace quipu::rocks
