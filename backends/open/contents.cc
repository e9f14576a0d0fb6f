#include "quipu/open_store.h"

#include <stdlib.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <cerrno>
#include <utility>

#include "backends/rocksdb/files/file_util.h"

namespace quipu {
namespace {

namespace fs = boost::filesystem;

// A new database in the system's directory for temporary files, removed with this.
class Scratch {
 public:
  static Result<std::shared_ptr<Scratch>> make(RocksDBOptions options) {
    boost::system::error_code error;
    std::string path = (fs::temp_directory_path(error) / "quipu-XXXXXX").string();
    if (error) return Status::io_error("no directory for temporary files: " + error.message());
    if (::mkdtemp(path.data()) == nullptr) return rocks::disk_error("cannot make", path, errno);
    const std::shared_ptr<Scratch> scratch(new Scratch(path));
    options.create_if_missing = true;
    QUIPU_ASSIGN_OR_RETURN(scratch->store_, RocksDBKVStore::open(path, options));
    return scratch;
  }
  ~Scratch() {
    store_.reset();
    boost::system::error_code ignored;  // it is where leftovers are expected
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  RocksDBKVStore& store() const { return *store_; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  std::shared_ptr<RocksDBKVStore> store_;
};

ImportOptions with_progress(const ContentsOptions& options) {
  ImportOptions files = options.files;
  files.progress = options.progress;
  return files;
}

// One bar over the database's records and what its stores make of them.
class VerifyProgress {
 public:
  explicit VerifyProgress(const ProgressCallback& callback) : callback_(callback) {}

  ProgressCallback records() {
    if (!callback_) return {};
    return [this](const Progress& at) {
      records_ = at.bytes_total;
      return callback_({at.file, at.bytes_done, total()});
    };
  }
  Status finish(const std::string& place) const {
    return callback_ ? callback_({place, total(), total()}) : Status::ok();
  }
  ProgressCallback stores() {
    if (!callback_) return {};
    return [this](const Progress& at) {
      return callback_({at.file, std::min(records_ + at.bytes_done, total()), total()});
    };
  }

 private:
  uint64_t total() const { return records_ + records_ / 2; }

  const ProgressCallback& callback_;
  uint64_t records_ = 0;
};

Status verify_database(const BaseKVStore& store, const std::string& address,
                       const std::function<void(const Fault&)>& report, const ProgressCallback& callback) {
  VerifyProgress progress(callback);
  uint64_t faults = 0;
  const auto take = [&](const Fault& fault) {
    if (fault.severity == Severity::kFault) ++faults;
    report(fault);
  };
  QUIPU_RETURN_IF_ERROR(store.verify(take, progress.records()));
  const Status stores = verify_stores(store, take, progress.stores());
  if (stores.code() == StatusCode::kCorruption && faults != 0) {  // one of those that are listed
    take({.message = "the stores cannot be checked to the end: " + stores.message()});
  } else {
    QUIPU_RETURN_IF_ERROR(stores);
  }
  return progress.finish(shown_address(address));
}

}  // namespace

std::optional<std::string> place_of_files(const std::string& address, const FileSystem& files) {
  if (&files != &local_file_system()) return address;
  Result<std::optional<std::string>> directory = directory_of_store(address);
  if (!directory || !*directory) return std::nullopt;
  boost::system::error_code error;
  if (fs::exists(**directory + "/" + std::string(DATABASE_MARKER_FNAME), error)) return std::nullopt;
  const Result<bool> persisted = is_persist_dir(**directory, files);
  // Of another program's store the reading says what it is.
  const bool in_files = persisted ? *persisted : persisted.error().code() == StatusCode::kInvalidArgument;
  return in_files ? *std::move(directory) : std::nullopt;
}

Result<std::shared_ptr<BaseKVStore>> open_contents(const std::string& address,
                                                   const ContentsOptions& options) {
  const std::optional<std::string> place = place_of_files(address, *options.files.fs);
  if (!place) return open_store(address, {.read_only = true, .rocksdb = options.database});
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<Scratch> scratch, Scratch::make(options.database));
  QUIPU_ASSIGN_OR_RETURN(ImportReport report,
                         import_persist_dir(*place, scratch->store(), with_progress(options)));
  if (options.imported != nullptr) *options.imported = std::move(report);
  return std::shared_ptr<BaseKVStore>(scratch, &scratch->store());
}

Status verify_contents(const std::string& address, const std::function<void(const Fault&)>& report,
                       const ContentsOptions& options) {
  const std::optional<std::string> place = place_of_files(address, *options.files.fs);
  if (!place) {
    QUIPU_ASSIGN_OR_RETURN(const auto store,
                           open_store(address, {.read_only = true, .rocksdb = options.database}));
    return verify_database(*store, address, report, options.progress);
  }
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<Scratch> scratch, Scratch::make(options.database));
  return verify_persist_dir(*place, scratch->store(), report, with_progress(options));
}

}  // namespace quipu
