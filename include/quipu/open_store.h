// Stores by their address, whatever keeps them.
//
//   QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<BaseKVStore> store, open_store("./storage.quipu"));
//   QUIPU_ASSIGN_OR_RETURN(const auto a, open_contents("./storage"));
//   QUIPU_ASSIGN_OR_RETURN(const auto b, open_contents("./storage.quipu"));
//   QUIPU_RETURN_IF_ERROR(diff_stores(*a, *b, report));
//   QUIPU_RETURN_IF_ERROR(verify_contents("./storage", [](const Fault& fault) {
//     std::cerr << fault.message << '\n';
//   }));
//
// An address is
//   PATH, rocksdb:PATH    the database in a directory (rocksdb_kv_store.h)
//   memory:               a new store in memory (memory_kv_store.h)
// Thread-safety: any thread.

#ifndef QUIPU_OPEN_STORE_H_
#define QUIPU_OPEN_STORE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "quipu/kv_store.h"
#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"

namespace quipu {

struct OpenOptions {
  // A reader of what is there now, beside whoever writes (RocksDBKVStore::open_reader()).
  bool read_only = false;
  RocksDBOptions rocksdb = {};  // of a database in a directory
};

// Errors: kInvalidArgument for an address that names no backend, listing those that there are; kNotSupported
// where one cannot be opened for reading only; those of the backend.
Result<std::shared_ptr<BaseKVStore>> open_store(const std::string& address, const OpenOptions& options = {});

// Where this is the address of a database in a directory, the directory's path; nothing for another backend.
// Errors: as open_store().
Result<std::optional<std::string>> directory_of_store(const std::string& address);

// The same for what is done with directories: `what`, such as "backups" (backup.h) or "repair" (verify.h),
// which the capabilities() of an open store tell of. Errors: kNotSupported for a backend without it.
Result<std::string> require_directory(const std::string& address, std::string_view what);

// Whether open_store() would make the database, since its directory is empty or missing.
bool is_new_database(const std::string& address);

struct ContentsOptions {
  RocksDBOptions database;  // how a database is opened
  ImportOptions files;      // how a persist directory is read
  ProgressCallback progress = {};
};

// Where this is read as a persist directory, not as a database, its place, as import_persist_dir() takes it:
// of what is not on the disk, and of a directory that holds persist files (is_persist_dir()) and no database.
// Nothing of all else.
std::optional<std::string> place_of_files(const std::string& address,
                                          const FileSystem& fs = local_file_system());

// A store to be compared with another: a database is opened as a reader, so it may be in use; a persist
// directory is read into a database in the system's directory for temporary files, which goes with the store.
// Closed when it goes. Errors: those of open_store() and import_persist_dir().
Result<std::shared_ptr<BaseKVStore>> open_contents(const std::string& address,
                                                   const ContentsOptions& options = {});

// Reports each fault of a database (BaseKVStore::verify(), verify_stores()), without file, line and byte, or
// of a persist directory (verify_persist_dir()). With `progress`, `report` may be called from another thread.
// Errors: those of open_store() and verify_persist_dir().
Status verify_contents(const std::string& address, const std::function<void(const Fault&)>& report,
                       const ContentsOptions& options = {});

}  // namespace quipu

#endif  // QUIPU_OPEN_STORE_H_
