#include "backends/rocksdb/backup/backup_directory.h"

#include <rocksdb/file_system.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <set>

#include "backends/rocksdb/files/file_util.h"
#include "backends/rocksdb/files/watched_files.h"
#include "backends/rocksdb/format/status.h"

namespace quipu::rocks {
namespace {

namespace fs = boost::filesystem;

constexpr const char* kMarkerFile = "/QUIPU-BACKUPS";
constexpr std::string_view kMarker = "quipu backups 1\n";
constexpr std::string_view kRemovalSuffix = ".removing";  // of the record of a backup that is going
constexpr size_t kMaxRecordBytes = 1 << 20;

// The numbers among names.
std::set<uint32_t> numbers_among(const std::vector<std::string>& names) {
  std::set<uint32_t> numbers;
  for (const std::string& name : names) {
    uint32_t number = 0;
    const auto read = std::from_chars(name.data(), name.data() + name.size(), number);
    if (read.ec == std::errc() && std::to_string(number) == name) numbers.insert(number);
  }
  return numbers;
}

// Shows RocksDB the lists of sound backups only: it may end the process over one that is damaged, and wait
// for ever for a FIFO.
class SoundLists : public rocksdb::FileSystemWrapper {
 public:
  SoundLists(std::shared_ptr<rocksdb::FileSystem> files, std::string folder, std::set<std::string> hidden)
      : FileSystemWrapper(std::move(files)), folder_(std::move(folder)), hidden_(std::move(hidden)) {}
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

Result<std::unique_ptr<BackupDirectory>> BackupDirectory::open(const std::string& path, Work* work) {
  std::unique_ptr<BackupDirectory> directory(new BackupDirectory(path, work));
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
    return backup.info.state.prefixed(
        "no backup can be added to or removed from " + path +
        " (take another directory), because a backup there is damaged or cannot be read");
  }
  return directory;
}

std::string BackupDirectory::removal_path(uint32_t id) const {
  return record_path(id) + std::string(kRemovalSuffix);
}

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
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> names, names_in(path_));
  for (const std::string& name : names) {
    if (name != "LOCK" && name != "QUIPU-BACKUPS.tmp") foreign = name;  // one that was being made
  }
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
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> records, names_in(path_ + "/records"));
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> lists, names_in(path_ + "/meta"));
  const std::set<uint32_t> recorded = numbers_among(records);
  const std::set<uint32_t> listed = numbers_among(lists);
  for (const uint32_t id : recorded) backups_[id].info.id = id;
  for (const uint32_t id : listed) {
    if (std::ranges::find(records, std::to_string(id) + std::string(kRemovalSuffix)) == records.end()) {
      backups_[id].info.id = id;
    }
  }
  boost::system::error_code error;
  if (listed.empty() && !fs::exists(path_ + "/meta", error)) {
    if (backups_.empty()) return Status::ok();  // one that was being made
    return Status::corruption(path_ + "/meta is missing");
  }
  std::set<std::string> hidden;
  for (const uint32_t id : listed) hidden.insert(std::to_string(id));
  for (auto& [id, backup] : backups_) {
    backup.unfinished = !recorded.contains(id);
    backup.info.state = judge(backup);
    if (backup.info.state.is_ok()) hidden.erase(std::to_string(id));
  }
  std::shared_ptr<rocksdb::FileSystem> files = rocksdb::FileSystem::Default();
  if (work_ != nullptr) files = std::make_shared<WatchedFiles>(std::move(files), *work_);
  lists_ = rocksdb::NewCompositeEnv(
      std::make_shared<SoundLists>(std::move(files), path_ + "/meta", std::move(hidden)));
  rocksdb::BackupEngineReadOnly* engine = nullptr;
  QUIPU_RETURN_IF_ERROR(
      from_rocksdb(rocksdb::BackupEngineReadOnly::Open(engine_options(), lists_.get(), &engine),
                   path_ + ": cannot read the backups"));
  engine_.reset(engine);
  for (auto& [id, backup] : backups_) {
    if (backup.info.state.is_ok()) backup.info.state = find_files(backup);
  }
  return Status::ok();
}

