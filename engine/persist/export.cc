#include <algorithm>
#include <boost/filesystem.hpp>
#include <memory>

#include "engine/persist/file_exporter.h"
#include "engine/persist/file_name.h"
#include "quipu/persist_dir.h"

namespace quipu {
namespace {

namespace fs = boost::filesystem;

constexpr uint64_t kEntriesBetweenProgress = 4096;

// Reports bytes as they are written; the total is estimated from the entries still to come.
class ExportProgress {
 public:
  ExportProgress(const ProgressCallback& callback, uint64_t entries_total)
      : callback_(callback), entries_total_(entries_total) {}

  Status entry_done(std::string_view file, uint64_t file_bytes) {
    ++entries_;
    if (!callback_ || entries_ % kEntriesBetweenProgress != 0) return Status::ok();
    const uint64_t done = bytes_before_ + file_bytes;
    const double total =
        static_cast<double>(done) * static_cast<double>(entries_total_) / static_cast<double>(entries_);
    return callback_({file, done, static_cast<uint64_t>(total)});
  }
  void file_done(uint64_t bytes) { bytes_before_ += bytes; }

 private:
  const ProgressCallback& callback_;
  const uint64_t entries_total_;
  uint64_t entries_ = 0;
  uint64_t bytes_before_ = 0;
};

Result<FileReport> write_file(const KVReader& store, const std::string& name, const FileExporter& exporter,
                              const std::vector<std::string>& collections, AtomicFile& file,
                              ExportProgress& progress) {
  FileReport report{name, 0, {}};
  const auto entry_done = [&](uint64_t bytes) { return progress.entry_done(name, bytes); };
  QUIPU_RETURN_IF_ERROR(exporter.write(store, collections, file, entry_done, report));
  report.bytes = file.bytes_written();
  progress.file_done(report.bytes);
  return report;
}

struct FilePlan {
  std::string name;
  std::vector<std::string> collections;
};

// Which collections go into which file.
Result<std::vector<FilePlan>> plan_files(const KVReader& store, uint64_t& entries_total) {
  std::vector<FilePlan> plans;
  const auto plan_of = [&](std::string_view name) -> FilePlan& {
    for (FilePlan& plan : plans) {
      if (plan.name == name) return plan;
    }
    return plans.emplace_back(FilePlan{std::string(name), {}});
  };
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::string> names, store.persist_files());
  for (const std::string& name : names) plan_of(name);
  QUIPU_ASSIGN_OR_RETURN(std::vector<CollectionInfo> infos, store.collections());
  for (CollectionInfo& info : infos) {
    entries_total += info.count;
    const bool claimed = !info.persist_file.empty();
    plan_of(claimed ? std::string_view(info.persist_file) : KVSTORE_PERSIST_FNAME)
        .collections.push_back(std::move(info.name));
  }
  const auto has = [&](std::string_view name) {
    return std::ranges::count(plans, name, &FilePlan::name) != 0;
  };
  if (has(DOCSTORE_PERSIST_FNAME)) plan_of(INDEX_STORE_PERSIST_FNAME);
  if (has(INDEX_STORE_PERSIST_FNAME)) plan_of(DOCSTORE_PERSIST_FNAME);
  for (const FilePlan& plan : plans) QUIPU_RETURN_IF_ERROR(check_file_name(plan.name));
  return plans;
}

// The directory to export into; one that was made for a failed export goes again.
class TargetDirectory {
 public:
  ~TargetDirectory() {
    boost::system::error_code ignored;  // only an empty directory can be removed, and only ours is tried
    if (made_ && !keep_) fs::remove(path_, ignored);
  }
  Status prepare(const std::string& path, bool force) {
    path_ = path;
    boost::system::error_code error;
    made_ = fs::create_directories(path_, error);
    if (error) return Status::io_error("cannot make directory " + path + ": " + error.message());
    const bool empty = fs::is_empty(path_, error);
    if (error) return Status::io_error("cannot read directory " + path + ": " + error.message());
    if (!empty && !force) return Status::already_exists("the directory " + path + " is not empty");
    return Status::ok();
  }
  void keep() { keep_ = true; }

 private:
  fs::path path_;
  bool made_ = false;
  bool keep_ = false;
};

}  // namespace

Result<ExportReport> export_persist_dir(const BaseKVStore& store, const std::string& directory,
                                        const ExportOptions& options) {
  std::unique_ptr<KVReader> snapshot;
  if (store.capabilities().snapshots) {
    QUIPU_ASSIGN_OR_RETURN(snapshot, store.snapshot());
  }
  const KVReader& state = snapshot ? *snapshot : static_cast<const KVReader&>(store);
  uint64_t entries_total = 0;
  QUIPU_ASSIGN_OR_RETURN(std::vector<FilePlan> plans, plan_files(state, entries_total));
  TargetDirectory target;
  QUIPU_RETURN_IF_ERROR(target.prepare(directory, options.force));

  ExportReport report;
  ExportProgress progress(options.progress, entries_total);
  std::vector<std::unique_ptr<AtomicFile>> files;
  for (const FilePlan& plan : plans) {
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file,
                           AtomicFile::create((fs::path(directory) / plan.name).string()));
    QUIPU_ASSIGN_OR_RETURN(
        FileReport written,
        write_file(state, plan.name, *FileExporter::for_file(plan.name), plan.collections, *file, progress));
    report.files.push_back(std::move(written));
    files.push_back(std::move(file));
  }
  // All are written before the first takes its place.
  target.keep();
  for (const std::unique_ptr<AtomicFile>& file : files) QUIPU_RETURN_IF_ERROR(file->commit());
  return report;
}

Result<FileReport> export_persist_file(const KVReader& store, const std::string& path,
                                       const std::vector<std::string>& collections,
                                       const ProgressCallback& callback) {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file, AtomicFile::create(path));
  ExportProgress progress(callback, 0);
  QUIPU_ASSIGN_OR_RETURN(FileReport report,
                         write_file(store, fs::path(path).filename().string(),
                                    *FileExporter::for_key_value_file(), collections, *file, progress));
  QUIPU_RETURN_IF_ERROR(file->commit());
  return report;
}

}  // namespace quipu
