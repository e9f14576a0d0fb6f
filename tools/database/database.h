// Opening a database for one command.

#ifndef QUIPU_TOOLS_DATABASE_DATABASE_H_
#define QUIPU_TOOLS_DATABASE_DATABASE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "quipu/kv_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/status.h"

namespace quipu::cli {

// What every command takes.
struct CommonOptions {
  bool json = false;
  bool quiet = false;
  bool accept_lost_writes = false;
  uint64_t search_memory_bytes = RocksDBOptions().search_memory_bytes;  // of commands that search
};

enum class OpenMode {
  kReading,   // beside whoever has it open; an error when there is no database
  kExisting,  // an error when there is no database
  kCreate,    // makes one where there is nothing
};

// The work of a command on its open store: an exit code, or what went wrong.
using StoreWork = std::function<Result<int>(BaseKVStore& store)>;

// Opens the database of an address (quipu/open_store.h), does the work and closes it; reports errors on
// standard error and returns the exit code. A database that was made for a work that then failed is removed
// again.
int with_store(const std::string& address, const CommonOptions& common, OpenMode mode, const StoreWork& work);

// OK when there is something at the address, which opening it then judges.
Status check_database(const std::string& address);

// How a command opens a database that it does not make.
RocksDBOptions database_options(const CommonOptions& common);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_DATABASE_DATABASE_H_
