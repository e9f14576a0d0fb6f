// Scans over the pages of a collection.

#ifndef QUIPU_BACKENDS_REDIS_SCANNER_H_
#define QUIPU_BACKENDS_REDIS_SCANNER_H_

#include <memory>
#include <vector>

#include "backends/redis/pages.h"
#include "quipu/kv_store.h"

namespace quipu::redis {

Result<std::vector<KVEntry>> all_of(const Pages& pages);
Result<std::unique_ptr<KVIterator>> scan_of(Pages pages, const ScanOptions& options);

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_SCANNER_H_
