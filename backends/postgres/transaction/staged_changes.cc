#include "backends/postgres/transaction/staged_changes.h"

#include <algorithm>
#include <utility>

namespace quipu::postgres {
namespace {

// An entry that is not where the store has it.
struct Placed {
  std::string_view key;
  const StagedChanges::Change* change;
  uint64_t order;
};

class MergedIterator : public KVIterator {
 public:
  // `placed`: in the order of the scan. By key they are merged in; in insertion order they stand at the end.
  MergedIterator(std::unique_ptr<KVIterator> base, const StagedChanges::Changes& changes,
                 std::vector<Placed> placed, const ScanOptions& options)
      : base_(std::move(base)), changes_(changes), placed_(std::move(placed)), options_(options) {}

  bool next() override {
    if (options_.limit != 0 && given_ == options_.limit) return false;
    if (!started_) advance_base();
    started_ = true;
    if (take_base_) advance_base();
    take_base_ = false;
    const bool more_placed = at_ < placed_.size();
    if (!has_base_ && !more_placed) return false;
    if (!base_->status().is_ok()) return false;
    ++given_;
    if (more_placed && (!has_base_ || placed_comes_first())) {
      current_ = &placed_[at_++];
      return true;
    }
    current_ = nullptr;
    take_base_ = true;
    return true;
  }
  std::string_view key() const override { return current_ != nullptr ? current_->key : base_->key(); }
  JsonView val() const override {
    if (options_.keys_only) return {};
    if (current_ != nullptr) return JsonView::from_canonical(*current_->change->value);
    return over_ != nullptr ? JsonView::from_canonical(*over_->value) : base_->val();
  }
  std::optional<uint64_t> order() const override {
    if (options_.keys_only) return std::nullopt;
    return current_ != nullptr ? std::optional(current_->order) : base_->order();
  }
  Status status() const override { return base_->status(); }

 private:
  bool by_key() const { return options_.order == ScanOptions::Order::kKey; }
  bool placed_comes_first() const {
    if (!by_key()) return options_.reverse;
    return options_.reverse ? placed_[at_].key > base_->key() : placed_[at_].key < base_->key();
  }
  // To the next entry of the store that is still where it was.
  void advance_base() {
    while ((has_base_ = base_->next())) {
      const auto change = changes_.find(base_->key());
      over_ = change == changes_.end() ? nullptr : &change->second;
      if (over_ == nullptr || (over_->value && !over_->erased)) return;
    }
  }

  const std::unique_ptr<KVIterator> base_;
  const StagedChanges::Changes& changes_;
  const std::vector<Placed> placed_;
  const ScanOptions options_;
  bool started_ = false;
  bool has_base_ = false;
  bool take_base_ = false;  // the entry of the store has been given
  const StagedChanges::Change* over_ = nullptr;
  const Placed* current_ = nullptr;
  size_t at_ = 0;
  uint64_t given_ = 0;
};

bool in_range(std::string_view key, const ScanOptions& options) {
  return key.starts_with(options.prefix) && (!options.start || key >= *options.start) &&
         (!options.end || key < *options.end);
}

}  // namespace

void StagedChanges::stage(std::span<const WriteOp> ops) {
  for (const WriteOp& op : ops) {
    auto collection = collections_.find(op.collection);
    if (collection == collections_.end())
      collection = collections_.try_emplace(std::string(op.collection)).first;
    auto found = collection->second.find(op.key);
    const bool known = found != collection->second.end();
    if (!known) found = collection->second.try_emplace(std::string(op.key)).first;
    Change& change = found->second;
    bytes_ += op.key.size() + op.value.size();
    ++next_place_;
    if (op.kind == &WriteOp::kDelete) {
      change.value.reset();
      change.erased = true;
      continue;
    }
    if (!change.value) change.place = next_place_;
    change.value = std::string(op.value);
  }
}

const StagedChanges::Changes* StagedChanges::of(std::string_view collection) const {
  const auto found = collections_.find(collection);
  return found == collections_.end() ? nullptr : &found->second;
}

const StagedChanges::Change* StagedChanges::find(std::string_view collection, std::string_view key) const {
  const Changes* const changes = of(collection);
  if (changes == nullptr) return nullptr;
  const auto found = changes->find(key);
  return found == changes->end() ? nullptr : &found->second;
}

std::vector<WriteOp> StagedChanges::ops() const {
  struct Put {
    uint64_t place;
    WriteOp op;
  };
  std::vector<WriteOp> ops;
  std::vector<Put> puts;
  for (const auto& [collection, changes] : collections_) {
    for (const auto& [key, change] : changes) {
      if (change.erased) ops.push_back({&WriteOp::kDelete, collection, key});
      if (change.value) puts.push_back({change.place, {&WriteOp::kPut, collection, key, *change.value}});
    }
  }
  std::ranges::sort(puts, {}, &Put::place);
  for (const Put& put : puts) ops.push_back(put.op);
  return ops;
}

std::unique_ptr<KVIterator> StagedChanges::merged(std::unique_ptr<KVIterator> base, const Changes& changes,
                                                  std::span<const std::optional<uint64_t>> orders,
                                                  const ScanOptions& options) {
  std::vector<Placed> placed;
  size_t at = 0;
  for (const auto& [key, change] : changes) {
    const std::optional<uint64_t>& order = orders[at++];
    const bool stays = order.has_value() && !change.erased;
    if (change.value && !stays && in_range(key, options)) {
      placed.push_back({key, &change, order_at_end(change.place)});
    }
  }
  if (options.order == ScanOptions::Order::kInsertion) {
    std::ranges::sort(placed, {}, [](const Placed& each) { return each.order; });
  }
  if (options.reverse) std::ranges::reverse(placed);
  return std::make_unique<MergedIterator>(std::move(base), changes, std::move(placed), options);
}

}  // namespace quipu::postgres
