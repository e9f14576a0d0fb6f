#include "backends/rocksdb/backup/pinned_database.h"

#include <cstdlib>
#include <memory>
#include <string>

namespace quipu::rocks {
namespace {

// Not the owner: the core is.
std::shared_ptr<rocksdb::DB> borrowed(rocksdb::DB& db) { return {std::shared_ptr<void>(), &db}; }

}  // namespace

PinnedDatabase::PinnedDatabase(const Database& database)
    : KeptDatabase(borrowed(database.db())), database_(database) {}

rocksdb::Status PinnedDatabase::GetLiveFilesStorageInfo(
    const rocksdb::LiveFilesStorageInfoOptions& /*options*/,
    std::vector<rocksdb::LiveFileStorageInfo>* files) {
  *files = live_files(database_);
  return rocksdb::Status::OK();
}

std::vector<rocksdb::LiveFileStorageInfo> live_files(const Database& database) {
  const PinnedFiles& pinned = *database.pinned_files();
  std::vector<rocksdb::LiveFileStorageInfo> files;
  const auto add = [&](const std::string& name, rocksdb::FileType type, uint64_t size) -> auto& {
    rocksdb::LiveFileStorageInfo& file = files.emplace_back();
    file.relative_filename = name;
    file.directory = pinned.path();
    file.file_type = type;
    file.size = size;
    return file;
  };
  std::vector<rocksdb::LiveFileMetaData> tables;
  database.db().GetLiveFilesMetaData(&tables);
  for (const rocksdb::LiveFileMetaData& table : tables) {
    add(table.relative_filename, rocksdb::kTableFile, table.size).file_number = table.file_number;
  }
  for (const auto& [name, file] : pinned.all()) {
    if (!name.ends_with(".log") || file->size() == 0) continue;
    rocksdb::LiveFileStorageInfo& log = add(name, rocksdb::kWalFile, file->size());
    log.file_number = std::strtoull(name.c_str(), nullptr, 10);
    log.trim_to_size = true;
  }
  rocksdb::LiveFileStorageInfo& manifest =
      add(pinned.manifest(), rocksdb::kDescriptorFile, pinned.find(pinned.manifest())->size());
  manifest.trim_to_size = true;
  const std::string text = pinned.manifest() + "\n";
  add("CURRENT", rocksdb::kCurrentFile, text.size()).replacement_contents = text;
  return files;
}

}  // namespace quipu::rocks
