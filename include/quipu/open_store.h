// Stores by their address, whatever keeps them.
//
//   QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<BaseKVStore> store, open_store("./storage.quipu"));
//   QUIPU_ASSIGN_OR_RETURN(const auto a, open_contents("./storage"));
//   QUIPU_ASSIGN_OR_RETURN(const auto b, open_contents("./storage.quipu"));
//   QUIPU_RETURN_IF_ERROR(diff_stores(*a, *b, report));
//   QUIPU_RETURN_IF_ERROR(verify_contents("./storage", [](const Fault& fault) {
//     std::cerr << fault.message << '\n';
//   }));
// An address is
//   PATH, rocksdb:PATH    the database in a directory (rocksdb_kv_store.h)
//   memory:               a new store in memory (memory_kv_store.h)
//   postgresql://...      a schema of a PostgreSQL database (docs/SCALE.md): a connection URI of libpq with
//                         schema=NAME in its query; kNotSupported where Quipu was built without libpq
//   redis://HOST:PORT/    a Redis server or Redis Cluster (docs/SCALE.md); rediss: with TLS
// Thread-safety: any thread.

#ifndef QUIPU_OPEN_STORE_H_
#define QUIPU_OPEN_STORE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/kv_store.h"
#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"

namespace quipu {

struct OpenOptions {
  // A reader of what is there now, beside whoever writes (RocksDBKVStore::open_reader()).
  bool read_only = false;
  // Of a database in a directory; of a PostgreSQL schema search_memory_bytes is used, too.
  RocksDBOptions rocksdb = {};
};

// Errors: kInvalidArgument for an address that names no backend, listing those that there are; kNotSupported
// where one cannot be opened for reading only; those of the backend.
Result<std::shared_ptr<BaseKVStore>> open_store(const std::string& address, const OpenOptions& options = {});

// Whether this is written as an address, "scheme://...", and so names no path, whether or not there is a
// backend of that scheme. A scheme is a letter, then letters, digits, "+", "-" and "." (RFC 3986, 3.1), two
// characters at least; all other text is a path, colons or not.
bool is_address(std::string_view text);

// Where this is the address of a database in a directory, the directory's path; nothing for another backend.
// Errors: as open_store().
Result<std::optional<std::string>> directory_of_store(const std::string& address);

// The same for what is done with directories: `what`, such as "backups" (backup.h) or "repair" (verify.h),
// which the capabilities() of an open store tell of. Errors: kNotSupported for a backend without it.
Result<std::string> require_directory(const std::string& address, std::string_view what);

// The address for messages: without a password that it has.
std::string shown_address(const std::string& address);

// Whether open_store() would make the database, since its directory is empty or missing.
bool is_new_database(const std::string& address);

struct ContentsOptions {
  RocksDBOptions database;  // how a database is opened, the temporary one of a persist directory, too
  ImportOptions files;      // how a persist directory is read
  ProgressCallback progress = {};
  ImportReport* imported = nullptr;  // takes what reading a persist directory reports
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

// Moving between addresses, whatever is at them: a persist directory, on the disk or on another file system,
// a database, a store of any backend.
//
//   QUIPU_ASSIGN_OR_RETURN(const MigrateReport report, migrate("./storage.quipu", "./migrated"));
//   for (const MigratedCollection& each : report.collections) {
//     std::cout << each.name << ' ' << each.count << ' ' << each.sha256 << '\n';
//   }
//
// The target is empty, or is made. A source that is a persist directory is read as by an import, and
// converted where it is of an old form; a target that is one gets the files of an export. All that a database
// holds goes into another: collections, their order, indexed fields, which files it was imported from.
// Tables of vectors and of chats beside a store on a server (postgres_vector_store.h, chat_store.h) move with
// it: into a store that has such tables as they are, else as what a KVVectorStore that keeps text, or a
// KVChatStore, has of the same nodes and messages (docs/FORMAT.md). left_out names what does not move.
//
// A run that was ended, be it by kill -9, is completed by the same call again: what is in the target is
// compared and goes on from there. Until then the target has a mark (docs/FORMAT.md), and is refused as a
// source and for an export, an import and a verification. When the source has changed meanwhile, what was
// written is removed first. In the end all of the target is read again and compared with the source: entries,
// their order, SHA-256.
// Thread-safety: any; nobody else may write to the target. The source is read as it is when the call begins.
// Memory: bounded, on both sides by the budget of a database. Disk: a persist directory is first brought into
// a temporary database. Cost: the source is read twice, the target written and read once.

enum class MigrateTo {
  kByName,  // what is there; what is not yet, a database where it ends in .quipu, else a persist directory
  kPersistDir,  // a persist directory
  kDatabase,    // a database
};
// Of "persist" and "database"; an empty text is kByName. Errors: kInvalidArgument, naming both.
Result<MigrateTo> parse_migrate_to(std::string_view text);

struct MigrateOptions {
  MigrateTo to = MigrateTo::kByName;  // what the target is, unless its address names a backend
  bool dry_run = false;               // read and check all of the source and whether the target may take it
  std::string encoding = {};          // of a persist directory's files (ImportOptions)
  RocksDBOptions database = {};       // how databases are opened
  ProgressCallback progress = {};
  const FileSystem* source_files = &local_file_system();  // that persist directories are of
  const FileSystem* target_files = &local_file_system();
};

struct MigratedCollection {
  std::string name;          // of a table that has moved as it is, the table's
  std::string persist_file;  // of a table empty
  uint64_t count = 0;        // keys, or rows
  std::string sha256;        // of the entries, the same on both sides
};

struct MigrateReport {
  std::vector<MigratedCollection> collections;
  uint64_t bytes = 0;      // of keys and values
  bool was_there = false;  // the target held all of it already
  uint64_t resumed = 0;    // collections, tables or files that a run before had written whole
  ImportReport imported;   // of a source that is a persist directory: notes, warnings, what was left alone
  // What is beside the source, on its server, and does not move: a table, or of one that moves some rows or a
  // column, as in "data_other (key-value data)".
  std::vector<std::string> left_out;
};

// A store that is open already, into another one or into a persist directory. Of the options dry_run,
// progress and target_files count. Errors: kAlreadyExists for a target that holds something else;
// kNotSupported naming the collections that it cannot hold, kInvalidArgument naming entries or a table, and
// then nothing was written; kCorruption where the target, read again, is not as the source; those of reading
// and writing.
Result<MigrateReport> migrate_store(const BaseKVStore& source, BaseKVStore& target,
                                    const MigrateOptions& options = {});
Result<MigrateReport> migrate_store(const BaseKVStore& source, const std::string& persist_dir,
                                    const MigrateOptions& options = {});

// The same of addresses. Errors: also kInvalidArgument for a source that is the target, or a target that `to`
// does not fit; those of opening.
Result<MigrateReport> migrate(const std::string& source, const std::string& target,
                              const MigrateOptions& options = {});

}  // namespace quipu

#endif  // QUIPU_OPEN_STORE_H_
