// Writes a persist file of the reference, {collection: {key: value, ...}, ...}, byte for byte as json.dumps
// does. Thread-safety: one thread at a time.

#ifndef QUIPU_ENGINE_JSON_FILE_PERSIST_FILE_WRITER_H_
#define QUIPU_ENGINE_JSON_FILE_PERSIST_FILE_WRITER_H_

#include <string>
#include <string_view>

#include "quipu/file_system.h"
#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

class PersistFileWriter {
 public:
  // `file` must outlive it; putting it in place is the caller's.
  explicit PersistFileWriter(OutputFile& file) : file_(file) {}

  // Called in the file's order: for each collection begin, its entries, end; finish() last. The writer does
  // not look for repeated names and keys. Errors: kIoError; after one, all further calls return it.
  Status begin_collection(std::string_view name);
  Status entry(std::string_view key, JsonView value);
  Status end_collection();
  // A member that is no object.
  Status member(std::string_view name, JsonView value);
  Status finish();

 private:
  void start_member(std::string_view name);

  OutputFile& file_;
  std::string text_;  // of the part being written
  bool first_member_ = true;
  bool first_entry_ = true;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_FILE_PERSIST_FILE_WRITER_H_
