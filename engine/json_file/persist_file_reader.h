// Reads a persist file of the reference, {collection: {key: value, ...}, ...}, of any size.
//
// The file passes through a window; memory is bounded by the window and the longest value, whatever the size
// of the file. A value in canonical form, as json.dumps wrote it, is handed on where it stands in the window.

#ifndef QUIPU_ENGINE_JSON_FILE_PERSIST_FILE_READER_H_
#define QUIPU_ENGINE_JSON_FILE_PERSIST_FILE_READER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "quipu/file_system.h"
#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

// Takes what the file holds, in the file's order. A Status that is not OK ends the reading and is what it
// returns.
class PersistFileHandler {
 public:
  virtual ~PersistFileHandler() = default;
  // What a collection of this name may be: an object, which the rest is about; with kArray its elements come
  // as entries without a key; with kNull nothing follows; a value of any other kind comes as one entry
  // without a key. What skips() says is passed over. Default: objects only.
  virtual bool takes_collection(std::string_view /*name*/, JsonKind kind) const {
    return kind == JsonKind::kObject;
  }
  virtual bool skips(std::string_view /*name*/) const { return false; }
  // Whether an entry of the current collection may be of this kind. Default: objects only.
  virtual bool takes_value(JsonKind kind) const { return kind == JsonKind::kObject; }
  // Whether an entry that is an object is not a value, but is read as entries of its own, which come between
  // enter() and leave(). Nesting is bounded by what this says. Default: values only.
  virtual bool enters(std::string_view /*key*/) const { return false; }
  // The same of one that is an array: its elements come as entries of this key.
  virtual bool enters_elements(std::string_view /*key*/) const { return false; }
  // Whether the file may be such a text as one JSON string; places count in that text then. Default: no.
  virtual bool takes_string_of_json() const { return false; }
  // Whether floats in the values need not be in canonical form, because only their numbers count. Cheaper.
  virtual bool takes_any_float() const { return false; }

  // For who wants to know, before the first collection: whether there is a space behind the first colon, as
  // json.dumps writes it, and whether the file is one JSON string.
  virtual void form(bool /*spaces*/, bool /*in_string*/) {}
  // A name comes again when the file repeats it: then what it held before does not count.
  virtual Status begin_collection(std::string_view name, JsonKind kind) = 0;
  // One value of the collection. The views live until the call returns. A key comes again when the file
  // repeats it: then the last value counts, at the first one's place.
  virtual Status entry(std::string_view key, JsonView value) = 0;
  virtual Status end_collection() = 0;
  virtual Status enter(std::string_view /*key*/) { return Status::ok(); }
  virtual Status leave() { return Status::ok(); }

  // For who wants to know: before an entry where its value stands, and before the reading ends with an error
  // what is wrong where; `collection` and `key` as far as they are known.
  virtual void place(uint64_t /*line*/, uint64_t /*byte*/) {}
  virtual void failed(uint64_t /*line*/, uint64_t /*byte*/, std::string_view /*collection*/,
                      std::string_view /*key*/, std::string_view /*what*/) {}
};

struct PersistFileOptions {
  // How much is read at a time.
  size_t window_bytes = 4ULL << 20;
  // A longer value is refused; the window grows for one above window_bytes.
  size_t max_value_bytes = 256ULL << 20;
  // A value nested more deeply is refused; at most kMaxJsonDepth.
  int max_nesting = kMaxJsonDepth;
  // Called about once a window with the bytes done and the file's size when it was opened; a Status that is
  // not OK cancels. May be empty.
  std::function<Status(uint64_t bytes_done, uint64_t bytes_total)> progress;
  const FileSystem* fs = &local_file_system();
};

// Errors: kInvalidArgument `<path>: line L, byte N: <what> (in collection "c", key "k")` for what is no JSON
// or not of this shape; kIoError; what the handler or the progress function returned.
Status read_persist_file(const std::string& path, const PersistFileOptions& options,
                         PersistFileHandler& handler);

// Checks that a file is one JSON value of any kind. No part of it need fit into memory; max_value_bytes and
// repeated keys do not matter. Errors as above.
Status check_json_file(const std::string& path, const PersistFileOptions& options);

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_FILE_PERSIST_FILE_READER_H_
