#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_map>
#include <utility>

#include "quipu/backend/features.h"

namespace quipu {
namespace {

Status unlike(const WriteOp& op, std::string_view what) {
  return Status::invalid_argument("key " + Json::from_string(op.key).text() + " of collection " +
                                  Json::from_string(op.collection).text() + " is no " + std::string(what));
}

// The parts of one slot, or the members of a list, in the order in which they came.
class Slot {
 public:
  void put(std::string_view key, std::string_view text) {
    const auto [place, added] = places_.emplace(key, texts_.size());
    if (added) {
      texts_.emplace_back(text);
    } else {
      texts_[place->second] = text;
    }
  }
  void erase(std::string_view key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return;
    texts_[place->second].reset();
    places_.erase(place);
  }
  void append_to(std::string& text) const {
    bool first = true;
    for (const std::optional<std::string_view>& each : texts_) {
      if (!each) continue;
      if (!std::exchange(first, false)) text += ", ";
      text += *each;
    }
  }

 private:
  std::vector<std::optional<std::string_view>> texts_;
  std::unordered_map<std::string_view, size_t> places_;
};

}  // namespace

// The lists and composed values that a batch puts, until all that is in them is known.
class PlainBatch::Open {
 public:
  // `place`: among the operations that are made.
  void open_list(const WriteOp& op, size_t place) {
    open_.insert_or_assign(Key(op.collection, op.key), Value{place, true, {op.value, op.tail}, {}});
  }
  void open_composed(const WriteOp& op, size_t place) {
    open_.insert_or_assign(Key(op.collection, op.key),
                           Value{place, false, ComposedValues::split_texts(op.value), {}});
  }
  // What is stored is not known here: only a list of this batch is one.
  Status ensure_list(const WriteOp& op) const {
    const auto found = open_.find(Key(op.collection, op.key));
    return found != open_.end() && found->second.is_list ? Status::ok() : unlike(op, "member list");
  }
  Status change_list(const WriteOp& op) {
    const auto found = open_.find(Key(op.collection, op.key));
    if (found == open_.end() || !found->second.is_list) return unlike(op, "member list");
    Slot& members = found->second.slots[0];
    if (op.kind == &MemberLists::kRemoveMember) return members.erase(op.value), Status::ok();
    return members.put(op.value, op.value), Status::ok();
  }
  Status change_composed(const WriteOp& op) {
    const auto found = open_.find(Key(op.collection, op.key));
    if (found == open_.end() || found->second.is_list) return unlike(op, "composed value");
    std::string_view key = op.value;
    Slot& parts = found->second.slots[ComposedValues::take_slot(key)];
    if (op.kind == &ComposedValues::kErasePart) return parts.erase(key), Status::ok();
    return parts.put(key, op.tail), Status::ok();
  }
  // The key becomes something else.
  void close(const WriteOp& op, PlainBatch& batch) {
    if (const auto found = open_.find(Key(op.collection, op.key)); found != open_.end()) {
      finish(found->second, batch);
      open_.erase(found);
    }
  }
  void close_all(PlainBatch& batch) {
    for (auto& [key, value] : open_) finish(value, batch);
  }

 private:
  using Key = std::pair<std::string_view, std::string_view>;
  struct Value {
    size_t place;
    bool is_list;
    std::vector<std::string_view> texts;
    std::map<size_t, Slot> slots;
  };

  static void finish(const Value& value, PlainBatch& batch) {
    std::string text;
    for (size_t i = 0; i < value.texts.size(); ++i) {
      text += value.texts[i];
      if (const auto slot = value.slots.find(i); slot != value.slots.end()) slot->second.append_to(text);
    }
    batch.made_[value.place].value = batch.texts_.emplace_back(std::move(text));
  }

  std::map<Key, Value> open_;
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
  Open open;
  for (const WriteOp& op : ops) {
    if (is_plain(op)) {
      open.close(op, batch);
      batch.made_.push_back(op);
    } else if (op.kind == &MemberLists::kPutList || op.kind == &ComposedValues::kPutComposed) {
      open.close(op, batch);
      if (op.kind == &MemberLists::kPutList) {
        open.open_list(op, batch.made_.size());
      } else {
        open.open_composed(op, batch.made_.size());
      }
      batch.made_.push_back({&WriteOp::kPut, op.collection, op.key});
    } else if (op.kind == &MemberLists::kEnsureList) {
      QUIPU_RETURN_IF_ERROR(open.ensure_list(op));
    } else if (op.kind == &MemberLists::kAddMember || op.kind == &MemberLists::kRemoveMember) {
      QUIPU_RETURN_IF_ERROR(open.change_list(op));
    } else if (op.kind == &ComposedValues::kPutPart || op.kind == &ComposedValues::kErasePart) {
      QUIPU_RETURN_IF_ERROR(open.change_composed(op));
    } else if (op.kind == &VectorValues::kPutVector) {
      open.close(op, batch);
      std::vector<double> elements(op.value.size() / sizeof(double));
      if (!elements.empty()) std::memcpy(elements.data(), op.value.data(), op.value.size());
      batch.add_text(op, vector_value(elements).text());
    } else {
      return Status::not_supported("this key-value store has no operation " + std::string(op.kind->name));
    }
  }
  open.close_all(batch);
  batch.plain_ = batch.made_;
  return batch;
}

}  // namespace quipu
