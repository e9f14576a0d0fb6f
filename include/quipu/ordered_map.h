// OrderedMap: a map from strings that iterates in insertion order, as a Python dict does.
//
// Overwriting keeps a key's place; erasing and inserting again moves it to the end. References and iterators
// stay valid until their own key is erased. Thread-safety: as a standard container.

#ifndef QUIPU_ORDERED_MAP_H_
#define QUIPU_ORDERED_MAP_H_

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace quipu {

template <class Value>
class OrderedMap {
 public:
  using value_type = std::pair<const std::string, Value>;
  using iterator = typename std::list<value_type>::iterator;
  using const_iterator = typename std::list<value_type>::const_iterator;

  OrderedMap() = default;
  OrderedMap(const OrderedMap& other) : entries_(other.entries_) { index_all(); }
  OrderedMap& operator=(const OrderedMap& other) {
    if (this != &other) {
      places_.clear();
      entries_.assign(other.entries_.begin(), other.entries_.end());
      index_all();
    }
    return *this;
  }
  OrderedMap(OrderedMap&&) noexcept = default;
  OrderedMap& operator=(OrderedMap&&) noexcept = default;

  iterator begin() { return entries_.begin(); }
  iterator end() { return entries_.end(); }
  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }
  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }

  iterator find(std::string_view key) {
    const auto place = places_.find(key);
    return place == places_.end() ? entries_.end() : place->second;
  }
  const_iterator find(std::string_view key) const {
    const auto place = places_.find(key);
    return place == places_.end() ? entries_.end() : const_iterator(place->second);
  }

  void insert_or_assign(std::string key, Value value) {
    if (const auto found = find(key); found != end()) {
      found->second = std::move(value);
      return;
    }
    entries_.emplace_back(std::move(key), std::move(value));
    places_.emplace(entries_.back().first, std::prev(entries_.end()));
  }

  // The value under `key`, made by default when absent.
  Value& operator[](std::string_view key) {
    if (const auto found = find(key); found != end()) return found->second;
    insert_or_assign(std::string(key), Value());
    return entries_.back().second;
  }

  // The number of entries removed, 0 or 1.
  size_t erase(std::string_view key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return 0;
    const iterator entry = place->second;
    places_.erase(place);  // first: its key is a view of the entry's
    entries_.erase(entry);
    return 1;
  }

 private:
  void index_all() {
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry)
      places_.emplace(entry->first, entry);
  }

  std::list<value_type> entries_;
  std::unordered_map<std::string_view, iterator> places_;
};

}  // namespace quipu

#endif  // QUIPU_ORDERED_MAP_H_
