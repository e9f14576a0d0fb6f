#include "backends/rocksdb/check/quarantine_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "backends/rocksdb/files/file_util.h"
#include "backends/rocksdb/files/layout.h"

namespace quipu::rocks {
namespace {

std::string hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

}  // namespace

QuarantineFile::~QuarantineFile() {
  if (file_ >= 0) ::close(file_);
}

Status QuarantineFile::open() {
  if (directory_.empty() || file_ >= 0) return Status::ok();
  const std::string folder = in_directory(directory_, kQuarantineFolder);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return disk_error("cannot make", folder, errno);
  struct stat info {};
  if (::lstat(folder.c_str(), &info) != 0) return disk_error("cannot read", folder, errno);
  if (!S_ISDIR(info.st_mode)) return Status::io_error(folder + " is not a directory");
  for (int number = 1; file_ < 0; ++number) {
    path_ = folder + "/" + std::to_string(number) + ".jsonl";
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (file_ < 0 && errno != EEXIST) return disk_error("cannot make", path_, errno);
  }
  QUIPU_RETURN_IF_ERROR(sync_directory(folder));
  return sync_directory(directory_);
}

// `member`: the value's, with its name.
Status QuarantineFile::line(std::string_view collection, std::string_view key, std::string_view member) {
  ++entries_;
  QUIPU_RETURN_IF_ERROR(open());
  if (file_ < 0) return Status::ok();
  std::string text = "{\"collection\": ";
  append_json_string(collection, text);
  text += ", \"key\": ";
  const size_t at = text.size();
  append_json_string(key, text);
  std::string decoded;
  append_decoded_string(std::string_view(text).substr(at), decoded);
  if (decoded != key) text += ", \"key_hex\": \"" + hex(key) + "\"";
  text.append(", ").append(member).append("}\n");
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = ::write(file_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return disk_error("cannot write", path_, errno);
    rest.remove_prefix(static_cast<size_t>(written));
  }
  return Status::ok();
}

Status QuarantineFile::entry(std::string_view collection, std::string_view key, JsonView value) {
  return line(collection, key, "\"value\": " + std::string(value.text()));
}

Status QuarantineFile::bytes(std::string_view collection, std::string_view key, std::string_view value) {
  return line(collection, key, "\"value_hex\": \"" + hex(value) + "\"");
}

Status QuarantineFile::sync() {
  if (file_ >= 0 && ::fdatasync(file_) != 0) return disk_error("cannot sync", path_, errno);
  return Status::ok();
}

}  // namespace quipu::rocks
