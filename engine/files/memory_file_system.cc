#include <algorithm>
#include <cstring>
#include <map>

#include "quipu/backend/thread_annotations.h"
#include "quipu/file_system.h"

namespace quipu {

struct MemoryFileSystem::Files {
  using Content = std::shared_ptr<const std::string>;

  Content find(const std::string& path) {
    const MutexLock lock(mutex);
    const auto found = files.find(path);
    return found == files.end() ? nullptr : found->second;
  }
  void put(const std::string& path, std::string content) {
    const MutexLock lock(mutex);
    files[path] = std::make_shared<const std::string>(std::move(content));
  }

  Mutex mutex;
  std::map<std::string, Content> files QUIPU_GUARDED_BY(mutex);
};

namespace {

class MemoryInputFile : public InputFile {
 public:
  explicit MemoryInputFile(std::shared_ptr<const std::string> content) : content_(std::move(content)) {}
  Result<size_t> read(char* to, size_t size) override {
    const size_t count = std::min(size, content_->size() - at_);
    std::memcpy(to, content_->data() + at_, count);
    at_ += count;
    return count;
  }
  uint64_t size() const override { return content_->size(); }

 private:
  const std::shared_ptr<const std::string> content_;
  size_t at_ = 0;
};

// "a//b/" and "a/b" are one path.
std::string plain(std::string_view path) {
  std::string plain;
  for (const char c : path) {
    if (c != '/' || (!plain.empty() && plain.back() != '/')) plain += c;
  }
  if (plain.ends_with('/')) plain.pop_back();
  if (plain == ".") return {};
  return plain.starts_with("./") ? plain.substr(2) : plain;
}

}  // namespace

MemoryFileSystem::MemoryFileSystem() : files_(std::make_shared<Files>()) {}
MemoryFileSystem::~MemoryFileSystem() = default;

Result<std::unique_ptr<InputFile>> MemoryFileSystem::open(const std::string& path) const {
  Files::Content content = files_->find(plain(path));
  if (!content) return Status::io_error("cannot open " + path + ": No such file or directory");
  return std::make_unique<MemoryInputFile>(std::move(content));
}

Result<std::unique_ptr<OutputFile>> MemoryFileSystem::create(const std::string& path) const {
  class MemoryOutputFile : public OutputFile {
   public:
    MemoryOutputFile(std::shared_ptr<Files> files, std::string path)
        : files_(std::move(files)), path_(std::move(path)) {}
    Status append(std::string_view text) override {
      content_ += text;
      return Status::ok();
    }
    Status commit() override {
      files_->put(path_, content_);
      return Status::ok();
    }
    uint64_t bytes_written() const override { return content_.size(); }

   private:
    const std::shared_ptr<Files> files_;
    const std::string path_;
    std::string content_;
  };
  if (plain(path).empty() || path.ends_with('/')) {
    return Status::invalid_argument("cannot write " + path + ": not the name of a file");
  }
  return std::make_unique<MemoryOutputFile>(files_, plain(path));
}

Result<std::optional<uint64_t>> MemoryFileSystem::file_size(const std::string& path) const {
  const Files::Content content = files_->find(plain(path));
  return content ? std::optional<uint64_t>(content->size()) : std::nullopt;
}

Result<std::vector<std::string>> MemoryFileSystem::list(const std::string& directory) const {
  const std::string prefix = plain(directory).empty() ? "" : plain(directory) + "/";
  std::vector<std::string> names;
  const MutexLock lock(files_->mutex);
  for (auto at = files_->files.lower_bound(prefix); at != files_->files.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    std::string name = at->first.substr(prefix.size());
    name = name.substr(0, name.find('/'));
    if (names.empty() || names.back() != name) names.push_back(std::move(name));
  }
  return names;
}

Result<bool> MemoryFileSystem::make_directory(const std::string& /*directory*/) const { return false; }
void MemoryFileSystem::remove_directory(const std::string& /*directory*/) const {}

Status MemoryFileSystem::remove_file(const std::string& path) const {
  const MutexLock lock(files_->mutex);
  files_->files.erase(plain(path));
  return Status::ok();
}

Status FileSystem::remove_file(const std::string& path) const {
  return Status::not_supported("this file system removes no files: " + path);
}

}  // namespace quipu
