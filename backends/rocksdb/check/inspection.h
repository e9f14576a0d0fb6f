// Inspection: reads the whole database and hands on whatever contradicts docs/FORMAT.md, each fault together
// with its repair.

#ifndef QUIPU_BACKENDS_ROCKSDB_CHECK_INSPECTION_H_
#define QUIPU_BACKENDS_ROCKSDB_CHECK_INSPECTION_H_

#include <functional>
#include <string>

#include "backends/rocksdb/check/repair_writer.h"
#include "backends/rocksdb/database/database.h"
#include "quipu/backend/quarantine.h"
#include "quipu/rocksdb_kv_store.h"

namespace quipu::rocks {

using RecordFault = RepairableFault<RepairWriter>;

// OK when everything could be looked at. What `take` returns ends it unless it is OK.
Status inspect(const Database& database, const std::function<Status(const RecordFault&)>& take, Work& work);

// Lists them.
Status verify(const Database& database, const std::function<void(const Fault&)>& report, Work& work);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_CHECK_INSPECTION_H_
