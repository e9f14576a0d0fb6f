#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_set>
#include <utility>

#include "quipu/backend/features.h"

namespace quipu {

// The lists that a batch puts, until their members are all known.
class PlainBatch::Lists {
 public:
  // `op`: the list's place among the operations that are made.
  void open(const WriteOp& op, size_t place) {
    open_.insert_or_assign(Key(op.collection, op.key), List{place, op.value, op.tail, {}, {}});
  }
  Status change(const WriteOp& op, bool add) {
    const auto found = open_.find(Key(op.collection, op.key));
    if (found == open_.end()) {
      return Status::invalid_argument("key " + Json::from_string(op.key).text() + " of collection " +
                                      Json::from_string(op.collection).text() + " is no member list");
    }
    List& list = found->second;
    if (add && list.known.insert(op.value).second) list.members.push_back(op.value);
    if (!add && list.known.erase(op.value) != 0) std::erase(list.members, op.value);
    return Status::ok();
  }
  // The key becomes something else.
  void close(const WriteOp& op, PlainBatch& batch) {
    if (const auto found = open_.find(Key(op.collection, op.key)); found != open_.end()) {
      finish(found->second, batch);
      open_.erase(found);
    }
  }
  void close_all(PlainBatch& batch) {
    for (auto& [key, list] : open_) finish(list, batch);
  }

 private:
  using Key = std::pair<std::string_view, std::string_view>;
  struct List {
    size_t place;
    std::string_view head;
    std::string_view tail;
    std::vector<std::string_view> members;
    std::unordered_set<std::string_view> known;
  };

  static void finish(const List& list, PlainBatch& batch) {
    std::string text(list.head);
    for (size_t i = 0; i < list.members.size(); ++i) {
      if (i != 0) text += ", ";
      text += list.members[i];
    }
    text += list.tail;
    batch.made_[list.place].value = batch.texts_.emplace_back(std::move(text));
  }

  std::map<Key, List> open_;
};

void PlainBatch::add_text(const WriteOp& op, std::string text) {
  made_.push_back({&WriteOp::kPut, op.collection, op.key, texts_.emplace_back(std::move(text))});
}

Result<PlainBatch> PlainBatch::of(std::span<const WriteOp> ops) {
  const auto is_plain = [](const WriteOp& op) {
    return op.kind == &WriteOp::kPut || op.kind == &WriteOp::kDelete;
  };
  PlainBatch batch;
  if (std::ranges::all_of(ops, is_plain)) {
    batch.plain_ = ops;
    return batch;
  }
  Lists lists;
  for (const WriteOp& op : ops) {
    if (is_plain(op)) {
      lists.close(op, batch);
      batch.made_.push_back(op);
    } else if (op.kind == &MemberLists::kPutList) {
      lists.close(op, batch);
      lists.open(op, batch.made_.size());
      batch.made_.push_back({&WriteOp::kPut, op.collection, op.key});
    } else if (op.kind == &MemberLists::kAddMember || op.kind == &MemberLists::kRemoveMember) {
      QUIPU_RETURN_IF_ERROR(lists.change(op, op.kind == &MemberLists::kAddMember));
    } else if (op.kind == &VectorValues::kPutVector) {
      lists.close(op, batch);
      std::vector<double> elements(op.value.size() / sizeof(double));
      if (!elements.empty()) std::memcpy(elements.data(), op.value.data(), op.value.size());
      batch.add_text(op, vector_value(elements).text());
    } else {
      return Status::not_supported("this key-value store has no operation " + std::string(op.kind->name));
    }
  }
  lists.close_all(batch);
  batch.plain_ = batch.made_;
  return batch;
}

}  // namespace quipu
