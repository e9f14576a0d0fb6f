#include "engine/files/decoding_file_system.h"

#include <iconv.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/base/utf8.h"

namespace quipu {
namespace {

constexpr size_t kBufferBytes = 65'536;

// iconv's converter to UTF-8.
class Converter {
 public:
  explicit Converter(const std::string& encoding) : iconv_(::iconv_open("UTF-8", encoding.c_str())) {}
  ~Converter() {
    if (is_open()) ::iconv_close(iconv_);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  bool is_open() const { return iconv_ != reinterpret_cast<iconv_t>(-1); }

  // Converts what it can, and moves the beginnings of both. 0, or errno: E2BIG, EINVAL for a character that
  // is cut off at the end, EILSEQ for what is none.
  int convert(const char*& from, size_t from_bytes, char*& to, size_t to_bytes) {
    auto* in = const_cast<char*>(from);  // which iconv does not change
    const size_t done = ::iconv(iconv_, &in, &from_bytes, &to, &to_bytes);
    const int error = done == static_cast<size_t>(-1) ? errno : 0;
    from = in;
    return error;
  }

 private:
  const iconv_t iconv_;
};

// The text in UTF-8; nothing where it is not in the encoding.
std::optional<std::string> converted(const std::string& encoding, std::string_view text) {
  Converter converter(encoding);
  std::string out(4 * text.size() + 4, '\0');
  const char* from = text.data();
  char* to = out.data();
  if (converter.convert(from, text.size(), to, out.size()) != 0) return std::nullopt;
  out.resize(static_cast<size_t>(to - out.data()));
  return out;
}

// Names that iconv lacks, or has for something else: its SHIFT_JIS has a yen sign for the backslash, where
// Windows and Python have a backslash.
struct Alias {
  std::string_view name;  // in lower case, without - and _
  const char* encoding;
};
constexpr Alias kAliases[] = {
    {"shiftjis", "CP932"}, {"sjis", "CP932"}, {"macroman", "MACINTOSH"}, {"utf8sig", "UTF-8"}};

// The name by which iconv knows the encoding; empty when it does not.
std::string iconv_name(const std::string& name) {
  const bool plain = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == ':';
  });
  if (!plain) return {};  // behind slashes iconv takes options
  std::string bare;
  for (const unsigned char c : name) {
    if (c != '-' && c != '_') bare += static_cast<char>(std::tolower(c));
  }
  const auto alias = std::ranges::find(kAliases, bare, &Alias::name);
  if (alias != std::end(kAliases)) return alias->encoding;
  std::string dashed = name;
  std::ranges::replace(dashed, '_', '-');
  for (const std::string& candidate : {name, dashed, bare}) {
    if (Converter(candidate).is_open()) return candidate;
  }
  return {};
}

// A window that starts a file's part beyond ASCII, and may cut off its last character.
bool is_utf8(const char* at, const char* end) {
  while (at < end) {
    uint32_t code_point = 0;
    const int length = decode_utf8(at, end, code_point);
    if (length == 0) return is_utf8_prefix(at, end);
    at += length;
  }
  return true;
}

class DecodingInputFile : public InputFile {
 public:
  DecodingInputFile(std::string path, std::unique_ptr<InputFile> file, const std::string& encoding,
                    bool extends_ascii)
      : path_(std::move(path)),
        file_(std::move(file)),
        encoding_(encoding),
        converter_(encoding),
        mode_(extends_ascii ? Mode::kAscii : Mode::kBeginning),
        in_(kBufferBytes, '\0'),
        out_(kBufferBytes, '\0') {}

  Result<size_t> read(char* to, size_t size) override {
    while (true) {
      if (out_at_ < out_end_) return hand_on(out_.data(), out_at_, out_end_, to, size);
      if (at_ == end_) QUIPU_RETURN_IF_ERROR(fill());
      if (at_ == end_) return size_t{0};
      if (mode_ == Mode::kBeginning || (mode_ == Mode::kAscii && is_beyond_ascii(in_[at_]))) {
        QUIPU_RETURN_IF_ERROR(judge());
      }
      if (mode_ == Mode::kDecoding) {
        QUIPU_RETURN_IF_ERROR(decode());
      } else {
        return hand_on(in_.data(), at_, mode_ == Mode::kAscii ? ascii_end() : end_, to, size);
      }
    }
  }
  uint64_t size() const override { return file_->size(); }

 private:
  enum class Mode { kBeginning, kAscii, kUtf8, kDecoding };

