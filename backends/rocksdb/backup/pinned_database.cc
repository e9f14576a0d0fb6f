#include "backends/rocksdb/backup/pinned_database.h"

#include <cstdlib>
#include <memory>
#include <string>

namespace quipu::rocks {
namespace {

// Not the owner: the core is.
std::shared_ptr<rocksdb::DB> borrowed(rocksdb::DB& db) { return {std::shared_ptr<void>(), &db}; }

}  // namespace

FrozenDatabase::FrozenDatabase(const StoreCore& core) : StackableDB(borrowed(core.db())), core_(core) {}

rocksdb::Status FrozenDatabase::GetLiveFilesStorageInfo(
    const rocksdb::LiveFilesStorageInfoOptions& /*options*/,
    std::vector<rocksdb::LiveFileStorageInfo>* files) {
  *files = live_files(core_);
  return rocksdb::Status::OK();
}

std::vector<rocksdb::LiveFileStorageInfo> live_files(const StoreCore& core) {
  const FrozenFiles& frozen = *core.frozen_files();
  std::vector<rocksdb::LiveFileStorageInfo> files;
  const auto add = [&](const std::string& name, rocksdb::FileType type, uint64_t size) -> auto& {
    rocksdb::LiveFileStorageInfo& file = files.emplace_back();
    file.relative_filename = name;
    file.directory = frozen.path();
    file.file_type = type;
    file.size = size;
    return file;
  };
  std::vector<rocksdb::LiveFileMetaData> tables;
  core.db().GetLiveFilesMetaData(&tables);
  for (const rocksdb::LiveFileMetaData& table : tables) {
    add(table.relative_filename, rocksdb::kTableFile, table.size).file_number = table.file_number;
  }
  for (const auto& [name, file] : frozen.all()) {
    if (!name.ends_with(".log") || file->size() == 0) continue;
    rocksdb::LiveFileStorageInfo& log = add(name, rocksdb::kWalFile, file->size());
    log.file_number = std::strtoull(name.c_str(), nullptr, 10);
    log.trim_to_size = true;
  }
  rocksdb::LiveFileStorageInfo& manifest =
      add(frozen.manifest(), rocksdb::kDescriptorFile, frozen.find(frozen.manifest())->size());
  manifest.trim_to_size = true;
  const std::string text = frozen.manifest() + "\n";
  add("CURRENT", rocksdb::kCurrentFile, text.size()).replacement_contents = text;
  return files;
}

}  // namespace quipu::rocks
