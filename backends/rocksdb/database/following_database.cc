#include "backends/rocksdb/database/following_database.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "backends/rocksdb/database/overlay_file_system.h"
#include "backends/rocksdb/files/pinned_file_system.h"
#include "backends/rocksdb/files/rocksdb_version.h"

namespace quipu::rocks {
namespace {

using rocksdb::ColumnFamilyHandle;

constexpr uint64_t kNoFlush = 4ULL << 30;  // more than any log has

// A database at one moment. Its snapshot is the only one that it has.
class View : public ReadingDatabase {
 public:
  View(std::shared_ptr<FollowingDatabase> owner, rocksdb::DB& db)
      : ReadingDatabase(std::shared_ptr<rocksdb::DB>(std::move(owner), &db)), snapshot_(db.GetSnapshot()) {}
  ~View() override { db_->ReleaseSnapshot(snapshot_); }

  const rocksdb::Snapshot* GetSnapshot() override { return snapshot_; }
  void ReleaseSnapshot(const rocksdb::Snapshot* /*snapshot*/) override {}
  rocksdb::SequenceNumber GetLatestSequenceNumber() const override { return snapshot_->GetSequenceNumber(); }
  rocksdb::Status Close() override { return rocksdb::Status::OK(); }  // others have views of it, too

 private:
  rocksdb::ReadOptions changed(rocksdb::ReadOptions options) const override {
    options.snapshot = snapshot_;
    return options;
  }

  const rocksdb::Snapshot* const snapshot_;
};

// What would write tables or remove files is off.
void keep_in_memory(rocksdb::DBOptions& db) {
  db.write_buffer_manager = nullptr;
  db.max_total_wal_size = std::numeric_limits<uint64_t>::max();
  db.avoid_flush_during_recovery = true;
  db.avoid_flush_during_shutdown = true;
}

rocksdb::ColumnFamilyOptions in_memory(rocksdb::ColumnFamilyOptions family) {
  // The filter stays as large as it was.
  family.memtable_prefix_bloom_size_ratio *=
      static_cast<double>(family.write_buffer_size) / static_cast<double>(kNoFlush);
  family.write_buffer_size = kNoFlush;
  family.disable_auto_compactions = true;
  return family;
}

bool is_log(const std::string& name) { return name.ends_with(".log"); }

// The newest log's name, which is its number; empty when there is none.
std::string newest_log(const PinnedFiles& files) {
  std::string newest;
  for (const auto& [name, file] : files.all()) {
    if (is_log(name) && std::pair(name.size(), name) > std::pair(newest.size(), newest)) newest = name;
  }
  return newest;
}

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8U | static_cast<uint8_t>(bytes[i]);
  return value;
}

}  // namespace

FollowingDatabase::FollowingDatabase(std::shared_ptr<const PinnedFiles> files, Families families)
    : files_(std::move(files)), families_(std::move(families)), log_(newest_log(*files_)) {}

rocksdb::Status FollowingDatabase::open(const TunedOptions& tuning, const std::string& path,
                                        const Families& families, std::shared_ptr<const PinnedFiles> files,
                                        std::shared_ptr<FollowingDatabase>& opened) {
  std::shared_ptr<FollowingDatabase> made(new FollowingDatabase(std::move(files), families));
  made->below_ = make_pinned_env(made->files_);
  made->env_ = make_overlay_env(*made->below_);
  TunedOptions own = tuning.over(*made->env_);
  keep_in_memory(own.db);
  Families changed = families;
  for (rocksdb::ColumnFamilyDescriptor& family : changed) family.options = in_memory(family.options);
  std::vector<ColumnFamilyHandle*> handles;
  rocksdb::Status status = open_rocksdb(own.db, path, changed, handles, made->db_);
  if (!status.ok()) return status;
  for (ColumnFamilyHandle* handle : handles) {
    made->handles_.emplace_back(handle, [db = made->db_.get()](ColumnFamilyHandle* owned) {
      db->DestroyColumnFamilyHandle(owned).PermitUncheckedError();  // fails for none of these
    });
  }
  opened = std::move(made);
  return status;
}

FollowingDatabase::~FollowingDatabase() {
  handles_.clear();
  if (db_) db_->Close().PermitUncheckedError();
}

std::unique_ptr<rocksdb::DB> FollowingDatabase::follow(const PinnedFiles& files) {
  const MutexLock lock(mutex_);
  if (is_lost_ || !only_log_grew(files)) return nullptr;
  const PinnedFilePtr log = log_.empty() ? nullptr : files.find(log_);
  is_lost_ = log && !tail_.read(*log, [this](std::string_view batch) {
    mutex_.assert_held();
    return take_in(batch);
  });
  return is_lost_ ? nullptr : std::make_unique<View>(shared_from_this(), *db_);
}

bool FollowingDatabase::only_log_grew(const PinnedFiles& files) const {
  const auto is_same = [&](const std::string& name) {
    const PinnedFilePtr before = files_->find(name);
    const PinnedFilePtr now = files.find(name);
    return before && now && before->size() == now->size();
  };
  if (files.manifest() != files_->manifest() || !is_same(files.manifest()) || newest_log(files) != log_)
    return false;
  return std::ranges::all_of(files.all(), [&](const auto& each) {
    return !is_log(each.first) || each.first == log_ || is_same(each.first);
  });
}

// A batch begins with its sequence number and the count of its entries, each of which takes a number.
bool FollowingDatabase::take_in(std::string_view batch) {
  constexpr size_t kHead = 8 + 4;
  if (batch.size() < kHead) return false;
  const uint64_t first = little_endian(batch.substr(0, 8));
  const uint64_t end = first + little_endian(batch.substr(8, 4));
  const uint64_t next = db_->GetLatestSequenceNumber() + 1;
  if (end <= next) return true;  // it was there when this was opened
  if (first != next) return false;
  rocksdb::WriteBatch copy{std::string(batch)};
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return db_->Write(options, &copy).ok() && db_->GetLatestSequenceNumber() + 1 == end;
}

}  // namespace quipu::rocks