  static bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }
  size_t ascii_end() const {
    return static_cast<size_t>(std::find_if(in_.begin() + static_cast<std::ptrdiff_t>(at_),
                                            in_.begin() + static_cast<std::ptrdiff_t>(end_),
                                            is_beyond_ascii) -
                               in_.begin());
  }

  static size_t hand_on(const char* from, size_t& at, size_t end, char* to, size_t size) {
    const size_t bytes = std::min(size, end - at);
    std::memcpy(to, from + at, bytes);
    at += bytes;
    return bytes;
  }

  // Reads until the buffer is full or the file ends.
  Status fill() {
    std::memmove(in_.data(), in_.data() + at_, end_ - at_);
    offset_ += at_;
    end_ -= std::exchange(at_, 0);
    while (end_ < in_.size()) {
      QUIPU_ASSIGN_OR_RETURN(const size_t got, file_->read(in_.data() + end_, in_.size() - end_));
      if (got == 0) break;
      end_ += got;
    }
    return Status::ok();
  }

  Status judge() {
    QUIPU_RETURN_IF_ERROR(fill());
    const std::string_view window(in_.data(), end_);
    if (mode_ == Mode::kAscii) {
      mode_ = is_utf8(window.begin(), window.end()) ? Mode::kUtf8 : Mode::kDecoding;
    } else {
      const bool plain = window.substr(0, 4).find('\0') == std::string_view::npos && window[0] == '{';
      mode_ = plain ? Mode::kUtf8 : Mode::kDecoding;
    }
    return Status::ok();
  }

  Status decode() {
    const char* from = in_.data() + at_;
    char* to = out_.data();
    const int error = converter_.convert(from, end_ - at_, to, out_.size());
    at_ = static_cast<size_t>(from - in_.data());
    out_at_ = 0;
    out_end_ = static_cast<size_t>(to - out_.data());
    if (error == 0 || out_end_ != 0) return Status::ok();
    if (error == EINVAL) {
      const size_t left = end_ - at_;
      QUIPU_RETURN_IF_ERROR(fill());
      if (end_ != left) return Status::ok();
    }
    return Status::invalid_argument(path_ + ": byte " + std::to_string(offset_ + at_) + ": no character of " +
                                    encoding_ + (error == EINVAL ? ", for the file ends in it" : ""));
  }

  const std::string path_;
  const std::unique_ptr<InputFile> file_;
  const std::string encoding_;
  Converter converter_;
  Mode mode_;
  std::string in_;  // read and not handed on: from at_ to end_
  size_t at_ = 0;
  size_t end_ = 0;
  uint64_t offset_ = 0;  // of the buffer's beginning in the file
  std::string out_;      // converted and not handed on
  size_t out_at_ = 0;
  size_t out_end_ = 0;
};

}  // namespace

Result<std::unique_ptr<DecodingFileSystem>> DecodingFileSystem::make(const FileSystem& files,
                                                                     const std::string& encoding) {
  std::string name = iconv_name(encoding);
  if (name.empty()) {
    return Status::invalid_argument(
        "unknown encoding \"" + encoding +
        "\": known are gbk, cp932, cp949, cp950, cp1252, latin-1, utf-16 and what "
        "else iconv lists");
  }
  std::string ascii;
  for (char c = '\1'; c != '\x7f'; ++c) ascii += c;
  const bool extends_ascii = converted(name, ascii) == ascii;
  // One whose brace is an ASCII brace, but not all the rest, cannot be told from ASCII.
  if (!extends_ascii && converted(name, "{") == "{") {
    return Status::invalid_argument("encoding \"" + encoding +
                                    "\" gives ASCII characters another meaning, which JSON does not allow");
  }
  return std::unique_ptr<DecodingFileSystem>(new DecodingFileSystem(files, std::move(name), extends_ascii));
}

Result<std::unique_ptr<InputFile>> DecodingFileSystem::open(const std::string& path) const {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, files_.open(path));
  return std::make_unique<DecodingInputFile>(path, std::move(file), encoding_, extends_ascii_);
}

Result<std::unique_ptr<OutputFile>> DecodingFileSystem::create(const std::string& path) const {
  return files_.create(path);
}
Result<std::optional<uint64_t>> DecodingFileSystem::file_size(const std::string& path) const {
  return files_.file_size(path);
}
Result<std::vector<std::string>> DecodingFileSystem::list(const std::string& directory) const {
  return files_.list(directory);
}
Result<bool> DecodingFileSystem::make_directory(const std::string& directory) const {
  return files_.make_directory(directory);
}
void DecodingFileSystem::remove_directory(const std::string& directory) const {
  files_.remove_directory(directory);
}

}  // namespace quipu
