// What a database or a persist directory holds, for those who look at either: to compare them, to check them.
//
//   QUIPU_ASSIGN_OR_RETURN(const auto a, open_contents("./storage"));
//   QUIPU_ASSIGN_OR_RETURN(const auto b, open_contents("./storage.quipu"));
//   QUIPU_RETURN_IF_ERROR(diff_stores(*a, *b, report));
//   QUIPU_RETURN_IF_ERROR(verify_contents("./storage", [](const Fault& fault) {
//     std::cerr << fault.message << '\n';
//   }));
//
// Thread-safety: any thread. A database is opened as a reader, so it may be in use; a persist directory is
// read into a database in the system's directory for temporary files, which goes with the store. Errors:
// those of RocksDBKVStore::open_reader(), import_persist_dir() and verify_persist_dir().

#ifndef QUIPU_OPEN_STORE_H_
#define QUIPU_OPEN_STORE_H_

#include <functional>
#include <memory>
#include <string>

#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"

namespace quipu {

struct ContentsOptions {
  RocksDBOptions database;  // how a database is opened
  ImportOptions files;      // how a persist directory is read
  ProgressCallback progress = {};
};

// Whether this is read as a persist directory, not as a database: what is not on the disk, and a directory
// that holds persist files (is_persist_dir()) and no database.
bool holds_files(const std::string& place, const FileSystem& fs = local_file_system());

// Closed when it goes.
Result<std::shared_ptr<RocksDBKVStore>> open_contents(const std::string& place,
                                                      const ContentsOptions& options = {});

// Reports each fault of a database (RocksDBKVStore::verify(), verify_stores()), without file, line and byte,
// or of a persist directory (verify_persist_dir()). With `progress`, `report` may be called from another
// thread.
Status verify_contents(const std::string& place, const std::function<void(const Fault&)>& report,
                       const ContentsOptions& options = {});

}  // namespace quipu

#endif  // QUIPU_OPEN_STORE_H_
