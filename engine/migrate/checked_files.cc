#include "engine/migrate/checked_files.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/layout/storage_layout.h"
#include "engine/persist/files/persist_file_kind.h"
#include "quipu/backend/features.h"
#include "quipu/bulk_load.h"
#include "quipu/chat_store.h"
#include "quipu/persist_dir.h"
#include "quipu/property_graph_store.h"

namespace quipu {
namespace {

constexpr size_t kReadBytes = 1 << 20;

class WatchedInput : public InputFile {
 public:
  WatchedInput(std::unique_ptr<InputFile> file, Work& work) : file_(std::move(file)), work_(work) {}
  Result<size_t> read(char* to, size_t size) override {
    QUIPU_RETURN_IF_ERROR(work_.check());
    QUIPU_ASSIGN_OR_RETURN(const size_t got, file_->read(to, size));
    work_.add(got);
    return got;
  }
  uint64_t size() const override { return file_->size(); }

 private:
  const std::unique_ptr<InputFile> file_;
  Work& work_;
};

// A file system for reading, without the mark.
class WithoutMark : public FileSystem {
 public:
  WithoutMark(const FileSystem& files, Work& work) : files_(files), work_(work) {}

  Result<std::unique_ptr<InputFile>> open(const std::string& path) const override {
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, files_.open(path));
    return std::make_unique<WatchedInput>(std::move(file), work_);
  }
  Result<std::unique_ptr<OutputFile>> create(const std::string& path) const override {
    return Status::not_supported("open for reading: " + path);
  }
  Result<std::optional<uint64_t>> file_size(const std::string& path) const override {
    return files_.file_size(path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) const override {
    QUIPU_ASSIGN_OR_RETURN(std::vector<std::string> names, files_.list(directory));
    std::erase(names, kMigrationFile);
    return names;
  }
  Result<bool> make_directory(const std::string& /*directory*/) const override { return false; }
  void remove_directory(const std::string& /*directory*/) const override {}

 private:
  const FileSystem& files_;
  Work& work_;
};

using Hashes = std::map<std::string, EntryHashes, std::less<>>;

class HashingLoad : public BulkLoad {
 public:
  explicit HashingLoad(Hashes& hashes) : hashes_(hashes) {}
  Status begin_file(std::string_view /*persist_file*/) override { return Status::ok(); }
  Status begin_collection(std::string_view name, const CollectionOptions& /*options*/) override {
    current_ = &(hashes_[std::string(name)] = EntryHashes());
    return Status::ok();
  }
  Status put(std::string_view key, JsonView val) override {
    current_->add(key, val.text());
    return Status::ok();
  }
  Status commit() override { return Status::ok(); }

 private:
  Hashes& hashes_;
  EntryHashes* current_ = nullptr;
};

// A store that keeps of what is loaded the hashes alone.
class HashingStore : public BaseKVStore {
 public:
  ~HashingStore() override { finish_async_calls(); }
  const Hashes& hashes() const { return hashes_; }

  Status put(std::string_view /*key*/, JsonView /*val*/, std::string_view /*collection*/) override {
    return Status::not_supported("hashes of bulk loads alone are kept here");
  }
  Result<bool> delete_(std::string_view /*key*/, std::string_view /*collection*/) override { return false; }
  Result<std::optional<Json>> get(std::string_view /*key*/, std::string_view /*collection*/) const override {
    return std::optional<Json>();
  }
  Result<std::vector<KVEntry>> get_all(std::string_view /*collection*/) const override {
    return std::vector<KVEntry>();
  }
  Result<uint64_t> count(std::string_view collection) const override {
    const auto found = hashes_.find(collection);
    return found == hashes_.end() ? 0 : found->second.count();
  }
  Result<std::vector<CollectionInfo>> collections() const override { return std::vector<CollectionInfo>(); }
  Result<std::unique_ptr<BulkLoad>> bulk_load() override { return std::make_unique<HashingLoad>(hashes_); }

 private:
  Hashes hashes_;
};

// Whether a store has a file's collections as they are read from it. Of chats the messages are numbered
// anew; the entities of a property graph may have their vectors in a vector store's file.
bool stands_as_in_file(const ContentSummary& wanted, const CollectionInfo& info) {
  if (info.persist_file == CHAT_STORE_PERSIST_FNAME) return false;
  const PersistFileKind& kind = PersistFileKind::of(info.persist_file);
  if (kind.holds_key_values) return true;
  return wanted.find(PropertyGraphCollections(kPropertyGraphNamespace).nodes) == nullptr;
}

Status check_collections(const ContentSummary& wanted, const std::map<std::string, WrittenFile>& files,
                         const Hashes& read) {
  for (const auto& [file, written] : files) {
    for (const auto& [collection, count] : written.counts) {
      const auto found = read.find(collection);
      const uint64_t has = found == read.end() ? 0 : found->second.count();
      const CollectionSummary* const source = wanted.find(collection);
      if (source == nullptr || !stands_as_in_file(wanted, source->info)) continue;
      CollectionSummary again{source->info, {}, {}};
      again.info.count = has;
      if (has != count || found == read.end()) {
        if (count == 0 && has == 0) continue;
        return check_same(*source, again, false);
      }
      again.content = found->second.content();
      again.order = found->second.order();
      QUIPU_RETURN_IF_ERROR(check_same(*source, again, true));
    }
  }
  return Status::ok();
}

}  // namespace

Result<std::string> sha256_of(const std::string& path, const FileSystem& fs, Work& work) {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<InputFile> file, fs.open(path));
  Sha256 hash;
  std::string part(kReadBytes, '\0');
  while (true) {
    QUIPU_ASSIGN_OR_RETURN(const size_t got, file->read(part.data(), part.size()));
    if (got == 0) return hash.hex();
    hash.update(std::string_view(part).substr(0, got));
    work.add(got);
    QUIPU_RETURN_IF_ERROR(work.check());
  }
}

Status check_files(const std::string& directory, const FileSystem& fs, const ContentSummary& wanted,
                   const std::map<std::string, WrittenFile>& files, Work& work) {
  for (const auto& [name, written] : files) {
    work.begin(name);
    const std::string path = path_in(directory, name);
    QUIPU_ASSIGN_OR_RETURN(const std::string sha256, sha256_of(path, fs, work));
    if (sha256 != written.sha256) {
      return Status::corruption(path + " is not what was written: its SHA-256 is " + sha256 + ", not " +
                                written.sha256);
    }
  }
  if (files.empty()) return Status::ok();
  const WithoutMark readable(fs, work);
  HashingStore read;
  ImportOptions options;
  options.fs = &readable;
  for (const auto& [name, written] : files) options.files.push_back(name);
  QUIPU_RETURN_IF_ERROR(import_persist_dir(directory, read, options).status());
  return check_collections(wanted, files, read.hashes());
}

}  // namespace quipu
