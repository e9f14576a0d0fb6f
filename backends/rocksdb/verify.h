#ifndef QUIPU_BACKENDS_ROCKSDB_VERIFY_H_
#define QUIPU_BACKENDS_ROCKSDB_VERIFY_H_

#include <functional>

#include "backends/rocksdb/store_core.h"
#include "quipu/rocksdb_kv_store.h"

namespace quipu::rocks {

// Reads the whole database and reports what contradicts docs/FORMAT.md.
Status verify(const StoreCore& core, const std::function<void(const VerifyFault&)>& report);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_VERIFY_H_
