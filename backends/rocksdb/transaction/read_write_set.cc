#include "backends/rocksdb/transaction/read_write_set.h"

#include "backends/rocksdb/format/record.h"
#include "quipu/json.h"

namespace quipu::rocks {
namespace {

Status conflict(const std::string& what) {
  return Status::busy(what + " was changed by another writer since the transaction began; " +
                      "begin a new one and repeat what this one did");
}

}  // namespace

void ReadWriteSet::note(std::string_view collection, std::string_view key, bool written) {
  Part& noted = part(collection);
  noted.any_written |= written;
  const auto found = noted.keys.find(key);
  if (found == noted.keys.end()) {
    noted.keys.emplace(key, written);
  } else {
    found->second |= written;
  }
}

ReadWriteSet::Part& ReadWriteSet::part(std::string_view collection) {
  const auto found = parts_.find(collection);
  return found != parts_.end() ? found->second : parts_.emplace(collection, Part()).first->second;
}

Status ReadWriteSet::check(const ConflictTable& conflicts, uint64_t transaction) const {
  const auto changed = [&](Fingerprint fingerprint) {
    return conflicts.changed_since(transaction, fingerprint);
  };
  for (const auto& [collection, part] : parts_) {
    const std::string name = "collection " + Json::from_string(collection.substr(0, 200)).text();
    if (changed(schema_change_fingerprint(collection))) return conflict(name);
    if (part.whole && changed(collection_fingerprint(collection))) return conflict(name);
    for (const auto& [key, written] : part.keys) {
      if (changed(key_fingerprint(collection, key))) return conflict(describe(collection, key));
    }
    for (const std::string& value : part.values) {
      if (changed(index_fingerprint(collection, value))) return conflict("the index of " + name);
    }
  }
  return Status::ok();
}

}  // namespace quipu::rocks
