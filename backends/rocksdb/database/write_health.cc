#include "backends/rocksdb/database/write_health.h"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include "backends/rocksdb/files/layout.h"
#include "backends/rocksdb/format/status.h"

namespace quipu::rocks {

namespace {

constexpr uint64_t kRoomForLogs = 4 << 20;

}  // namespace

void WriteHealth::OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) {
  // After a flush that failed, Resume() may wait for ever for another (seen in 7.8.3).
  const bool can_resume = reason == rocksdb::BackgroundErrorReason::kWriteCallback ||
                          reason == rocksdb::BackgroundErrorReason::kCompaction;
  stop(*error, !can_resume || error->severity() >= rocksdb::Status::kFatalError);
}

void WriteHealth::stop(const rocksdb::Status& cause, bool for_good) {
  const MutexLock lock(mutex_);
  if (stopped_ && (for_good_ || !for_good)) return;  // the first cause counts, unless a worse one follows
  for_good_ = for_good;
  cause_ =
      from_rocksdb(cause, directory_ + (for_good ? ": cannot write (reading still works; open the store "
                                                   "again once the cause is gone)"
                                                 : ": cannot write (reading still works; writing goes on "
                                                   "once the cause is gone)"));
  stopped_ = true;
  if (log_) log_(cause_.message());
}

Status WriteHealth::failed(const rocksdb::Status& cause) {
  stop(cause, /*for_good=*/false);  // what cannot go away has been told to the listener
  const MutexLock lock(mutex_);
  return cause_;
}

Status WriteHealth::failed_for_good(const rocksdb::Status& cause) {
  stop(cause, /*for_good=*/true);
  const MutexLock lock(mutex_);
  return cause_;
}

Status WriteHealth::check_ingestion() const {
  if (!resumed_) return Status::ok();
  return Status::io_error(directory_ + ": open the store again before a bulk load: its disk was full");
}

// Whether what is in memory can be written. RocksDB gives up for good when it finds no room for a new log.
bool WriteHealth::has_room(rocksdb::DB& db) const {
  uint64_t bytes = 0;
  db.GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &bytes);
  rocksdb::FileSystem& files = *db.GetFileSystem();
  const std::string path = in_directory(in_directory(directory_, kTemporaryFolder), "room");
  std::unique_ptr<rocksdb::FSWritableFile> file;
  rocksdb::IOStatus written = files.NewWritableFile(path, {}, &file, nullptr);
  if (written.ok()) {
    const rocksdb::IOStatus allocated = file->Allocate(0, bytes + kRoomForLogs, {}, nullptr);
    if (allocated.IsNoSpace()) written = allocated;  // not every file system can allocate
  }
  if (written.ok()) written = file->Append("room", {}, nullptr);
  if (written.ok()) written = file->Sync({}, nullptr);
  file.reset();
  files.DeleteFile(path, {}, nullptr).PermitUncheckedError();  // the next open empties the folder
  return written.ok();
}

// The old one may end in half a record. Resume() writes what is in memory to tables, and begins a new log
// with that; where nothing is in memory it keeps the old one, which then refuses every write (with
// assertions it aborts, seen in 7.8.3). So something is put into memory: that a key that nobody has is gone.
rocksdb::Status WriteHealth::begin_new_log(rocksdb::DB& db) {
  rocksdb::WriteOptions unlogged;
  unlogged.disableWAL = true;
  rocksdb::Status status = db.Delete(unlogged, rocksdb::Slice());
  if (status.ok()) status = db.Flush(rocksdb::FlushOptions());
  // RocksDB does not wait for that flush; what is in the new log tells how far the database has come.
  return status.ok() ? db.Delete(rocksdb::WriteOptions(), rocksdb::Slice()) : status;
}

Status WriteHealth::resume(rocksdb::DB& db) {
  const MutexLock one_at_a_time(resume_mutex_);
  {
    const MutexLock lock(mutex_);
    if (!stopped_) return Status::ok();
    if (for_good_) return cause_;
  }
  if (!has_room(db)) {
    const MutexLock lock(mutex_);
    return cause_;
  }
  rocksdb::Status resumed = db.Resume();
  if (resumed.ok()) resumed = begin_new_log(db);
  const MutexLock lock(mutex_);
  if (!resumed.ok() || for_good_) return cause_;
  resumed_ = true;
  stopped_ = false;
  if (log_) log_(directory_ + ": writing goes on");
  return Status::ok();
}

}  // namespace quipu::rocks
