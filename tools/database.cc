#include "tools/database.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "tools/cancel.h"
#include "tools/exit_code.h"
#include "tools/output.h"

namespace quipu::cli {
namespace {

namespace fs = std::filesystem;

// Takes away a database that this command made and could not fill. Only files of a database's own names go,
// and nothing when the directory held anything before.
class NewDatabase {
 public:
  explicit NewDatabase(const std::string& directory) : directory_(directory), vacant_(is_vacant(directory)) {
    std::error_code error;
    for (fs::path at = fs::absolute(directory_, error); !error && at.has_relative_path();
         at = at.parent_path()) {
      if (fs::exists(at, error) || error) break;
      made_.push_back(at);
    }
  }

  // REQUIRES: the database is closed.
  void remove() const {
    if (!vacant_) return;
    const std::string lock_path = (directory_ / "LOCK").string();
    const int lock = ::open(lock_path.c_str(), O_RDWR | O_CLOEXEC);
    if (lock < 0) return;
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0) {  // else somebody else has come to use it
      std::error_code ignored;
      for (const char* name : {"rocksdb", "tmp", "SESSION", "QUIPU", "QUIPU.tmp", "LOCK"}) {
        fs::remove_all(directory_ / name, ignored);
      }
      for (const fs::path& made : made_) fs::remove(made, ignored);  // only empty directories go
    }
    ::close(lock);
  }

 private:
  const fs::path directory_;
  const bool vacant_;
  std::vector<fs::path> made_;  // the directories that were missing, the innermost first
};

// OK when there is something in the directory, which open() then judges.
Status check_exists(const std::string& directory) {
  std::error_code error;
  const fs::file_status found = fs::status(directory, error);
  if (found.type() == fs::file_type::not_found) return Status::io_error("no such directory: " + directory);
  if (error) return Status::io_error("cannot open " + directory + ": " + error.message());
  if (!fs::is_directory(found)) return Status::io_error("not a directory: " + directory);
  if (is_vacant(directory)) return Status::io_error("no database in " + directory + ": it is empty");
  return Status::ok();
}

Result<std::shared_ptr<RocksDBKVStore>> open_store(const std::string& directory, const CommonOptions& common,
                                                   OpenMode mode) {
  if (mode != OpenMode::kCreate) QUIPU_RETURN_IF_ERROR(check_exists(directory));
  RocksDBOptions options;
  options.create_if_missing = mode == OpenMode::kCreate;
  options.accept_lost_writes = common.accept_lost_writes;
  if (!common.quiet) options.logger = [](std::string_view text) { message(text); };
  return mode == OpenMode::kReading ? RocksDBKVStore::open_reader(directory, options)
                                    : RocksDBKVStore::open(directory, options);
}

bool holds_anything(const RocksDBKVStore& store) {
  const auto collections = store.collections();
  return !collections || !collections->empty();
}

}  // namespace

bool is_vacant(const std::string& directory) {
  std::error_code error;
  const fs::file_status found = fs::status(directory, error);
  if (found.type() == fs::file_type::not_found) return true;
  if (!fs::is_directory(found)) return false;
  // What a database leaves that was being made when its process died counts as nothing.
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const fs::path name = at->path().filename();
    if (name != "LOCK" && name != "QUIPU.tmp") return false;
  }
  return !error;
}

int report_error(const Status& status) {
  message(status.message());
  return status == interrupted() ? kExitSignal + caught_signal() : exit_code_of(status);
}

int with_store(const std::string& directory, const CommonOptions& common, OpenMode mode,
               const StoreWork& work) {
  const NewDatabase created(directory);
  auto store = open_store(directory, common, mode);
  if (!store) {
    // While somebody else has it open it is theirs.
    if (mode == OpenMode::kCreate && store.error().code() != StatusCode::kBusy) created.remove();
    return report_error(store.error());
  }

  const Result<int> done = work(**store);
  const bool failed = !done || *done != kExitOk;
  const bool remove = failed && mode == OpenMode::kCreate && !holds_anything(**store);
  const Status closed = (*store)->close();
  store->reset();
  if (remove) created.remove();
  if (!done) return report_error(done.error());
  if (!closed.is_ok()) return report_error(closed);
  return *done;
}

}  // namespace quipu::cli
