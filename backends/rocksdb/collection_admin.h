// What is done to whole collections: list, declare, drop, compact.

#ifndef QUIPU_BACKENDS_ROCKSDB_COLLECTION_ADMIN_H_
#define QUIPU_BACKENDS_ROCKSDB_COLLECTION_ADMIN_H_

#include <memory>
#include <string>
#include <vector>

#include "backends/rocksdb/reader.h"
#include "quipu/key_locks.h"

namespace quipu::rocks {

Result<std::unique_ptr<KVIterator>> scan_or_nothing(const Reader& reader, const CollectionPtr& collection,
                                                    const ScanOptions& options);
Result<std::vector<CollectionInfo>> collection_infos(const Reader& reader,
                                                     const std::vector<CollectionPtr>& collections);
Result<std::vector<std::string>> persist_files(const Reader& reader,
                                               const std::vector<CollectionPtr>& collections);
Status declare_collection(StoreCore& core, LockTable& locks, std::string_view name,
                          const CollectionOptions& options);
Result<bool> drop_collection(StoreCore& core, LockTable& locks, std::string_view name);
Status compact(StoreCore& core);
Result<uint64_t> disk_bytes(const StoreCore& core);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_COLLECTION_ADMIN_H_
