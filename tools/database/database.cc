#include "tools/database/database.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include "quipu/open_store.h"
#include "tools/terminal/exit_code.h"
#include "tools/terminal/option_names.h"
#include "tools/terminal/output.h"

namespace quipu::cli {
namespace {

namespace fs = std::filesystem;

Result<std::shared_ptr<BaseKVStore>> open(const std::string& address, const CommonOptions& common,
                                          OpenMode mode) {
  if (mode != OpenMode::kCreate) QUIPU_RETURN_IF_ERROR(check_database(address));
  OpenOptions options{.read_only = mode == OpenMode::kReading, .rocksdb = database_options(common)};
  options.rocksdb.create_if_missing = mode == OpenMode::kCreate;
  return open_store(address, options);
}

Status check_directory(const std::string& directory) {
  std::error_code error;
  const fs::file_status found = fs::status(directory, error);
  if (found.type() == fs::file_type::not_found) return Status::io_error("no such directory: " + directory);
  if (error) return Status::io_error("cannot open " + directory + ": " + error.message());
  if (!fs::is_directory(found)) return Status::io_error("not a directory: " + directory);
  if (RocksDBKVStore::is_empty_directory(directory))
    return Status::io_error("no database in " + directory + ": it is empty");
  return Status::ok();
}

}  // namespace

Status check_database(const std::string& address) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> directory, directory_of_store(address));
  return directory ? check_directory(*directory) : Status::ok();
}

RocksDBOptions database_options(const CommonOptions& common) {
  RocksDBOptions options;
  options.create_if_missing = false;
  options.accept_lost_writes = common.accept_lost_writes;
  options.search_memory_bytes = common.search_memory_bytes;
  if (!common.quiet) options.logger = [](std::string_view text) { message(with_command_options(text)); };
  return options;
}

int with_store(const std::string& address, const CommonOptions& common, OpenMode mode,
               const StoreWork& work) {
  auto store = open(address, common, mode);
  if (!store) return report_error(store.error());
  if (common.quiet && mode == OpenMode::kReading) {  // else it has been said
    if (const Status complete = (*store)->check_complete(); !complete.is_ok())
      message(with_command_options(complete.message()));
  }
  const Result<int> done = work(**store);
  const Status closed = done && *done == kExitOk ? (*store)->close() : (*store)->abandon();
  if (!done) return report_error(done.error());
  if (!closed.is_ok()) return report_error(closed);
  return *done;
}

}  // namespace quipu::cli
