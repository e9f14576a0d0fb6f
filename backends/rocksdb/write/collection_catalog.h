// What is done to whole collections: list, declare, drop, compact.

#ifndef QUIPU_BACKENDS_ROCKSDB_WRITE_COLLECTION_CATALOG_H_
#define QUIPU_BACKENDS_ROCKSDB_WRITE_COLLECTION_CATALOG_H_

#include <memory>
#include <string>
#include <vector>

#include "backends/rocksdb/read/reader.h"
#include "quipu/progress.h"

namespace quipu::rocks {

Result<std::unique_ptr<KVIterator>> scan_or_nothing(const Reader& reader, const CollectionPtr& collection,
                                                    const ScanOptions& options);
Result<std::vector<CollectionInfo>> collection_infos(const Reader& reader,
                                                     const std::vector<CollectionPtr>& collections);
Result<std::vector<std::string>> declared_files(const Reader& reader);
// Whether declare_collection() has nothing to do.
bool is_declared(const CollectionPtr& known, const CollectionOptions& options);
// These may be called by whoever holds key locks.
Status declare_collection(Database& database, std::string_view name, const CollectionOptions& options);
// Adds the record of a persist file to `batch`, unless there is one.
Status add_file_record(Database& database, std::string_view persist_file, rocksdb::WriteBatch& batch)
    QUIPU_REQUIRES(database.catalog_mutex());
Status declare_file(Database& database, std::string_view persist_file);
Status ensure_index(Database& database, std::string_view name, std::string_view field);
// As BaseKVStore's. Writers wait while some are made.
Result<bool> make_codes(Database& database, std::string_view name, uint64_t at_most);
Result<bool> drop_collection(Database& database, std::string_view name);
// What has been rewritten when the work is cancelled stays so.
Status compact(Database& database, Work& work);
Result<uint64_t> disk_bytes(const Database& database);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_WRITE_COLLECTION_CATALOG_H_
