// JsonFileCursor: a place in a JSON file that moves forward token by token.

#ifndef QUIPU_ENGINE_JSON_FILE_JSON_FILE_CURSOR_H_
#define QUIPU_ENGINE_JSON_FILE_JSON_FILE_CURSOR_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/json_file/input_window.h"
#include "engine/json_file/persist_file_reader.h"

namespace quipu {

class JsonFileCursor {
 public:
  static constexpr int kEnd = -1;  // instead of a byte: the file has no more

  // Keeps references to both.
  JsonFileCursor(const std::string& path, const PersistFileOptions& options)
      : path_(path), options_(options) {}

  // Opens the file and passes over a byte order mark. Errors: kIoError; kInvalidArgument for an empty file,
  // for UTF-16 and UTF-32, and for what foreign_content.h knows.
  Status open();

  // What is read and not passed yet. Pointers into it hold until the next read_more() or next().
  const char* at() const { return window_.begin(); }
  const char* end() const { return window_.end(); }
  bool at_end_of_file() const { return window_.at_end_of_file(); }

  // Reads on, and tells the progress. The Status of the progress function, kIoError.
  Status read_more();
  // Passes over white space. The byte behind it, left where it is, or kEnd.
  Result<int> next();
  // Moves to a later place, over text without a line end / that may hold some.
  void pass(const char* to) { window_.consume(to); }
  void pass_lines(const char* to);
  // Calls the progress function for the last time.
  Status tell_done() const;

  // The line, from 1, and the byte, from 0, of a place in what is read.
  uint64_t line(const char* place) const;
  uint64_t byte(const char* place) const { return window_.offset() + static_cast<uint64_t>(place - at()); }

  // kInvalidArgument "<path>: line L, byte N: <what>" for a place in what is read.
  Status error(std::string_view what, const char* place) const;

 private:
  const std::string& path_;
  const PersistFileOptions& options_;
  InputWindow window_;
  uint64_t lines_ = 0;  // line ends passed; none is inside a token, so most text need not be searched
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_FILE_JSON_FILE_CURSOR_H_
