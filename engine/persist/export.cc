#include <algorithm>
#include <memory>

#include "engine/kv/consistent_view.h"
#include "engine/layout/entity_vectors.h"
#include "engine/layout/persist_file_name.h"
#include "engine/layout/storage_layout.h"
#include "engine/persist/export_files.h"
#include "engine/persist/files/file_exporter.h"
#include "engine/persist/files/file_progress.h"
#include "engine/persist/files/persist_file_kind.h"
#include "engine/persist/storage_files.h"
#include "quipu/persist_dir.h"
#include "quipu/property_graph_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"

namespace quipu {
namespace {

struct FilePlan {
  FileReport report;  // but for the bytes
  std::vector<std::string> collections;
};

// Which collections go into which file.
Result<std::vector<FilePlan>> plan_files(const KVReader& store, uint64_t& entries_total) {
  std::vector<FilePlan> plans;
  const auto plan_of = [&](std::string_view name) -> FilePlan& {
    for (FilePlan& plan : plans) {
      if (plan.report.name == name) return plan;
    }
    return plans.emplace_back(FilePlan{{std::string(name), 0, {}}, {}});
  };
  QUIPU_ASSIGN_OR_RETURN(const StorageFiles files, storage_files(store));
  for (const std::string& name : files.exported) plan_of(name);
  QUIPU_ASSIGN_OR_RETURN(std::vector<CollectionInfo> infos, store.collections());
  for (CollectionInfo& info : infos) {
    entries_total += info.count;
    const bool claimed = !info.persist_file.empty();
    FilePlan& plan = plan_of(claimed ? std::string_view(info.persist_file) : KVSTORE_PERSIST_FNAME);
    plan.report.collections.push_back({info.name, info.count});
    plan.collections.push_back(std::move(info.name));
  }
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(plans, [&](const FilePlan& plan) { return plan.report.name == name; });
  };
  if (has(PG_STORE_PERSIST_FNAME)) {
    QUIPU_ASSIGN_OR_RETURN(const bool entities,
                           entities_hold_vectors(store, std::string(kPropertyGraphNamespace)));
    if (entities) plan_of(vector_store_file(DEFAULT_VECTOR_STORE));
  }
  for (const FilePlan& plan : plans) QUIPU_RETURN_IF_ERROR(check_file_name(plan.report.name));
  return plans;
}

// A database's own directory, and the folders in it, are no place for other files: some are emptied.
Status check_empty(const std::string& directory, const std::vector<std::string>& names, bool force,
                   const FileSystem& fs) {
  for (const std::string& place : {directory, path_in(directory, "..")}) {
    const Result<std::optional<uint64_t>> size = fs.file_size(path_in(place, DATABASE_MARKER_FNAME));
    if (size && *size) return Status::invalid_argument(directory + " is a database's directory, or in one");
  }
  if (names.empty() || force) return Status::ok();
  return Status::already_exists("the directory " + directory +
                                " is not empty (force replaces files in it, and leaves others)");
}

// What an export would write.
Result<ExportReport> dry_run(std::vector<FilePlan> plans, const std::string& directory,
                             const ExportOptions& options) {
  const Result<std::vector<std::string>> names = options.fs->list(directory);
  if (names)
    QUIPU_RETURN_IF_ERROR(check_empty(directory, *names, options.force, *options.fs));  // else yet to be made
  ExportReport report;
  for (FilePlan& plan : plans) report.files.push_back(std::move(plan.report));
  return report;
}

// The directory to export into; one that was made for a failed export goes again.
class TargetDirectory {
 public:
  TargetDirectory(const std::string& path, const FileSystem& fs) : path_(path), fs_(fs) {}
  ~TargetDirectory() {
    if (made_ && !keep_) fs_.remove_directory(path_);
  }
  TargetDirectory(const TargetDirectory&) = delete;
  TargetDirectory& operator=(const TargetDirectory&) = delete;

  Status prepare(bool force) {
    QUIPU_ASSIGN_OR_RETURN(made_, fs_.make_directory(path_));
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> names, fs_.list(path_));
    return check_empty(path_, names, force, fs_);
  }
  void keep() { keep_ = true; }

 private:
  const std::string path_;
  const FileSystem& fs_;
  bool made_ = false;
  bool keep_ = false;
};

Result<ExportReport> export_state(const KVReader& state, const std::string& directory,
                                  const ExportOptions& options, const NameOfFile& name_of) {
  uint64_t entries_total = 0;
  QUIPU_ASSIGN_OR_RETURN(std::vector<FilePlan> plans, plan_files(state, entries_total));
  if (options.dry_run) return dry_run(std::move(plans), directory, options);
  TargetDirectory target(directory, *options.fs);
  QUIPU_RETURN_IF_ERROR(target.prepare(options.force));

  ExportReport report;
  ExportProgress progress(options.progress, entries_total);
  std::vector<std::unique_ptr<OutputFile>> files;
  for (const FilePlan& plan : plans) {
    const std::string name = name_of ? name_of(plan.report.name) : plan.report.name;
    QUIPU_RETURN_IF_ERROR(check_file_name(name));
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<OutputFile> file, options.fs->create(path_in(directory, name)));
    QUIPU_ASSIGN_OR_RETURN(
        FileReport written,
        write_file(state, plan.report.name, *PersistFileKind::of(plan.report.name).make_exporter(),
                   plan.collections, *file, progress));
    report.files.push_back(std::move(written));
    files.push_back(std::move(file));
  }
  // All are written before the first takes its place.
  target.keep();
  for (const std::unique_ptr<OutputFile>& file : files) QUIPU_RETURN_IF_ERROR(file->commit());
  return report;
}

}  // namespace

Result<ExportReport> export_files(const BaseKVStore& store, const std::string& directory,
                                  const ExportOptions& options, const NameOfFile& name_of) {
  return read_consistent_view(
      store, [&](const KVReader& state) { return export_state(state, directory, options, name_of); });
}

Result<ExportReport> export_persist_dir(const BaseKVStore& store, const std::string& directory,
                                        const ExportOptions& options) {
  return export_files(store, directory, options, {});
}

}  // namespace quipu
