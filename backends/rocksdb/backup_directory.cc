#include "backends/rocksdb/backup_directory.h"

#include <rocksdb/file_system.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <set>

#include "backends/rocksdb/disk_files.h"
#include "backends/rocksdb/rocksdb_status.h"

namespace quipu::rocks {
namespace {

namespace fs = boost::filesystem;

constexpr const char* kMarkerFile = "/QUIPU-BACKUPS";
constexpr std::string_view kMarker = "quipu backups 1\n";
constexpr const char* kRemovalSuffix = ".removing";  // of the record of a backup that is going
constexpr size_t kMaxRecordBytes = 1 << 20;

// The numbers that name files in a folder.
std::vector<uint32_t> numbers_in(const std::string& folder) {
  std::vector<uint32_t> numbers;
  boost::system::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    uint32_t number = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
    if (read.ec == std::errc() && std::to_string(number) == name) numbers.push_back(number);
  }
  return numbers;  // a folder that cannot be read has none, and the marker's has been
}

// Shows RocksDB the lists of sound backups only: it may end the process over one that is damaged, and wait
// for ever for a FIFO.
class SoundLists : public rocksdb::FileSystemWrapper {
 public:
  SoundLists(std::string folder, std::set<std::string> hidden)
      : FileSystemWrapper(rocksdb::FileSystem::Default()),
        folder_(std::move(folder)),
        hidden_(std::move(hidden)) {}
  const char* Name() const override { return "SoundLists"; }

  rocksdb::IOStatus GetChildren(const std::string& directory, const rocksdb::IOOptions& options,
                                std::vector<std::string>* names, rocksdb::IODebugContext* context) override {
    rocksdb::IOStatus listed = FileSystemWrapper::GetChildren(directory, options, names, context);
    if (directory.starts_with(folder_)) {
      std::erase_if(*names, [this](const std::string& name) { return hidden_.contains(name); });
    }
    return listed;
  }

 private:
  const std::string folder_;
  const std::set<std::string> hidden_;
};

}  // namespace

Result<std::unique_ptr<BackupDirectory>> BackupDirectory::open(const std::string& path) {
  std::unique_ptr<BackupDirectory> directory(new BackupDirectory(path));
  QUIPU_RETURN_IF_ERROR(directory->check_marker());
  QUIPU_RETURN_IF_ERROR(directory->load());
  return directory;
}

Result<std::unique_ptr<BackupDirectory>> BackupDirectory::open_to_add(const std::string& path) {
  std::unique_ptr<BackupDirectory> directory(new BackupDirectory(path));
  QUIPU_RETURN_IF_ERROR(directory->prepare());
  QUIPU_RETURN_IF_ERROR(directory->load());
  QUIPU_RETURN_IF_ERROR(directory->remove_unfinished());
  for (const auto& [id, backup] : directory->backups_) {
    if (backup.info.state.is_ok()) continue;
    return backup.info.state.prefixed("no backup can be added to or removed from " + path +
                                      " (take another directory), because a backup there is damaged");
  }
  return directory;
}

std::string BackupDirectory::removal_path(uint32_t id) const { return record_path(id) + kRemovalSuffix; }

Status BackupDirectory::check_marker() const {
  boost::system::error_code error;
  if (!fs::exists(path_, error)) return Status::io_error("no such directory: " + path_);
  if (!fs::exists(path_ + kMarkerFile, error)) {
    return Status::invalid_argument(path_ + " is no directory of backups: it has no file QUIPU-BACKUPS");
  }
  QUIPU_ASSIGN_OR_RETURN(const std::string marker, read_small_file(path_ + kMarkerFile, kMarker.size() + 1));
  if (marker == kMarker) return Status::ok();
  return Status::corruption(path_ + kMarkerFile + " is damaged, or of a newer build");
}

