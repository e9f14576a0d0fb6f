// MinimalKVStore: what a user writes for a backend of his own: the reference's four methods, nothing else.

#ifndef QUIPU_TESTS_SUPPORT_MINIMAL_KV_STORE_H_
#define QUIPU_TESTS_SUPPORT_MINIMAL_KV_STORE_H_

#include <map>
#include <mutex>
#include <string>

#include "quipu/kv_store.h"
#include "quipu/ordered_map.h"

namespace quipu::testing {

class MinimalKVStore : public BaseKVStore {
 public:
  ~MinimalKVStore() override { finish_async_calls(); }

  Status put(std::string_view key, JsonView val, std::string_view collection = DEFAULT_COLLECTION) override {
    if (!val.is_object()) return Status::invalid_argument("a value is a JSON object");
    std::lock_guard lock(mutex_);
    collections_[collection].insert_or_assign(std::string(key),
                                              Json::from_canonical(std::string(val.text())));
    return Status::ok();
  }
  Result<std::optional<Json>> get(std::string_view key,
                                  std::string_view collection = DEFAULT_COLLECTION) const override {
    std::lock_guard lock(mutex_);
    const auto found = collections_.find(collection);
    if (found == collections_.end()) return std::optional<Json>();
    const auto entry = found->second.find(key);
    if (entry == found->second.end()) return std::optional<Json>();
    return std::optional<Json>(entry->second);
  }
  Result<std::vector<KVEntry>> get_all(std::string_view collection = DEFAULT_COLLECTION) const override {
    std::lock_guard lock(mutex_);
    std::vector<KVEntry> entries;
    if (const auto found = collections_.find(collection); found != collections_.end()) {
      for (const auto& [key, val] : found->second) entries.push_back({key, val});
    }
    return entries;
  }
  Result<bool> delete_(std::string_view key, std::string_view collection = DEFAULT_COLLECTION) override {
    std::lock_guard lock(mutex_);
    return collections_[collection].erase(key) != 0;
  }

 private:
  mutable std::mutex mutex_;
  OrderedMap<OrderedMap<Json>> collections_;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_MINIMAL_KV_STORE_H_
