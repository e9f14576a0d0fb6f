// Quarantine: where a repair keeps what it takes out of a store, and the repair of stores over any key-value
// store, for backends that have a repair of their own (RocksDB: repair_database() in verify.h).
//
// Thread-safety: one thread at a time.

#ifndef QUIPU_BACKEND_QUARANTINE_H_
#define QUIPU_BACKEND_QUARANTINE_H_

#include <functional>
#include <string_view>

#include "quipu/json.h"
#include "quipu/kv_store.h"
#include "quipu/progress.h"
#include "quipu/status.h"
#include "quipu/verify.h"

namespace quipu {

// Keeps what a repair takes out of a store.
class Quarantine {
 public:
  virtual ~Quarantine() = default;
  virtual Status entry(std::string_view collection, std::string_view key, JsonView value) = 0;
  // Makes all entries durable; called before any of them is removed.
  virtual Status sync() = 0;
};

// A fault, what repairing it does, and that repair: a call with what makes the changes. Without one the fault
// is a note, or cannot be repaired.
template <class Writer>
struct RepairableFault : RepairAction {
  std::function<Status(Writer&)> repair{};  // called, if at all, before the search goes on
};

// The part of repair_database() that concerns the stores over a key-value store, any: what verify_stores()
// finds. REQUIRES: nobody else writes to it.
Status repair_stores(BaseKVStore& store, Quarantine& quarantine,
                     const std::function<void(const RepairAction&)>& report,
                     const ProgressCallback& progress = {});

}  // namespace quipu

#endif  // QUIPU_BACKEND_QUARANTINE_H_
