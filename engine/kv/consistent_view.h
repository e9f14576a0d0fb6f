// Reading several collections of a store as they were at one moment.

#ifndef QUIPU_ENGINE_KV_CONSISTENT_VIEW_H_
#define QUIPU_ENGINE_KV_CONSISTENT_VIEW_H_

#include <memory>
#include <type_traits>

#include "quipu/kv_store.h"

namespace quipu {

// What `read`, which returns a Status or a Result, gives of a snapshot of the store, or where it has none of
// the store itself.
template <class Read>
std::invoke_result_t<Read, const KVReader&> read_consistent_view(const BaseKVStore& store, const Read& read) {
  if (!store.capabilities().snapshots) return read(static_cast<const KVReader&>(store));
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVReader> snapshot, store.snapshot());
  return read(*snapshot);
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_KV_CONSISTENT_VIEW_H_
