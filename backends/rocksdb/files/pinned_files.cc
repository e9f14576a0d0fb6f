#include "backends/rocksdb/files/pinned_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "backends/rocksdb/files/file_util.h"

namespace quipu::rocks {
namespace {

// A capture takes a millisecond; a version of the manifest lasts longer but under the heaviest load.
constexpr int kAttempts = 200;

bool is_log(const std::string& name) { return name.ends_with(".log"); }

// Logs, newest first, then tables; by number, which is their name. A log that is older than another has come
// to its end, so that this order leaves no gap between two.
Result<std::vector<std::string>> data_files(const std::string& path) {
  std::vector<std::pair<uint64_t, std::string>> logs;
  std::vector<std::string> names;
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::string> all_names, names_in(path));
  for (std::string& name : all_names) {
    if (is_log(name)) {
      logs.emplace_back(std::strtoull(name.c_str(), nullptr, 10), std::move(name));
    } else if (name.ends_with(".sst") || name == "IDENTITY") {
      names.push_back(std::move(name));
    }
  }
  std::ranges::sort(logs, std::greater());
  std::vector<std::string> all;
  for (auto& [number, name] : logs) all.push_back(std::move(name));
  std::ranges::move(names, std::back_inserter(all));
  return all;
}

// The name of the manifest that CURRENT holds.
Result<std::string> current_manifest(const std::string& path) {
  if (::access((path + "/CURRENT").c_str(), F_OK) != 0 && errno == ENOENT) {
    return Status::not_found("no database in " + path);
  }
  QUIPU_ASSIGN_OR_RETURN(std::string name, read_small_file(path + "/CURRENT", 64));
  if (!name.starts_with("MANIFEST-") || !name.ends_with('\n') || name.find('/') != std::string::npos) {
    return Status::corruption(path + "/CURRENT does not name a manifest");
  }
  name.pop_back();
  return name;
}

std::optional<uint64_t> size_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return static_cast<uint64_t>(info.st_size);
}

}  // namespace

PinnedFile::~PinnedFile() { ::close(descriptor_); }

int64_t PinnedFile::read(uint64_t offset, char* to, size_t count) const {
  count = static_cast<size_t>(std::min<uint64_t>(count, size_ - std::min(offset, size_)));
  size_t done = 0;
  while (done < count) {
    const ssize_t got = ::pread(descriptor_, to + done, count - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return static_cast<int64_t>(done);
}

Result<std::shared_ptr<const PinnedFiles>> PinnedFiles::capture(const std::string& path) {
  Status held;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::shared_ptr<PinnedFiles> files(new PinnedFiles(path));
    QUIPU_ASSIGN_OR_RETURN(files->manifest_, current_manifest(path));
    held = files->hold_all();
    if (!held.is_ok() && held.code() != StatusCode::kNotFound) return held;
    // A file is removed, or a log begun anew, only after the manifest has said so. While it says the same,
    // what was held belongs together.
    const Result<std::string> now = current_manifest(path);
    if (held.is_ok() && now && *now == files->manifest_ &&
        size_of(path + "/" + *now) == files->find(*now)->size()) {
      return std::shared_ptr<const PinnedFiles>(std::move(files));
    }
  }
  if (!held.is_ok()) return Status::corruption(held.message());
  return Status::busy(path + " changes faster than it can be read; try again");
}

Status PinnedFiles::hold(const std::string& name) {
  const std::string path = path_ + "/" + name;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0 && errno == EMFILE) {
    return Status::io_error("cannot open " + path + ": a reader holds every file of the database open, and " +
                            std::to_string(files_.size()) +
                            " are all that this process may; raise its limit (ulimit -n)");
  }
  if (file < 0 && errno == ENOENT) return Status::not_found(path + " is missing");
  if (file < 0) return disk_error("cannot open", path, errno);
  struct stat info {};
  const bool regular = ::fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  files_[name] = std::make_shared<PinnedFile>(file, regular ? static_cast<uint64_t>(info.st_size) : 0);
  return regular ? Status::ok() : Status::corruption(path + " is not a regular file");
}

Status PinnedFiles::hold_all() {
  QUIPU_RETURN_IF_ERROR(hold("CURRENT"));
  QUIPU_RETURN_IF_ERROR(hold(manifest_));
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> names, data_files(path_));
  for (const std::string& name : names) {
    // One that has gone since it was listed was needed no more, or the manifest has changed by now.
    Status held = hold(name);
    if (!held.is_ok() && held.code() != StatusCode::kNotFound) return held;
  }
  return Status::ok();
}

PinnedFilePtr PinnedFiles::find(const std::string& name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : found->second;
}

bool PinnedFiles::is_current() const {
  const Result<std::string> manifest = current_manifest(path_);
  const Result<std::vector<std::string>> names = data_files(path_);
  if (!manifest || !names || *manifest != manifest_) return false;
  if (size_of(path_ + "/" + manifest_) != find(manifest_)->size()) return false;
  return std::ranges::all_of(*names, [&](const std::string& name) {
    const PinnedFilePtr file = find(name);
    return !is_log(name) || (file && size_of(path_ + "/" + name) == file->size());
  });
}

}  // namespace quipu::rocks
