// How far reading or writing persist files has come, for the callbacks of imports and exports.

#ifndef QUIPU_ENGINE_PERSIST_FILES_FILE_PROGRESS_H_
#define QUIPU_ENGINE_PERSIST_FILES_FILE_PROGRESS_H_

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/json_file/persist_file_reader.h"
#include "engine/persist/files/file_exporter.h"
#include "quipu/persist_dir.h"

namespace quipu {

// One bar over several files.
class ImportProgress {
 public:
  ImportProgress(const ProgressCallback& callback, uint64_t total) : callback_(callback), total_(total) {}

  PersistFileOptions options_for(const std::string& file, const ImportOptions& wanted) const {
    PersistFileOptions options;
    options.max_value_bytes = wanted.max_value_bytes;
    options.max_nesting = wanted.max_nesting;
    options.fs = wanted.fs;
    if (callback_) {
      // What a converted file is read as may be longer than the file.
      options.progress = [this, file](uint64_t done, uint64_t size) {
        return callback_({file, done_before_ + std::min(done, size), total_});
      };
    }
    return options;
  }
  void file_done(uint64_t bytes) { done_before_ += bytes; }

 private:
  const ProgressCallback& callback_;
  const uint64_t total_;
  uint64_t done_before_ = 0;
};

// Of a file that is to be read; 0 where that cannot be told, since reading it reports what is wrong.
uint64_t size_of(const std::string& path, const FileSystem& fs);

// Reports bytes as they are written; the total is estimated from the entries still to come.
class ExportProgress {
 public:
  ExportProgress(const ProgressCallback& callback, uint64_t entries_total)
      : callback_(callback), entries_total_(entries_total) {}

  Status entry_done(std::string_view file, uint64_t file_bytes) {
    ++entries_;
    if (!callback_ || entries_ % kEntriesBetweenCalls != 0) return Status::ok();
    const uint64_t done = bytes_before_ + file_bytes;
    const double total =
        static_cast<double>(done) * static_cast<double>(entries_total_) / static_cast<double>(entries_);
    return callback_({file, done, static_cast<uint64_t>(total)});
  }
  void file_done(uint64_t bytes) { bytes_before_ += bytes; }

 private:
  static constexpr uint64_t kEntriesBetweenCalls = 4096;

  const ProgressCallback& callback_;
  const uint64_t entries_total_;
  uint64_t entries_ = 0;
  uint64_t bytes_before_ = 0;
};

// Writes one file, all of its collections.
Result<FileReport> write_file(const KVReader& store, const std::string& name, const FileExporter& exporter,
                              const std::vector<std::string>& collections, OutputFile& file,
                              ExportProgress& progress);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_FILES_FILE_PROGRESS_H_
