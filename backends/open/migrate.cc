// migrate(): the addresses opened, the rest is the engine's.

#include <boost/filesystem.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "quipu/open_store.h"
#include "quipu/rocksdb_kv_store.h"

namespace quipu {
namespace {

namespace fs = boost::filesystem;
constexpr std::string_view kDatabaseEnding = ".quipu";

// What the target is: a persist directory, or a store by its address.
struct Target {
  bool is_persist_dir = false;
  std::string place;                     // the directory, or the address
  std::optional<std::string> directory;  // on the disk
};

bool is_local(const FileSystem& files) { return &files == &local_file_system(); }

bool is_database(const std::string& directory) {
  boost::system::error_code error;
  return fs::exists(directory + "/" + std::string(DATABASE_MARKER_FNAME), error);
}

bool is_called_database(std::string_view directory) {
  while (directory.ends_with('/')) directory.remove_suffix(1);
  return directory.ends_with(kDatabaseEnding);
}

Result<Target> find_target(const std::string& address, const MigrateOptions& options) {
  if (!is_local(*options.target_files)) {
    if (options.to == MigrateTo::kDatabase) {
      return Status::invalid_argument(shown_address(address) +
                                      ": a database is on the disk, or in a backend of its own");
    }
    return Target{true, address, {}};
  }
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> directory, directory_of_store(address));
  const bool names_backend = !directory || *directory != address;
  if (names_backend && options.to == MigrateTo::kPersistDir) {
    return Status::invalid_argument(shown_address(address) +
                                    " is the address of a store, not of a persist directory");
  }
  if (names_backend) return Target{false, address, directory};
  bool persist_dir = options.to == MigrateTo::kPersistDir;
  if (options.to == MigrateTo::kByName) {
    persist_dir = !is_database(*directory) && !is_called_database(*directory);
  }
  return Target{persist_dir, *directory, directory};
}

Status check_not_source(const std::string& source, const Target& target, const MigrateOptions& options) {
  const Status same =
      Status::invalid_argument("the source of the migration is its target: " + shown_address(source));
  if (source == target.place) return same;
  if (!target.directory || !is_local(*options.source_files)) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> directory, directory_of_store(source));
  boost::system::error_code error;
  return directory && fs::equivalent(*directory, *target.directory, error) ? same : Status::ok();
}

// A target that was made for a migration that then failed before it wrote anything goes again.
Result<MigrateReport> migrate_to_store(const BaseKVStore& source, const Target& target,
                                       const MigrateOptions& options) {
  if (options.dry_run && target.directory && is_new_database(target.place)) {
    const std::shared_ptr<BaseKVStore> nothing = *open_store("memory:");
    return migrate_store(source, *nothing, options);
  }
  // Of a server nothing is made by opening it, and a schema that is not there is a target like any other.
  OpenOptions open{.read_only = options.dry_run && target.directory, .rocksdb = options.database};
  open.rocksdb.create_if_missing = true;
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<BaseKVStore> store, open_store(target.place, open));
  Result<MigrateReport> report = migrate_store(source, *store, options);
  const Status closed = report ? store->close() : store->abandon();
  if (report && !closed.is_ok()) return closed;
  return report;
}

}  // namespace

Result<MigrateTo> parse_migrate_to(std::string_view text) {
  if (text.empty()) return MigrateTo::kByName;
  if (text == "persist") return MigrateTo::kPersistDir;
  if (text == "database") return MigrateTo::kDatabase;
  return Status::invalid_argument("to: 'persist' or 'database' is wanted, not '" + std::string(text) + "'");
}

Result<MigrateReport> migrate(const std::string& source, const std::string& target,
                              const MigrateOptions& options) {
  QUIPU_ASSIGN_OR_RETURN(const Target found, find_target(target, options));
  QUIPU_RETURN_IF_ERROR(check_not_source(source, found, options));
  ImportReport imported;
  ContentsOptions contents;
  contents.database = options.database;
  contents.progress = options.progress;
  contents.imported = &imported;
  contents.files.fs = options.source_files;
  contents.files.encoding = options.encoding;
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<BaseKVStore> store, open_contents(source, contents));
  QUIPU_ASSIGN_OR_RETURN(MigrateReport report, found.is_persist_dir
                                                   ? migrate_store(*store, found.place, options)
                                                   : migrate_to_store(*store, found, options));
  report.imported = std::move(imported);
  return report;
}

}  // namespace quipu
