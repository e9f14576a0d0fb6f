#include "engine/files/decoding_file_system.h"
#include "engine/persist/files/file_loaders.h"
#include "engine/persist/files/file_progress.h"
#include "quipu/bulk_load.h"
#include "quipu/persist_dir.h"

namespace quipu {
namespace {

Status import_file(const std::string& path, BulkLoad& load, const ImportOptions& options) {
  const std::string name = path.substr(path.rfind('/') + 1);
  QUIPU_RETURN_IF_ERROR(load.begin_file(name));
  CollectionOwners owners;
  const std::unique_ptr<FileLoader> loader = make_key_value_loader(name, load, owners);
  const ImportProgress progress(options.progress, size_of(path, *options.fs));
  return read_persist_file(path, progress.options_for(path, options), *loader);
}

}  // namespace

uint64_t size_of(const std::string& path, const FileSystem& fs) {
  const Result<std::optional<uint64_t>> size = fs.file_size(path);
  return size && *size ? **size : 0;
}

Result<FileReport> write_file(const KVReader& store, const std::string& name, const FileExporter& exporter,
                              const std::vector<std::string>& collections, OutputFile& file,
                              ExportProgress& progress) {
  FileReport report{name, 0, {}};
  const auto entry_done = [&](uint64_t bytes) { return progress.entry_done(name, bytes); };
  QUIPU_RETURN_IF_ERROR(exporter.write(store, collections, file, entry_done, report));
  report.bytes = file.bytes_written();
  progress.file_done(report.bytes);
  return report;
}

Status import_persist_file(const std::string& path, BulkLoad& load, const ImportOptions& options) {
  return with_decoded_files(options,
                            [&](const ImportOptions& decoded) { return import_file(path, load, decoded); });
}

Result<FileReport> export_persist_file(const KVReader& store, const std::string& path,
                                       const std::vector<std::string>& collections,
                                       const ProgressCallback& callback, const FileSystem& fs) {
  QUIPU_RETURN_IF_ERROR(fs.make_directory(directory_of(path)).status());
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<OutputFile> file, fs.create(path));
  ExportProgress progress(callback, 0);
  QUIPU_ASSIGN_OR_RETURN(FileReport report,
                         write_file(store, path.substr(path.rfind('/') + 1), *make_key_value_exporter(),
                                    collections, *file, progress));
  QUIPU_RETURN_IF_ERROR(file->commit());
  return report;
}

}  // namespace quipu
