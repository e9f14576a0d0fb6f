#include "backends/postgres/write/batch.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "quipu/backend/limits.h"
#include "quipu/json.h"

namespace quipu::postgres {
namespace {

// What becomes of one key.
struct Outcome {
  std::string_view collection;
  std::string_view key;
  const WriteOp* put = nullptr;  // null: it goes
  size_t place = 0;              // of the put that made it
  bool erased = false;           // at any time
};

struct KeyHash {
  size_t operator()(const std::pair<std::string_view, std::string_view>& key) const {
    return std::hash<std::string_view>()(key.first) * 31 + std::hash<std::string_view>()(key.second);
  }
};

}  // namespace

Status check_names(std::string_view collection, std::string_view key) {
  if (!is_text(collection)) {
    return Status::invalid_argument("collection " + Json::from_string(collection).text() +
                                    ": PostgreSQL keeps names that are UTF-8 without NUL");
  }
  if (!is_text(key)) {
    return Status::invalid_argument("key " + Json::from_string(key).text() + " of collection " +
                                    Json::from_string(collection).text() +
                                    ": PostgreSQL keeps keys that are UTF-8 without NUL");
  }
  return Status::ok();
}

Result<FinalBatch> FinalBatch::of(std::span<const WriteOp> ops) {
  FinalBatch batch;
  std::vector<Outcome> outcomes;
  outcomes.reserve(ops.size());
  std::unordered_map<std::pair<std::string_view, std::string_view>, size_t, KeyHash> places;
  places.reserve(ops.size());
  for (size_t i = 0; i < ops.size(); ++i) {
    const WriteOp& op = ops[i];
    const bool puts = op.kind == &WriteOp::kPut;
    if (puts && !JsonView::from_canonical(op.value).is_object()) {
      return Status::invalid_argument("collection " + Json::from_string(op.collection).text() + ", key " +
                                      Json::from_string(op.key).text() + ": the value is not a JSON object");
    }
    const Status names = check_names(op.collection, op.key);
    if (!names.is_ok()) {
      if (puts) return names;
      continue;  // it cannot be there
    }
    const auto [place, added] = places.try_emplace({op.collection, op.key}, outcomes.size());
    if (added) outcomes.push_back({op.collection, op.key});
    Outcome& outcome = outcomes[place->second];
    if (puts) {
      if (outcome.put == nullptr) outcome.place = i;
      outcome.put = &op;
    } else {
      outcome.put = nullptr;
      outcome.erased = true;
    }
  }
  std::ranges::stable_sort(outcomes, {}, &Outcome::place);
  for (const Outcome& outcome : outcomes) {
    Part& part = batch.parts_[Tables::table_of(outcome.collection)];
    batch.keys_.add(outcome.collection, outcome.key);
    if (batch.collections_.empty() || batch.collections_.back() != outcome.collection) {
      batch.collections_.push_back(outcome.collection);
    }
    if (outcome.erased) {
      part.erased.collections.push_back(outcome.collection);
      part.erased.keys.push_back(outcome.key);
    }
    if (outcome.put != nullptr) {
      part.put.add(outcome.collection, outcome.key, outcome.put->value);
      if (std::ranges::find(batch.put_collections_, outcome.collection) == batch.put_collections_.end()) {
        batch.put_collections_.push_back(outcome.collection);
      }
    }
  }
  std::ranges::sort(batch.collections_);
  batch.collections_.erase(std::unique(batch.collections_.begin(), batch.collections_.end()),
                           batch.collections_.end());
  return batch;
}

}  // namespace quipu::postgres
