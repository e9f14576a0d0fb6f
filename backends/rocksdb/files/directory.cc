#include "backends/rocksdb/files/directory.h"

#include <boost/filesystem.hpp>
#include <charconv>
#include <string_view>
#include <utility>

#include "backends/rocksdb/files/file_util.h"
#include "backends/rocksdb/files/layout.h"

namespace quipu::rocks {
namespace {

namespace fs = boost::filesystem;

constexpr std::string_view kMarker = "quipu format ";

// The format that a directory's marker names.
Result<uint32_t> format_of(const std::string& directory, std::string_view text) {
  uint32_t format = 0;
  const bool ours = text.starts_with(kMarker);
  if (ours) text.remove_prefix(kMarker.size());
  const std::from_chars_result read = std::from_chars(text.data(), text.data() + text.size(), format);
  if (!ours || read.ec != std::errc() || format == 0 || read.ptr == text.data() + text.size() ||
      *read.ptr != '\n') {
    return Status::corruption(directory + "/QUIPU does not name a format");
  }
  if (format > kDatabaseFormat) {
    return Status::invalid_argument(directory + " has format " + std::to_string(format) +
                                    ", which this build does not know: it knows formats up to " +
                                    std::to_string(kDatabaseFormat) + ", a newer one may know more");
  }
  return format;
}

}  // namespace

Result<std::unique_ptr<Directory>> Directory::open(const std::string& path, bool create_if_missing) {
  std::unique_ptr<Directory> directory(new Directory(path));
  bool is_new = false;
  QUIPU_RETURN_IF_ERROR(directory->check(create_if_missing, is_new));
  if (is_new) QUIPU_RETURN_IF_ERROR(make_directory(path));
  QUIPU_ASSIGN_OR_RETURN(directory->lock_, DirectoryLock::take(path));
  if (is_new) QUIPU_RETURN_IF_ERROR(write_marker(path));
  QUIPU_RETURN_IF_ERROR(directory->empty_temporary());
  return directory;
}

Result<std::unique_ptr<Directory>> Directory::open_for_reading(const std::string& path) {
  std::unique_ptr<Directory> directory(new Directory(path));
  bool is_new = false;
  QUIPU_RETURN_IF_ERROR(directory->check(/*create_if_missing=*/false, is_new));
  boost::system::error_code error;
  const fs::path temporary = fs::temp_directory_path(error);
  directory->temporary_ = error ? "/tmp" : temporary.string();
  return directory;
}

Status Directory::check(bool create_if_missing, bool& is_new) {
  boost::system::error_code error;
  const fs::file_status status = fs::status(path_, error);
  if (status.type() == fs::file_not_found) {
    if (!create_if_missing) return Status::io_error("cannot open " + path_ + ": No such file or directory");
    is_new = true;
    return Status::ok();
  }
  if (error) return Status::io_error("cannot read " + path_ + ": " + error.message());
  if (!fs::is_directory(status)) return Status::invalid_argument(path_ + " is not a directory");
  if (fs::exists(in_directory(path_, kMarkerFile), error)) {
    QUIPU_ASSIGN_OR_RETURN(const std::string marker, read_small_file(in_directory(path_, kMarkerFile), 64));
    QUIPU_ASSIGN_OR_RETURN(format_, format_of(path_, marker));
    return Status::ok();
  }
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> names, names_in(path_));
  for (const std::string& name : names) {
    if (name == kLockFile || name == kMarkerBeingMade) continue;  // a directory that was being made
    return Status::invalid_argument(path_ + " is not a Quipu directory, and not empty: it holds " + name);
  }
  if (!create_if_missing) return Status::invalid_argument(path_ + " is empty: no Quipu directory");
  is_new = true;
  return Status::ok();
}

Status Directory::raise_format(uint32_t format) {
  if (format_.load() >= format) return Status::ok();
  QUIPU_RETURN_IF_ERROR(write_marker(path_, format));
  QUIPU_RETURN_IF_ERROR(sync());
  format_ = format;
  return Status::ok();
}

Status Directory::write_marker(const std::string& path, uint32_t format) {
  QUIPU_RETURN_IF_ERROR(
      replace_file(in_directory(path, kMarkerFile), std::string(kMarker) + std::to_string(format) + "\n"));
  // A folder above that may not be read cannot be synced; its owner sees to it.
  (void)sync_directory(fs::absolute(path).parent_path().string()).is_ok();
  return Status::ok();
}

Status Directory::sync() const { return sync_directory(path_); }

Result<std::string> Directory::make_index_directory() const {
  boost::system::error_code error;
  fs::create_directory(index_path(), error);
  if (error) return Status::io_error("cannot make " + index_path() + ": " + error.message());
  return index_path();
}

Status Directory::empty_temporary() const {
  boost::system::error_code error;
  fs::remove_all(temporary_path(), error);
  if (!error) fs::create_directory(temporary_path(), error);
  if (error) return Status::io_error("cannot empty " + temporary_path() + ": " + error.message());
  // Index files that were being written when a process died.
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> names, names_in(index_path()));
  for (const std::string& name : names) {
    const bool unfinished = name.starts_with('.') && name.ends_with(".tmp");
    if (unfinished) fs::remove(index_path() + "/" + name, error);  // what stays only takes up room
  }
  return Status::ok();
}

}  // namespace quipu::rocks
