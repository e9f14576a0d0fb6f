#include "backends/rocksdb/database/conflict_table.h"

#include <functional>

namespace quipu::rocks {
namespace {

constexpr uint64_t kKey = 1;
constexpr uint64_t kIndex = 2;
constexpr uint64_t kCollection = 3;
constexpr uint64_t kSchemaChange = 4;

// The finaliser of MurmurHash3: every bit of the input changes half of the output's.
uint64_t mix(uint64_t hash) {
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53ULL;
  return hash ^ (hash >> 33);
}

Fingerprint fingerprint(uint64_t kind, std::string_view collection, std::string_view what) {
  const std::hash<std::string_view> hash;
  return mix(mix(hash(collection) + kind) + hash(what));
}

}  // namespace

Fingerprint key_fingerprint(std::string_view collection, std::string_view key) {
  return fingerprint(kKey, collection, key);
}
Fingerprint index_fingerprint(std::string_view collection, std::string_view value) {
  return fingerprint(kIndex, collection, value);
}
Fingerprint collection_fingerprint(std::string_view collection) {
  return fingerprint(kCollection, collection, {});
}
Fingerprint schema_change_fingerprint(std::string_view collection) {
  return fingerprint(kSchemaChange, collection, {});
}

uint64_t ConflictTable::begin() {
  const MutexLock lock(mutex_);
  open_.insert(++time_);
  ++open_count_;
  return time_;
}

void ConflictTable::end(uint64_t transaction) {
  const MutexLock lock(mutex_);
  open_.erase(open_.find(transaction));
  --open_count_;
  if (open_.empty()) changed_at_.clear();
}

// A change at a time concerns the transactions that began at that time or before it.
void ConflictTable::record(std::span<const Fingerprint> changed) {
  const MutexLock lock(mutex_);
  if (open_.empty()) return;
  if (changed_at_.size() + changed.size() > kMaxFingerprints) forget_older_than(*open_.begin());
  if (changed_at_.size() + changed.size() > kMaxFingerprints) {
    changed_at_.clear();
    complete_since_ = time_ + 1;
    return;
  }
  for (const Fingerprint fingerprint : changed) changed_at_[fingerprint] = time_;
}

bool ConflictTable::changed_since(uint64_t transaction, Fingerprint fingerprint) const {
  const MutexLock lock(mutex_);
  if (transaction < complete_since_) return true;
  const auto found = changed_at_.find(fingerprint);
  return found != changed_at_.end() && found->second >= transaction;
}

void ConflictTable::forget_older_than(uint64_t time) {
  std::erase_if(changed_at_, [&](const auto& entry) { return entry.second < time; });
}

void ConflictTable::record_schema_change(std::string_view collection) {
  const Fingerprint fingerprint = schema_change_fingerprint(collection);
  record({&fingerprint, 1});
}

}  // namespace quipu::rocks
