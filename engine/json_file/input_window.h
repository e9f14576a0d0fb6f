// InputWindow: a file read through one buffer, a window that moves forward over the file.
//
// Memory: the window's usual size; more only while something longer is kept unread in it.

#ifndef QUIPU_ENGINE_JSON_FILE_INPUT_WINDOW_H_
#define QUIPU_ENGINE_JSON_FILE_INPUT_WINDOW_H_

#include <cstdint>
#include <memory>
#include <string>

#include "engine/base/raw_buffer.h"
#include "quipu/file_system.h"
#include "quipu/status.h"

namespace quipu {

class InputWindow {
 public:
  InputWindow() = default;
  InputWindow(const InputWindow&) = delete;
  InputWindow& operator=(const InputWindow&) = delete;

  // Called once, first. Error: kIoError.
  Status open(const std::string& path, size_t window_bytes, const FileSystem& fs = local_file_system());

  // What is not consumed yet. Pointers into it hold until read_more().
  const char* begin() const { return buffer_.data() + begin_; }
  const char* end() const { return buffer_.data() + end_; }
  void consume(const char* to) { begin_ = static_cast<size_t>(to - buffer_.data()); }

  // Reads on until the window is full or the file ends; a window full of what is not consumed grows to twice
  // its size. Error: kIoError.
  Status read_more();
  bool at_end_of_file() const { return at_end_of_file_; }

  // Where begin() is in the file.
  uint64_t offset() const { return discarded_ + begin_; }
  // The file's size when it was opened.
  uint64_t file_bytes() const { return file_->size(); }

 private:
  std::unique_ptr<InputFile> file_;
  size_t window_bytes_ = 0;
  RawBuffer<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t discarded_ = 0;
  bool at_end_of_file_ = false;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_FILE_INPUT_WINDOW_H_
