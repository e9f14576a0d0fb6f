// ModelCollection: what a collection has to be: a dict with the order in which its keys were inserted.

#ifndef QUIPU_TESTS_CONFORMANCE_KV_MODEL_H_
#define QUIPU_TESTS_CONFORMANCE_KV_MODEL_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "quipu/kv_store.h"

namespace quipu::testing {

class ModelCollection {
 public:
  using Pairs = std::vector<std::pair<std::string, std::string>>;  // keys and values' text

  void put(const std::string& key, const std::string& value) {
    const auto [entry, added] = entries_.try_emplace(key, Entry{value, next_});
    if (added) {
      ++next_;
    } else {
      entry->second.value = value;
    }
  }
  bool erase(const std::string& key) { return entries_.erase(key) != 0; }
  const std::string* get(const std::string& key) const {
    const auto entry = entries_.find(key);
    return entry == entries_.end() ? nullptr : &entry->second.value;
  }
  size_t size() const { return entries_.size(); }

  // What a scan gives; the values are empty where it gives only keys.
  Pairs scan(const ScanOptions& options) const {
    std::map<uint64_t, std::string> by_place;
    Pairs pairs;
    for (const auto& [key, entry] : entries_) {
      if (!key.starts_with(options.prefix) || (options.start && key < *options.start) ||
          (options.end && key >= *options.end)) {
        continue;
      }
      by_place[entry.place] = key;
      pairs.emplace_back(key, options.keys_only ? std::string() : entry.value);
    }
    if (options.order == ScanOptions::Order::kInsertion) {
      pairs.clear();
      for (const auto& [place, key] : by_place) {
        pairs.emplace_back(key, options.keys_only ? std::string() : entries_.at(key).value);
      }
    }
    if (options.reverse) std::ranges::reverse(pairs);
    if (options.limit != 0 && pairs.size() > options.limit) pairs.resize(options.limit);
    return pairs;
  }

 private:
  struct Entry {
    std::string value;
    uint64_t place;
  };
  std::map<std::string, Entry> entries_;
  uint64_t next_ = 0;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_CONFORMANCE_KV_MODEL_H_
