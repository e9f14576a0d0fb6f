#include "engine/stores/partitions/filtered_rows.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <variant>

#include "engine/vectors/filters/filter_run.h"
#include "engine/vectors/vector_search.h"
#include "quipu/backend/features.h"
#include "quipu/backend/vector_codes.h"

namespace quipu {
namespace {

constexpr size_t kRemembered = 16;
constexpr size_t kReadAtOnce = 1024;
// Where more vectors than one of so many have metadata, reading the rows of all codes tells their orders
// faster than looking each up.
constexpr uint64_t kPartLookedUp = 8;

// The orders of all vectors, for keys that are asked for in ascending order: a table of all would be searched
// anywhere in memory.
class KeyOrders {
 public:
  static Result<KeyOrders> read(const CodeReader& codes) {
    KeyOrders all;
    QUIPU_RETURN_IF_ERROR(codes.scan_rows([&](const CodeRow& row) {
      all.places_.push_back({0, row.order, all.keys_.size(), row.key.size()});
      all.keys_ += row.key;
      return Status::ok();
    }));
    all.sort();
    return all;
  }
  std::optional<uint64_t> next(std::string_view key) {
    while (at_ < places_.size() && key_of(places_[at_]) < key) ++at_;
    return at_ < places_.size() && key_of(places_[at_]) == key ? std::optional(places_[at_].order)
                                                               : std::nullopt;
  }

 private:
  struct Place {
    uint64_t beginning;  // of the key, behind what all have in common, the first byte the highest
    uint64_t order;
    size_t begin;
    size_t size;
  };

  std::string_view key_of(const Place& place) const {
    return std::string_view(keys_).substr(place.begin, place.size);
  }
  void sort() {
    size_t common = places_.empty() ? 0 : places_.front().size;
    for (const Place& place : places_) {
      const std::string_view key = key_of(place);
      const std::string_view first = key_of(places_.front());
      size_t same = 0;
      while (same < std::min(common, key.size()) && key[same] == first[same]) ++same;
      common = same;
    }
    for (Place& place : places_) {
      const std::string_view key = key_of(place).substr(common);
      for (size_t i = 0; i < sizeof(uint64_t); ++i) {
        place.beginning = place.beginning << 8 | (i < key.size() ? static_cast<uint8_t>(key[i]) : 0);
      }
    }
    std::ranges::sort(places_, [this](const Place& a, const Place& b) {
      return a.beginning != b.beginning ? a.beginning < b.beginning : key_of(a) < key_of(b);
    });
  }

  std::string keys_;
  std::vector<Place> places_;
  size_t at_ = 0;
};

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
  return (orders_.size() + bits_.size()) * sizeof(uint64_t) + (rows_ ? rows_->rows.memory_bytes() : 0);
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
  QUIPU_ASSIGN_OR_RETURN(const uint64_t with_metadata, store.count(collections.metadata));
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<CodeReader> codes,
                         store.vector_values().codes(collections.embeddings));
  const bool of_most = codes && with_metadata * kPartLookedUp > codes->count();
  const auto for_each = [&](const std::function<void(uint32_t, JsonView)>& use) -> Status {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan({}, collections.metadata));
    if (of_most) {
      QUIPU_ASSIGN_OR_RETURN(KeyOrders orders, KeyOrders::read(*codes));
      while (it->next()) {
        if (const std::optional<uint64_t> order = orders.next(it->key())) use(row_of(*order), it->val());
      }
      return it->status();
    }
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
