// The parts of an export, for what writes the files of a store in another way than export_persist_dir().

#ifndef QUIPU_ENGINE_PERSIST_EXPORT_FILES_H_
#define QUIPU_ENGINE_PERSIST_EXPORT_FILES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/persist/files/file_progress.h"
#include "quipu/persist_dir.h"

namespace quipu {

// A file that an export writes.
struct ExportedFile {
  FileReport report;  // but for the bytes
  std::vector<std::string> collections;
};
struct ExportPlan {
  std::vector<ExportedFile> files;
  uint64_t entries = 0;
};
Result<ExportPlan> plan_export(const KVReader& store);

// Files take their places by rising rank: LlamaIndex loads no storage without docstore.json and
// index_store.json, so what stops halfway is none.
inline constexpr int kMaxRank = 2;
int rank_of_file(std::string_view name);

// Writes one of them, and does not commit it.
Result<FileReport> write_exported(const KVReader& store, const ExportedFile& planned, OutputFile& file,
                                  ExportProgress& progress);

// OK unless the directory is that of a database, or in it: some of its folders are emptied.
Status check_is_no_database(const std::string& directory, const FileSystem& fs);

using NameOfFile = std::function<std::string(const std::string& persist_file)>;

// As export_persist_dir, each file under the name that `name_of` gives it; null: its own.
Result<ExportReport> export_files(const BaseKVStore& store, const std::string& directory,
                                  const ExportOptions& options, const NameOfFile& name_of);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_EXPORT_FILES_H_
