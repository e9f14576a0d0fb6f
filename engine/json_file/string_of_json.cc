#include "engine/json_file/string_of_json.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "engine/json/encoding.h"
#include "engine/json/scanner.h"
#include "quipu/json.h"

namespace quipu {
namespace {

constexpr size_t kBufferBytes = 65'536;
// The longest escape, of two surrogates; what is shorter may go on behind the buffer.
constexpr size_t kMaxEscapeBytes = 12;

class StringOfJsonFile : public InputFile {
 public:
  StringOfJsonFile(std::string path, std::unique_ptr<InputFile> file)
      : path_(std::move(path)), file_(std::move(file)) {}

  Result<size_t> read(char* to, size_t size) override {
    while (at_ == text_.size() && !ended_) QUIPU_RETURN_IF_ERROR(decode_more());
    const size_t bytes = std::min(size, text_.size() - at_);
    std::memcpy(to, text_.data() + at_, bytes);
    at_ += bytes;
    return bytes;
  }
  uint64_t size() const override { return file_->size(); }

 private:
  Status fail(std::string_view what, uint64_t byte) const {
    return Status::invalid_argument(path_ + ": byte " + std::to_string(byte) + ": " + std::string(what) +
                                    " (in the string that the file holds)");
  }

  // Reads until the buffer is full or the file ends.
  Status fill() {
    while (!at_end_of_file_ && in_.size() < kBufferBytes) {
      const size_t had = in_.size();
      in_.resize(kBufferBytes);
      const Result<size_t> got = file_->read(in_.data() + had, kBufferBytes - had);
      in_.resize(had + (got ? *got : 0));
      if (!got) return got.error();
      at_end_of_file_ = *got == 0;
    }
    return Status::ok();
  }
  void pass(size_t bytes) {
    in_.erase(0, bytes);
    offset_ += bytes;
  }

  Status begin() {
    QUIPU_RETURN_IF_ERROR(fill());
    pass(byte_order_mark_size(in_));
    pass(static_cast<size_t>(skip_json_white_space(in_.data(), in_.data() + in_.size()) - in_.data()));
    if (!in_.starts_with('"')) return fail("Expecting value", offset_);
    pass(1);
    begun_ = true;
    return Status::ok();
  }

  // Where the string ends in the buffer, or else up to where it can be decoded: no escape and no character is
  // cut there.
  std::pair<size_t, bool> decodable() const {
    const size_t safe = at_end_of_file_ ? in_.size() : in_.size() - std::min(in_.size(), kMaxEscapeBytes);
    size_t at = 0;
    while (at < in_.size()) {
      const auto byte = static_cast<unsigned char>(in_[at]);
      if (byte == '"') return {at, true};
      if (at >= safe && (byte & 0xc0) != 0x80) break;
      if (byte != '\\') {
        ++at;
        continue;
      }
      // Two surrogates belong together.
      const bool may_be_first = in_.compare(at, 3, "\\ud") == 0 && in_.compare(at + 6, 2, "\\u") == 0;
      at += may_be_first ? kMaxEscapeBytes : 2;
    }
    return {std::min(at, in_.size()), false};
  }

  Status decode_more() {
    if (!begun_) QUIPU_RETURN_IF_ERROR(begin());
    QUIPU_RETURN_IF_ERROR(fill());
    const auto [bytes, ends] = decodable();
    if (!ends && (bytes == 0 || at_end_of_file_)) return fail("Unterminated string", offset_ + in_.size());
    const std::string quoted = '"' + in_.substr(0, bytes) + '"';
    JsonScan scan;
    if (scan_json_string(quoted.data(), quoted.data() + quoted.size(), scan) == nullptr) {
      return fail(scan.error, offset_ + static_cast<uint64_t>(scan.error_at - quoted.data()) - 1);
    }
    text_.clear();
    at_ = 0;
    append_decoded_string(quoted, text_);
    pass(bytes);
    return ends ? end() : Status::ok();
  }

  // Only white space may follow.
  Status end() {
    pass(1);
    ended_ = true;
    do {
      QUIPU_RETURN_IF_ERROR(fill());
      pass(static_cast<size_t>(skip_json_white_space(in_.data(), in_.data() + in_.size()) - in_.data()));
      if (!in_.empty()) return fail("Extra data", offset_);
    } while (!at_end_of_file_);
    return Status::ok();
  }

  const std::string path_;
  const std::unique_ptr<InputFile> file_;
  std::string in_;       // read and not decoded
  uint64_t offset_ = 0;  // of its beginning in the file
  std::string text_;     // decoded; handed on up to at_
  size_t at_ = 0;
  bool begun_ = false;
  bool ended_ = false;
  bool at_end_of_file_ = false;
};

}  // namespace

Result<std::unique_ptr<InputFile>> StringOfJsonFileSystem::open(const std::string& path) const {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, files_.open(path));
  return std::make_unique<StringOfJsonFile>(path, std::move(file));
}

}  // namespace quipu