// What can be said of a backup without reading its data, from its record and its list.
Status BackupDirectory::judge(Backup& backup) const {
  const uint32_t id = backup.info.id;
  const std::string name = "backup " + std::to_string(id) + " in " + path_;
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
  return Status::ok();
}

// Whether there are all files, which RocksDB has looked for.
Status BackupDirectory::find_files(const Backup& backup) const {
  rocksdb::BackupInfo listed;
  const rocksdb::Status known = engine_->GetBackupInfo(backup.info.id, &listed);
  if (known.ok()) return Status::ok();
  return Status::corruption("backup " + std::to_string(backup.info.id) + " in " + path_ +
                            ": a file is missing, or could not be read: " + known.ToString());
}

// The newest, of a process that died, and those whose removal has begun. More than one without a record have
// lost theirs in another way.
Status BackupDirectory::remove_unfinished() {
  std::vector<uint32_t> going;
  if (!backups_.empty() && backups_.rbegin()->second.unfinished) {
    going.push_back(backups_.rbegin()->first);
    backups_.erase(going.back());
  }
  const bool damaged =
      std::ranges::any_of(backups_, [](const auto& entry) { return !entry.second.info.state.is_ok(); });
  if (damaged) return Status::ok();  // nothing is touched then
  return remove_files(std::move(going));
}

// Takes away what only these backups have, and those whose removal has begun. RocksDB is not shown their
// lists.
Status BackupDirectory::remove_files(std::vector<uint32_t> going) {
  QUIPU_RETURN_IF_ERROR(sync_directory(path_ + "/records"));  // that they have no record comes first
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> records, names_in(path_ + "/records"));
  std::vector<std::string> names;
  for (const std::string& name : records) {
    if (name.ends_with(kRemovalSuffix)) names.push_back(name.substr(0, name.size() - kRemovalSuffix.size()));
  }
  const std::set<uint32_t> removals = numbers_among(names);
  going.insert(going.end(), removals.begin(), removals.end());
  for (const uint32_t id : going) QUIPU_RETURN_IF_ERROR(remove_file(meta_path(id)));
  QUIPU_RETURN_IF_ERROR(sync_directory(path_ + "/meta"));
  QUIPU_RETURN_IF_ERROR(remove_index_files());
  rocksdb::BackupEngine* opened = nullptr;
  QUIPU_RETURN_IF_ERROR(
      from_rocksdb(rocksdb::BackupEngine::Open(engine_options(), rocksdb::Env::Default(), &opened),
                   path_ + ": cannot open the backups"));
  const std::unique_ptr<rocksdb::BackupEngine> engine(opened);
  QUIPU_RETURN_IF_ERROR(
      from_rocksdb(engine->GarbageCollect(), path_ + ": cannot remove the files of removed backups"));
  for (const uint32_t id : removals) QUIPU_RETURN_IF_ERROR(remove_file(removal_path(id)));
  return Status::ok();
}

// Those that no backup has.
Status BackupDirectory::remove_index_files() const {
  std::set<std::string> needed;
  for (const auto& [id, backup] : backups_) {
    for (const BackupRecord::IndexFile& file : backup.record.index_files) needed.insert(file.stored_name());
  }
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> names, names_in(path_ + "/indexes"));
  for (const std::string& name : names) {
    if (BackupRecord::is_stored_name(name) && !needed.contains(name)) {
      QUIPU_RETURN_IF_ERROR(remove_file(path_ + "/indexes/" + name));
    }
  }
  return Status::ok();
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
  if (work_ != nullptr) QUIPU_RETURN_IF_ERROR(work_->check());
  // What is missing may be what RocksDB could not list.
  if (verified.IsNotFound() || is_failed_read_as_damage(verified)) {
    return Status::corruption(name + ": a file is missing, or could not be read: " + verified.ToString());
  }
  if (!verified.ok()) return Status::corruption(name + ": " + verified.ToString());
  for (const BackupRecord::IndexFile& file : backup.record.index_files) {
    if (work_ != nullptr) QUIPU_RETURN_IF_ERROR(work_->check());
    const Result<std::string> found = checksum_of_file(index_path(file));
    if (!found) return Status::corruption(name + ": " + found.error().message());
    if (*found != file.checksum) return Status::corruption(name + ": " + index_path(file) + " is damaged");
  }
  return Status::ok();
}

}  // namespace quipu::rocks
