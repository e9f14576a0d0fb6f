#include "backends/rocksdb/database/insert_hint.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "backends/rocksdb/format/record.h"

namespace quipu::rocks {
namespace {

// How many of a key's first bytes keys with one hint have in common; nothing for a key outside the domain.
using SharedBytes = std::optional<size_t> (*)(std::string_view key);

thread_local bool many_inserts = false;

class InsertHint : public rocksdb::SliceTransform {
 public:
  InsertHint(const char* name, SharedBytes shared_bytes) : name_(name), shared_bytes_(shared_bytes) {}

  const char* Name() const override { return name_; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override {
    return {key.data(), many_inserts ? 0 : shared_bytes_(key.ToStringView()).value_or(0)};
  }
  bool InDomain(const rocksdb::Slice& key) const override {
    return shared_bytes_(key.ToStringView()).has_value();
  }

 private:
  const char* const name_;
  const SharedBytes shared_bytes_;
};

// Two bytes are some hundred hints at most where keys are ids at random, and one where they begin alike. What
// stands before the first string of a JSON array, as keys of triplets are, tells nothing.
size_t first_bytes(std::string_view key) {
  constexpr size_t kBytes = 2;
  constexpr std::string_view kArray = "[\"";
  return std::min(key.size(), kBytes + (key.starts_with(kArray) ? kArray.size() : 0));
}

std::optional<size_t> any(std::string_view key) { return first_bytes(key); }

std::optional<size_t> behind_collection(std::string_view key) {
  constexpr size_t kCollection = sizeof(uint32_t);
  if (key.size() <= kCollection) return std::nullopt;
  return kCollection + first_bytes(key.substr(kCollection));
}

std::optional<size_t> behind_list(std::string_view key) {
  std::string_view rest = key;
  uint32_t collection = 0;
  std::string_view list;
  if (!take_u32(rest, collection) || !take_bytes(rest, list) || rest.empty()) return std::nullopt;
  return static_cast<size_t>(list.data() - key.data()) + first_bytes(list);
}

std::optional<size_t> count(std::string_view key) {
  return key.starts_with('c') ? std::optional(key.size()) : std::nullopt;
}

}  // namespace

ManyInserts::ManyInserts(uint64_t count) : before_(many_inserts) {
  constexpr uint64_t kMany = 200;
  many_inserts = count > kMany;
}

ManyInserts::~ManyInserts() { many_inserts = before_; }

std::shared_ptr<const rocksdb::SliceTransform> hint_for_all_keys() {
  return std::make_shared<InsertHint>("quipu.HintForAllKeys", any);
}

std::shared_ptr<const rocksdb::SliceTransform> hint_behind_collection() {
  return std::make_shared<InsertHint>("quipu.HintBehindCollection", behind_collection);
}

std::shared_ptr<const rocksdb::SliceTransform> hint_behind_list() {
  return std::make_shared<InsertHint>("quipu.HintBehindList", behind_list);
}

std::shared_ptr<const rocksdb::SliceTransform> hint_for_counts() {
  return std::make_shared<InsertHint>("quipu.HintForCounts", count);
}

}  // namespace quipu::rocks
