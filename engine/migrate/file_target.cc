#include "engine/migrate/file_target.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/files/atomic_file.h"
#include "engine/migrate/checked_files.h"
#include "engine/migrate/migration_mark.h"
#include "engine/persist/export_files.h"

namespace quipu {
namespace {

// Writes a file of the plan; to nowhere where `to` is null.
Result<WrittenFile> write(const KVReader& source, const ExportedFile& planned, OutputFile* to, Work& work) {
  work.begin(planned.report.name);
  HashedOutput file(to, work);
  const ProgressCallback silent;  // the file tells the work itself
  ExportProgress progress(silent, 0);
  QUIPU_ASSIGN_OR_RETURN(const FileReport report, write_exported(source, planned, file, progress));
  WrittenFile written{report.bytes, file.sha256(), {}};
  for (const CollectionReport& collection : report.collections) {
    written.counts[collection.name] = collection.count;
  }
  return written;
}

class FileCopy {
 public:
  FileCopy(const KVReader& source, const ContentSummary& wanted, const std::string& directory,
           const FileSystem& fs, Work& work)
      : source_(source), wanted_(wanted), directory_(directory), fs_(fs), work_(work) {}

  Result<TargetReport> run() {
    QUIPU_ASSIGN_OR_RETURN(TargetReport report, check_target(source_, directory_, fs_, work_));
    if (report.was_there) return report;
    QUIPU_ASSIGN_OR_RETURN(const ExportPlan plan, plan_export(source_));
    QUIPU_RETURN_IF_ERROR(begin(plan));
    for (int rank = 0; rank <= kMaxRank; ++rank) {
      for (const ExportedFile& planned : plan.files) {
        if (rank_of_file(planned.report.name) != rank) continue;
        QUIPU_ASSIGN_OR_RETURN(const bool there, is_there(planned.report.name));
        if (there) {
          ++report.resumed;
        } else {
          QUIPU_RETURN_IF_ERROR(copy(planned));
        }
      }
    }
    QUIPU_RETURN_IF_ERROR(check_files(directory_, fs_, wanted_, mark_.files, work_));
    QUIPU_RETURN_IF_ERROR(fs_.remove_file(path_in(directory_, kMigrationFile)));
    return report;
  }

 private:
  Status begin(const ExportPlan& plan) {
    QUIPU_RETURN_IF_ERROR(fs_.make_directory(directory_).status());
    QUIPU_ASSIGN_OR_RETURN(std::optional<MigrationMark> found, read_mark(directory_, fs_));
    const std::string fingerprint = wanted_.fingerprint();
    QUIPU_RETURN_IF_ERROR(
        remove_left(plan, found.value_or(MigrationMark{}), found && found->source == fingerprint));
    if (found && found->source == fingerprint) {
      mark_ = *std::move(found);
      return Status::ok();
    }
    mark_ = {fingerprint, {}};
    return write_mark(mark_, directory_, fs_);
  }

  // What a former run has left: files that it was writing, and, of another state of the source, all of them.
  // Those that LlamaIndex demands go first.
  Status remove_left(const ExportPlan& plan, const MigrationMark& mark, bool same_source) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> names, fs_.list(directory_));
    for (int rank = kMaxRank; rank >= 0; --rank) {
      for (const std::string& name : names) {
        if (rank_of_file(name) != rank) continue;
        const bool is_temporary = is_left_temporary(name, kMigrationFile) ||
                                  std::ranges::any_of(plan.files, [&](const ExportedFile& file) {
                                    return is_left_temporary(name, file.report.name);
                                  });
        if (!is_temporary && (same_source || !mark.files.contains(name))) continue;
        QUIPU_RETURN_IF_ERROR(fs_.remove_file(path_in(directory_, name)));
      }
    }
    return Status::ok();
  }

  Result<bool> is_there(const std::string& name) const {
    const auto written = mark_.files.find(name);
    if (written == mark_.files.end()) return false;
    QUIPU_ASSIGN_OR_RETURN(const std::optional<uint64_t> size, fs_.file_size(path_in(directory_, name)));
    return size == written->second.bytes;
  }

  // The mark knows of the file before it is there, so that it goes when the source has changed.
  Status copy(const ExportedFile& planned) {
    const std::string& name = planned.report.name;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, fs_.create(path_in(directory_, name)));
    QUIPU_ASSIGN_OR_RETURN(mark_.files[name], write(source_, planned, file.get(), work_));
    QUIPU_RETURN_IF_ERROR(write_mark(mark_, directory_, fs_));
    return file->commit();
  }

  const KVReader& source_;
  const ContentSummary& wanted_;
  const std::string& directory_;
  const FileSystem& fs_;
  Work& work_;
  MigrationMark mark_;
};

// Whether the directory has the files of the plan and no others, each as it would be written.
Result<bool> holds_all(const KVReader& source, const std::string& directory, const FileSystem& fs,
                       std::vector<std::string> names, Work& work) {
  QUIPU_ASSIGN_OR_RETURN(const ExportPlan plan, plan_export(source));
  for (const ExportedFile& planned : plan.files) std::erase(names, planned.report.name);
  if (!names.empty()) return false;
  for (const ExportedFile& planned : plan.files) {
    const std::string path = path_in(directory, planned.report.name);
    const Result<std::optional<uint64_t>> size = fs.file_size(path);
    if (!size || !*size) return false;
    QUIPU_ASSIGN_OR_RETURN(const WrittenFile wanted, write(source, planned, nullptr, work));
    if (wanted.bytes != **size) return false;
    QUIPU_ASSIGN_OR_RETURN(const std::string sha256, sha256_of(path, fs, work));
    if (sha256 != wanted.sha256) return false;
  }
  return true;
}

}  // namespace

Result<TargetReport> check_target(const KVReader& source, const std::string& directory, const FileSystem& fs,
                                  Work& work) {
  QUIPU_RETURN_IF_ERROR(check_is_no_database(directory, fs));
  TargetReport report;
  Result<std::vector<std::string>> names = fs.list(directory);
  if (!names) return report;  // it is made, which says what is wrong
  std::erase_if(*names, [](const std::string& name) { return is_left_temporary(name, kMigrationFile); });
  if (names->empty() || std::ranges::find(*names, kMigrationFile) != names->end()) return report;
  QUIPU_ASSIGN_OR_RETURN(report.was_there, holds_all(source, directory, fs, *names, work));
  if (report.was_there) return report;
  return Status::already_exists("the directory " + directory +
                                " is not empty, and holds not what is in the source");
}

Result<TargetReport> copy_to_files(const KVReader& source, const ContentSummary& wanted,
                                   const std::string& directory, const FileSystem& fs, Work& work) {
  return FileCopy(source, wanted, directory, fs, work).run();
}

}  // namespace quipu
