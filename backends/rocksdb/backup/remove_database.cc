#include <algorithm>
#include <array>
#include <boost/filesystem.hpp>
#include <string>
#include <string_view>

#include "backends/rocksdb/backup/staged_database.h"
#include "backends/rocksdb/files/layout.h"

namespace quipu::rocks {
namespace {

namespace fs = boost::filesystem;

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_numbered(std::string_view name, std::string_view before, std::string_view after) {
  constexpr std::string_view kDigits = "0123456789";
  if (name.size() < before.size() + after.size()) return false;
  return name.starts_with(before) && name.ends_with(after) &&
         all_of(name.substr(before.size(), name.size() - before.size() - after.size()), kDigits);
}

bool is_rocksdb_file(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames = {"CURRENT", "CURRENT.tmp", "IDENTITY", "LOCK", "LOG"};
  return std::ranges::find(kNames, name) != kNames.end() || is_numbered(name, "", ".sst") ||
         is_numbered(name, "", ".log") || is_numbered(name, "", ".dbtmp") ||
         is_numbered(name, "MANIFEST-", "") || is_numbered(name, "OPTIONS-", "") ||
         is_numbered(name, "OPTIONS-", ".dbtmp") || is_numbered(name, "LOG.old.", "");
}

bool is_temporary_file(std::string_view name) {
  return name.starts_with("sort-") || name.ends_with(".sst") || name == kStatsFile;
}

bool is_index_file(std::string_view name) {
  const size_t dot = name.find('.');
  return dot == 32 && all_of(name.substr(0, dot), "0123456789abcdef") &&
         name.substr(dot).starts_with(".hnsw");
}

bool is_own_file(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames = {kMarkerFile, kMarkerBeingMade, kLockFile, kSessionFile,
                                                      kStatsFile};
  return std::ranges::find(kNames, name) != kNames.end();
}

void remove_files(const fs::path& folder, bool (*is_ours)(std::string_view)) {
  boost::system::error_code error;
  if (fs::symlink_status(folder, error).type() != fs::directory_file) return;  // not through a link
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    boost::system::error_code ignored;  // what cannot be removed is seen by who asks whether anything is left
    const bool regular = at->symlink_status(ignored).type() == fs::regular_file;
    if (regular && is_ours(at->path().filename().string())) fs::remove(at->path(), ignored);
  }
}

bool holds_only(const fs::path& folder, bool (*is_ours)(std::string_view)) {
  boost::system::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (!is_ours(at->path().filename().string())) return false;
  }
  return !error;
}

// The folders of a database, with its files in them.
void remove_folders(const fs::path& folder) {
  const auto below = [&](std::string_view name) { return folder / std::string(name); };
  remove_files(below(kRocksDBFolder), is_rocksdb_file);
  remove_files(below(kTemporaryFolder), is_temporary_file);
  remove_files(below(kIndexFolder), is_index_file);
  boost::system::error_code ignored;  // only empty directories go
  for (const std::string_view name : {kRocksDBFolder, kTemporaryFolder, kIndexFolder}) {
    if (fs::symlink_status(below(name), ignored).type() == fs::directory_file) {
      fs::remove(below(name), ignored);
    }
  }
}

}  // namespace

bool remove_database(const std::string& path) {
  const fs::path folder(path);
  remove_folders(folder);
  remove_files(folder, is_own_file);
  boost::system::error_code ignored;
  fs::remove(folder, ignored);
  return fs::symlink_status(folder, ignored).type() == fs::file_not_found;
}

void empty_database(const std::string& path) {
  const fs::path folder(path);
  remove_folders(folder);
  if (holds_only(folder, is_own_file)) remove_files(folder, is_own_file);
}

}  // namespace quipu::rocks
