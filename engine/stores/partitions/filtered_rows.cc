#include "engine/stores/partitions/filtered_rows.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <variant>

#include "engine/vectors/filters/filter_run.h"
#include "engine/vectors/vector_search.h"

namespace quipu {
namespace {

constexpr size_t kRemembered = 16;
constexpr size_t kReadAtOnce = 1024;

// Nothing where filters are nested, which fails.
std::optional<std::string> text_of(const MetadataFilters& filters) {
  std::string text = std::to_string(static_cast<int>(filters.condition.value_or(FilterCondition::AND)));
  for (const auto& each : filters.filters) {
    const auto* const filter = std::get_if<MetadataFilter>(&each);
    if (filter == nullptr) return std::nullopt;
    text += Json::from_string(filter->key).text();
    text += std::to_string(static_cast<int>(filter->op));
    text += filter->value.text();
  }
  return text;
}

}  // namespace

FilteredRows::Passing::Passing(std::vector<uint64_t> orders) : orders_(std::move(orders)) {
  constexpr uint64_t kWordsAVector = 4;
  if (orders_.empty()) return;
  const uint64_t words = (orders_.back() - orders_.front()) / 64 + 1;
  if (words > kWordsAVector * orders_.size()) return;
  bits_.resize(words);
  for (const uint64_t order : orders_) {
    const uint64_t at = order - orders_.front();
    bits_[at / 64] |= uint64_t{1} << (at % 64);
  }
}

bool FilteredRows::Passing::contains(uint64_t order) const {
  if (orders_.empty() || order < orders_.front() || order > orders_.back()) return false;
  if (bits_.empty()) return std::ranges::binary_search(orders_, order);
  const uint64_t at = order - orders_.front();
  return (bits_[at / 64] >> (at % 64) & 1) != 0;
}

size_t FilteredRows::Passing::memory_bytes() const {
  const std::lock_guard lock(mutex_);
  return (orders_.size() + bits_.size()) * sizeof(uint64_t) + (rows_ ? rows_->memory_bytes() : 0);
}

bool FilteredRows::knows(const MetadataFilters& filters) const {
  return keys_without_column(filters, columns_).empty();
}

uint32_t FilteredRows::row_of(uint64_t order) {
  const auto [place, added] = rows_.try_emplace(order, static_cast<uint32_t>(orders_.size()));
  if (added) orders_.push_back(order);
  return place->second;
}

Status FilteredRows::learn(const BaseKVStore& store, const VectorCollections& collections,
                           const MetadataFilters& filters) {
  recent_.clear();
  const auto for_each = [&](const std::function<void(uint32_t, JsonView)>& use) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan({}, collections.metadata));
    std::vector<std::pair<std::string, Json>> some;
    for (bool more = true; more;) {
      more = it->next();
      if (more) some.emplace_back(it->key(), Json::from_canonical(std::string(it->val().text())));
      if (more && some.size() < kReadAtOnce) continue;
      std::vector<std::string_view> ids;
      for (const auto& [id, metadata] : some) ids.push_back(id);
      QUIPU_ASSIGN_OR_RETURN(const auto orders, store.insertion_order(ids, collections.embeddings));
      for (size_t i = 0; i < some.size(); ++i) {
        if (orders[i]) use(row_of(*orders[i]), some[i].second);
      }
      some.clear();
    }
    return it->status();
  };
  return columns_.make(keys_without_column(filters, columns_), orders_.size(), for_each);
}

void FilteredRows::put(uint64_t order, JsonView metadata) {
  recent_.clear();
  columns_.set(row_of(order), metadata);
}

void FilteredRows::erase(uint64_t order) {
  const auto found = rows_.find(order);
  if (found == rows_.end()) return;
  recent_.clear();
  columns_.forget(found->second);
  orders_[found->second] = kGone;
  rows_.erase(found);
}

size_t FilteredRows::memory_bytes() const {
  constexpr size_t kOfAVector = 48;
  size_t bytes = rows_.size() * kOfAVector + orders_.capacity() * sizeof(uint64_t) + columns_.memory_bytes();
  const std::lock_guard lock(mutex_);
  for (const auto& [text, passing] : recent_) bytes += passing->memory_bytes();
  return bytes;
}

std::shared_ptr<const FilteredRows::Passing> FilteredRows::select(const MetadataFilters& filters) const {
  FilterRun run(filters, columns_);
  std::vector<uint32_t> passing;
  std::vector<uint32_t> unsure;
  run.select(orders_.size(), passing, unsure);
  const auto is_there = [this](uint32_t row) { return orders_[row] != kGone; };
  if (std::ranges::any_of(unsure, is_there)) return nullptr;
  std::vector<uint64_t> orders;
  for (const uint32_t row : passing) {
    if (is_there(row)) orders.push_back(orders_[row]);
  }
  std::ranges::sort(orders);
  return std::make_shared<const Passing>(std::move(orders));
}

std::shared_ptr<const FilteredRows::Passing> FilteredRows::passing(const MetadataFilters& filters) const {
  const std::optional<std::string> text = text_of(filters);
  if (!text) return nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(recent_, *text, [](const auto& each) { return each.first; });
    if (found != recent_.end()) {
      recent_.splice(recent_.begin(), recent_, found);
      return recent_.front().second;
    }
  }
  std::shared_ptr<const Passing> selected = select(filters);
  if (!selected) return nullptr;
  const std::lock_guard lock(mutex_);
  recent_.emplace_front(*text, selected);
  if (recent_.size() > kRemembered) recent_.pop_back();
  return selected;
}

}  // namespace quipu