// Makes the directory where there is nothing, and locks it.
Status BackupDirectory::prepare() {
  boost::system::error_code error;
  if (fs::exists(path_, error) && !fs::is_directory(path_, error)) {
    return Status::invalid_argument(path_ + " is not a directory");
  }
  QUIPU_RETURN_IF_ERROR(make_directory(path_));
  std::string foreign;
  for (fs::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name != "LOCK" && name != "QUIPU-BACKUPS.tmp") foreign = name;  // one that was being made
  }
  if (error) return Status::io_error("cannot read " + path_ + ": " + error.message());
  if (!foreign.empty()) {
    const Status ours = check_marker();
    if (!ours.is_ok()) return ours.prefixed("not empty (it holds " + foreign + ")");
  }
  QUIPU_ASSIGN_OR_RETURN(lock_, DirectoryLock::take(path_));
  if (foreign.empty()) QUIPU_RETURN_IF_ERROR(replace_file(path_ + kMarkerFile, kMarker));
  for (const char* folder : {"/records", "/indexes", "/meta"}) {
    fs::create_directory(path_ + folder, error);
    if (error) return Status::io_error("cannot make " + path_ + folder + ": " + error.message());
  }
  return Status::ok();
}

Status BackupDirectory::load() {
  backups_.clear();
  for (const uint32_t id : numbers_in(path_ + "/records")) backups_[id].info.id = id;
  for (const uint32_t id : numbers_in(path_ + "/meta")) {
    boost::system::error_code error;
    if (!fs::exists(removal_path(id), error)) backups_[id].info.id = id;
  }
  boost::system::error_code error;
  if (!fs::exists(path_ + "/meta", error)) {
    if (backups_.empty()) return Status::ok();  // one that was being made
    return Status::corruption(path_ + "/meta is missing");
  }
  std::set<std::string> hidden;
  for (const uint32_t id : numbers_in(path_ + "/meta")) {
    const auto text = read_small_file(record_path(id), kMaxRecordBytes);
    const auto record = text ? BackupRecord::parse(*text) : std::nullopt;
    const bool sound = record && checksum_of_file(meta_path(id)).value_or("") == record->meta_checksum;
    if (!sound) hidden.insert(std::to_string(id));
  }
  lists_ = rocksdb::NewCompositeEnv(std::make_shared<SoundLists>(path_ + "/meta", std::move(hidden)));
  rocksdb::BackupEngineReadOnly* engine = nullptr;
  QUIPU_RETURN_IF_ERROR(
      from_rocksdb(rocksdb::BackupEngineReadOnly::Open(engine_options(), lists_.get(), &engine),
                   path_ + ": cannot read the backups"));
  engine_.reset(engine);
  for (auto& [id, backup] : backups_) backup.info.state = judge(backup);
  return Status::ok();
}

// What can be said of a backup without reading its data.
Status BackupDirectory::judge(Backup& backup) const {
  const uint32_t id = backup.info.id;
  const std::string name = "backup " + std::to_string(id) + " in " + path_;
  rocksdb::BackupInfo listed;
  const rocksdb::Status known = engine_->GetBackupInfo(id, &listed);
  backup.info.created = listed.timestamp;
  boost::system::error_code error;
  backup.unfinished = !fs::exists(record_path(id), error);
  if (backup.unfinished) return Status::corruption(name + " was not finished, or has lost its record");
  QUIPU_ASSIGN_OR_RETURN(const std::string text, read_small_file(record_path(id), kMaxRecordBytes));
  const std::optional<BackupRecord> record = BackupRecord::parse(text);
  if (!record || record->id != id) return Status::corruption(name + ": " + record_path(id) + " is damaged");
  backup.record = *record;
  backup.info.created = static_cast<int64_t>(record->created);
  backup.info.files = record->files;
  backup.info.bytes = record->bytes;
  backup.info.new_bytes = record->new_bytes;
  const Result<std::string> meta = checksum_of_file(meta_path(id));
  if (!meta) return Status::corruption(name + ": " + meta.error().message());
  if (*meta != record->meta_checksum) {
    return Status::corruption(name + ": " + meta_path(id) + " is damaged: its checksum is wrong");
  }
  if (!known.ok()) return Status::corruption(name + ": files are missing: " + known.ToString());
  return Status::ok();
}

// The newest, of a process that died, and those whose removal has begun.
Status BackupDirectory::remove_unfinished() {
  std::vector<uint32_t> going;
  while (!backups_.empty() && backups_.rbegin()->second.unfinished) {
    going.push_back(backups_.rbegin()->first);
    backups_.erase(going.back());
  }
  const bool damaged =
      std::ranges::any_of(backups_, [](const auto& entry) { return !entry.second.info.state.is_ok(); });
  if (damaged) return Status::ok();  // nothing is touched then
  return remove_files(going);
}

