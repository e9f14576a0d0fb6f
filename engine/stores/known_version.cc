#include "engine/stores/known_version.h"

#include <algorithm>

namespace quipu {

Result<KnownVersion::Version> KnownVersion::read(const BaseKVStore& store) const {
  return store.change_version(names_);
}

Status KnownVersion::begin(const BaseKVStore& store) {
  QUIPU_ASSIGN_OR_RETURN(known_, read(store));
  return Status::ok();
}

Result<bool> KnownVersion::is_current(const BaseKVStore& store) const {
  QUIPU_ASSIGN_OR_RETURN(const Version now, read(store));
  return now == known_;
}

bool KnownVersion::follow(const BaseKVStore& store, const WriteBatch& batch, Version before) {
  const Result<Version> now = read(store);
  if (!now) return false;
  if (*now == known_) return true;  // also: nobody else can write
  if (!*now || !before || known_ != before || **now != *before + changed_by(batch)) return false;
  known_ = *now;
  return true;
}

uint64_t KnownVersion::changed_by(const WriteBatch& batch) const {
  return static_cast<uint64_t>(std::ranges::count_if(names_, [&](std::string_view collection) {
    return std::ranges::any_of(batch.ops(), [&](const WriteOp& op) { return op.collection == collection; });
  }));
}

}  // namespace quipu
