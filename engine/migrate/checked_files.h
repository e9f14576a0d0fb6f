// The files of a migration's target: their hashes as they are written, and as they are read again.

#ifndef QUIPU_ENGINE_MIGRATE_CHECKED_FILES_H_
#define QUIPU_ENGINE_MIGRATE_CHECKED_FILES_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/sha256.h"
#include "engine/migrate/content_summary.h"
#include "engine/migrate/migration_mark.h"
#include "quipu/file_system.h"
#include "quipu/progress.h"

namespace quipu {

// What is appended goes to `file`, where there is one, and into a hash. It is counted as work.
class HashedOutput : public OutputFile {
 public:
  // `file` may be null; both must outlive it.
  HashedOutput(OutputFile* file, Work& work) : file_(file), work_(work) {}

  Status append(std::string_view text) override {
    hash_.update(text);
    bytes_ += text.size();
    work_.add(text.size());
    QUIPU_RETURN_IF_ERROR(work_.check());
    return file_ == nullptr ? Status::ok() : file_->append(text);
  }
  Status commit() override { return file_ == nullptr ? Status::ok() : file_->commit(); }
  uint64_t bytes_written() const override { return bytes_; }
  // Of all that was appended; once.
  std::string sha256() { return hash_.hex(); }

 private:
  OutputFile* const file_;
  Work& work_;
  Sha256 hash_;
  uint64_t bytes_ = 0;
};

// Reads the files of a directory again, as an import does, and compares them with what was written: bytes,
// hashes, entries, and the hashes of the collections that stand in files as they do in stores. The mark in
// the directory does not count. Errors: kCorruption naming the file or collection.
Status check_files(const std::string& directory, const FileSystem& fs, const ContentSummary& wanted,
                   const std::map<std::string, WrittenFile>& files, Work& work);

// The hash of a file's bytes.
Result<std::string> sha256_of(const std::string& path, const FileSystem& fs, Work& work);

}  // namespace quipu

#endif  // QUIPU_ENGINE_MIGRATE_CHECKED_FILES_H_