// Takes away what only these backups have, and whatever is left of others. RocksDB is not shown their lists.
Status BackupDirectory::remove_files(const std::vector<uint32_t>& going) {
  boost::system::error_code error;
  std::set<std::string> needed;
  for (const auto& [id, backup] : backups_) {
    for (const BackupRecord::IndexFile& file : backup.record.index_files) needed.insert(file.stored_name());
  }
  std::vector<std::string> removals;
  for (fs::directory_iterator at(path_ + "/records", error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() != kRemovalSuffix) continue;
    removals.push_back(at->path().string());
    const auto text = read_small_file(removals.back(), kMaxRecordBytes);
    const auto record = text ? BackupRecord::parse(*text) : std::nullopt;
    if (!record) continue;
    fs::remove(meta_path(static_cast<uint32_t>(record->id)), error);
    for (const BackupRecord::IndexFile& file : record->index_files) {
      if (!needed.contains(file.stored_name())) fs::remove(index_path(file), error);
    }
  }
  for (const uint32_t id : going) fs::remove(meta_path(id), error);
  if (error) return Status::io_error("cannot remove backups in " + path_ + ": " + error.message());
  QUIPU_RETURN_IF_ERROR(sync_directory(path_ + "/meta"));
  rocksdb::BackupEngine* opened = nullptr;
  QUIPU_RETURN_IF_ERROR(
      from_rocksdb(rocksdb::BackupEngine::Open(engine_options(), rocksdb::Env::Default(), &opened),
                   path_ + ": cannot open the backups"));
  const std::unique_ptr<rocksdb::BackupEngine> engine(opened);
  QUIPU_RETURN_IF_ERROR(
      from_rocksdb(engine->GarbageCollect(), path_ + ": cannot remove the files of removed backups"));
  for (const std::string& removal : removals) fs::remove(removal, error);
  return error ? Status::io_error("cannot remove backups in " + path_ + ": " + error.message())
               : Status::ok();
}

Result<std::vector<BackupInfo>> BackupDirectory::prune(uint64_t keep) {
  std::vector<BackupInfo> pruned;
  while (backups_.size() > keep) {
    const uint32_t id = backups_.begin()->first;
    // From here on it is no backup any more, whatever happens.
    if (::rename(record_path(id).c_str(), removal_path(id).c_str()) != 0) {
      return disk_error("cannot rename", record_path(id), errno);
    }
    pruned.push_back(backups_.begin()->second.info);
    backups_.erase(backups_.begin());
  }
  QUIPU_RETURN_IF_ERROR(sync_directory(path_ + "/records"));
  QUIPU_RETURN_IF_ERROR(remove_files({}));
  return pruned;
}

Result<const BackupDirectory::Backup*> BackupDirectory::find(uint32_t id) const {
  const auto found = backups_.find(id);
  if (found != backups_.end()) return &found->second;
  return Status::not_found("no backup " + std::to_string(id) + " in " + path_);
}

Status BackupDirectory::verify(const Backup& backup) const {
  QUIPU_RETURN_IF_ERROR(backup.info.state);
  const std::string name = "backup " + std::to_string(backup.info.id) + " in " + path_;
  rocksdb::BackupInfo listed;
  rocksdb::Status verified = engine_->GetBackupInfo(backup.info.id, &listed, /*include_file_details=*/true);
  for (const rocksdb::BackupFileInfo& file : listed.file_details) {
    // Before RocksDB opens it, which would wait for ever for a FIFO.
    const std::string path = path_ + "/" + file.relative_filename;
    boost::system::error_code error;
    if (fs::is_regular_file(fs::symlink_status(path, error))) continue;
    return Status::corruption(name + ": " + path + " is not a regular file");
  }
  if (verified.ok()) verified = engine_->VerifyBackup(backup.info.id, /*verify_with_checksum=*/true);
  if (!verified.ok()) return Status::corruption(name + ": " + verified.ToString());
  for (const BackupRecord::IndexFile& file : backup.record.index_files) {
    const Result<std::string> found = checksum_of_file(index_path(file));
    if (!found) return Status::corruption(name + ": " + found.error().message());
    if (*found != file.checksum) return Status::corruption(name + ": " + index_path(file) + " is damaged");
  }
  return Status::ok();
}

}  // namespace quipu::rocks
