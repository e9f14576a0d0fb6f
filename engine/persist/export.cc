#include <algorithm>
#include <memory>

#include "engine/kv/consistent_view.h"
#include "engine/layout/entity_vectors.h"
#include "engine/layout/migration_layout.h"
#include "engine/layout/persist_file_name.h"
#include "engine/layout/storage_layout.h"
#include "engine/persist/export_files.h"
#include "engine/persist/files/file_exporter.h"
#include "engine/persist/files/file_progress.h"
#include "engine/persist/files/persist_file_kind.h"
#include "engine/persist/left_out.h"
#include "engine/persist/storage_files.h"
#include "quipu/persist_dir.h"
#include "quipu/property_graph_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"

namespace quipu {
namespace {

Status check_empty(const std::string& directory, const std::vector<std::string>& names, bool force,
                   const FileSystem& fs) {
  QUIPU_RETURN_IF_ERROR(check_is_no_database(directory, fs));
  if (names.empty() || force) return Status::ok();
  return Status::already_exists("the directory " + directory +
                                " is not empty (force replaces files in it, and leaves others)");
}

// What an export would write.
Result<ExportReport> dry_run(ExportPlan plan, const std::string& directory, const ExportOptions& options) {
  const Result<std::vector<std::string>> names = options.fs->list(directory);
  if (names)
    QUIPU_RETURN_IF_ERROR(check_empty(directory, *names, options.force, *options.fs));  // else yet to be made
  ExportReport report;
  for (ExportedFile& file : plan.files) report.files.push_back(std::move(file.report));
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
  QUIPU_ASSIGN_OR_RETURN(const bool incomplete, state.exists(kMigrationKey, kMigrationCollection));
  if (incomplete) return incomplete_migration("the store");
  QUIPU_ASSIGN_OR_RETURN(ExportPlan plan, plan_export(state));
  if (options.dry_run) return dry_run(std::move(plan), directory, options);
  TargetDirectory target(directory, *options.fs);
  QUIPU_RETURN_IF_ERROR(target.prepare(options.force));

  ExportReport report;
  ExportProgress progress(options.progress, plan.entries);
  std::vector<std::unique_ptr<OutputFile>> files;
  for (const ExportedFile& planned : plan.files) {
    const std::string name = name_of ? name_of(planned.report.name) : planned.report.name;
    QUIPU_RETURN_IF_ERROR(check_file_name(name));
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<OutputFile> file, options.fs->create(path_in(directory, name)));
    QUIPU_ASSIGN_OR_RETURN(FileReport written, write_exported(state, planned, *file, progress));
    report.files.push_back(std::move(written));
    files.push_back(std::move(file));
  }
  // All are written before the first takes its place.
  target.keep();
  for (int rank = 0; rank <= kMaxRank; ++rank) {
    for (size_t i = 0; i < files.size(); ++i) {
      if (rank_of_file(plan.files[i].report.name) == rank) QUIPU_RETURN_IF_ERROR(files[i]->commit());
    }
  }
  return report;
}

}  // namespace

// Which collections go into which file.
Result<ExportPlan> plan_export(const KVReader& store) {
  ExportPlan plan;
  const auto file_of = [&](std::string_view name) -> ExportedFile& {
    for (ExportedFile& file : plan.files) {
      if (file.report.name == name) return file;
    }
    return plan.files.emplace_back(ExportedFile{{std::string(name), 0, {}}, {}});
  };
  QUIPU_ASSIGN_OR_RETURN(const StorageFiles files, storage_files(store));
  for (const std::string& name : files.exported) file_of(name);
  QUIPU_ASSIGN_OR_RETURN(std::vector<CollectionInfo> infos, store.collections());
  for (CollectionInfo& info : infos) {
    plan.entries += info.count;
    const bool claimed = !info.persist_file.empty();
    ExportedFile& file = file_of(claimed ? std::string_view(info.persist_file) : KVSTORE_PERSIST_FNAME);
    file.report.collections.push_back({info.name, info.count});
    file.collections.push_back(std::move(info.name));
  }
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(plan.files,
                               [&](const ExportedFile& file) { return file.report.name == name; });
  };
  if (has(PG_STORE_PERSIST_FNAME)) {
    QUIPU_ASSIGN_OR_RETURN(const bool entities,
                           entities_hold_vectors(store, std::string(kPropertyGraphNamespace)));
    if (entities) file_of(vector_store_file(DEFAULT_VECTOR_STORE));
  }
  for (const ExportedFile& file : plan.files) QUIPU_RETURN_IF_ERROR(check_file_name(file.report.name));
  return plan;
}

int rank_of_file(std::string_view name) {
  if (name == DOCSTORE_PERSIST_FNAME) return kMaxRank;
  return name == INDEX_STORE_PERSIST_FNAME ? 1 : 0;
}

Result<FileReport> write_exported(const KVReader& store, const ExportedFile& planned, OutputFile& file,
                                  ExportProgress& progress) {
  const std::string& name = planned.report.name;
  return write_file(store, name, *PersistFileKind::of(name).make_exporter(), planned.collections, file,
                    progress);
}

Status check_is_no_database(const std::string& directory, const FileSystem& fs) {
  std::string_view plain = directory;
  while (plain.size() > 1 && plain.ends_with('/')) plain.remove_suffix(1);
  // The last one is the same as the second, unless the directory is yet to be made, or is a link.
  for (const std::string& place : {directory, path_in(directory, ".."), directory_of(plain)}) {
    if (place.empty()) continue;
    const Result<std::optional<uint64_t>> size = fs.file_size(path_in(place, DATABASE_MARKER_FNAME));
    if (size && *size) return Status::invalid_argument(directory + " is a database's directory, or in one");
  }
  return Status::ok();
}

Result<ExportReport> export_files(const BaseKVStore& store, const std::string& directory,
                                  const ExportOptions& options, const NameOfFile& name_of) {
  return read_consistent_view(
      store, [&](const KVReader& state) { return export_state(state, directory, options, name_of); });
}

Result<ExportReport> export_persist_dir(const BaseKVStore& store, const std::string& directory,
                                        const ExportOptions& options) {
  QUIPU_ASSIGN_OR_RETURN(ExportReport report, export_files(store, directory, options, {}));
  QUIPU_ASSIGN_OR_RETURN(report.left_out, left_out(store));
  return report;
}

}  // namespace quipu
