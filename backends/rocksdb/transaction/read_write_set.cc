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
    for (const std::string& key : part.keys) {
      if (changed(key_fingerprint(collection, key))) return conflict(describe(collection, key));
    }
    for (const std::string& value : part.values) {
      if (changed(index_fingerprint(collection, value))) return conflict("the index of " + name);
    }
  }
  return Status::ok();
}

}  // namespace quipu::rocks
