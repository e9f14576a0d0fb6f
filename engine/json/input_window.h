// InputWindow: a regular file read through one buffer, a window that moves forward over the file.
//
// Memory: the window's usual size; more only while something longer is kept unread in it.

#ifndef QUIPU_ENGINE_JSON_INPUT_WINDOW_H_
#define QUIPU_ENGINE_JSON_INPUT_WINDOW_H_

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "quipu/status.h"

namespace quipu {

class InputWindow {
 public:
  InputWindow() = default;
  ~InputWindow();
  InputWindow(const InputWindow&) = delete;
  InputWindow& operator=(const InputWindow&) = delete;

  // Called once, first. A directory, pipe, socket or device is refused by name, without waiting for it.
  // Error: kIoError.
  Status open(const std::string& path, size_t window_bytes);

  // What is not consumed yet. Pointers into it hold until read_more().
  const char* begin() const { return buffer_.get() + begin_; }
  const char* end() const { return buffer_.get() + end_; }
  void consume(const char* to) { begin_ = static_cast<size_t>(to - buffer_.get()); }

  // Reads on until the window is full or the file ends; a window full of what is not consumed grows to twice
  // its size. Error: kIoError.
  Status read_more();
  bool at_end_of_file() const { return at_end_of_file_; }

  // Where begin() is in the file.
  uint64_t offset() const { return discarded_ + begin_; }
  // The file's size when it was opened.
  uint64_t file_bytes() const { return file_bytes_; }

 private:
  struct Free {
    void operator()(char* buffer) const { std::free(buffer); }
  };

  void resize(size_t capacity);

  std::string path_;
  int file_ = -1;
  uint64_t file_bytes_ = 0;
  size_t window_bytes_ = 0;
  // From malloc, so that realloc can move the pages of a large buffer and not its bytes.
  std::unique_ptr<char[], Free> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t discarded_ = 0;
  bool at_end_of_file_ = false;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_INPUT_WINDOW_H_
