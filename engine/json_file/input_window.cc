#include "engine/json_file/input_window.h"

#include <algorithm>
#include <cstring>

namespace quipu {
namespace {

constexpr size_t kMinWindowBytes = 16;

}  // namespace

Status InputWindow::open(const std::string& path, size_t window_bytes, const FileSystem& fs) {
  QUIPU_ASSIGN_OR_RETURN(file_, fs.open(path));
  window_bytes_ = std::max(window_bytes, kMinWindowBytes);
  buffer_.resize(window_bytes_);
  return Status::ok();
}

Status InputWindow::read_more() {
  if (at_end_of_file_) return Status::ok();
  discarded_ += begin_;
  end_ -= begin_;
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_);
  begin_ = 0;
  if (end_ == buffer_.capacity()) {
    buffer_.resize(buffer_.capacity() * 2);
  } else if (buffer_.capacity() > window_bytes_ && end_ <= buffer_.capacity() / 4) {
    buffer_.resize(std::max({window_bytes_, buffer_.capacity() / 2, end_}));
  }
  while (end_ < buffer_.capacity()) {
    QUIPU_ASSIGN_OR_RETURN(const size_t got, file_->read(buffer_.data() + end_, buffer_.capacity() - end_));
    if (got == 0) {
      at_end_of_file_ = true;
      break;
    }
    end_ += got;
  }
  return Status::ok();
}

}  // namespace quipu
