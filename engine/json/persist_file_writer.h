// Writes a persist file of the reference's SimpleKVStore byte for byte as json.dumps does, as an AtomicFile.
// Thread-safety: one thread at a time.

#ifndef QUIPU_ENGINE_JSON_PERSIST_FILE_WRITER_H_
#define QUIPU_ENGINE_JSON_PERSIST_FILE_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/json/atomic_file.h"
#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

class PersistFileWriter {
 public:
  // Errors: as AtomicFile::create.
  static Result<std::unique_ptr<PersistFileWriter>> create(const std::string& path);

  // Called in the file's order: for each collection begin, its entries, end. The writer does not look for
  // repeated names and keys. Errors: kIoError; after one, all further calls return it.
  Status begin_collection(std::string_view name);
  Status entry(std::string_view key, JsonView value);
  Status end_collection();

  // As AtomicFile::commit.
  Status commit();

  uint64_t bytes_written() const { return file_->bytes_written(); }

 private:
  explicit PersistFileWriter(std::unique_ptr<AtomicFile> file) : file_(std::move(file)) {}

  const std::unique_ptr<AtomicFile> file_;
  std::string text_;  // of the part being written
  bool first_collection_ = true;
  bool first_entry_ = true;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_PERSIST_FILE_WRITER_H_
