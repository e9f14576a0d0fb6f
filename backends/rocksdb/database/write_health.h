// WriteHealth: whether the database takes writes, and why not. RocksDB stops writing after an error of the
// disk, in the background as well as in a write; reading goes on. Where the cause can go away, as a full disk
// does, the next write tries again once there is room; after anything else what reached the disk is not
// known, and only opening the store anew, which reads the log, can tell.
//
// Thread-safety: all methods, from any thread.

#ifndef QUIPU_BACKENDS_ROCKSDB_DATABASE_WRITE_HEALTH_H_
#define QUIPU_BACKENDS_ROCKSDB_DATABASE_WRITE_HEALTH_H_

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "quipu/backend/thread_annotations.h"
#include "quipu/status.h"

namespace quipu::rocks {

class WriteHealth : public rocksdb::EventListener {
 public:
  using Log = std::function<void(std::string_view message)>;
  // Of the store in `directory`.
  WriteHealth(std::string directory, Log log) : directory_(std::move(directory)), log_(std::move(log)) {}

  // Why nothing can be written, or OK; has RocksDB try again first where that can help.
  Status check(rocksdb::DB& db) { return stopped_ ? resume(db) : Status::ok(); }
  // OK unless nothing can be written for now; asks nobody.
  Status check_at_hand() const { return stopped_ ? Status::busy("writing has stopped") : Status::ok(); }
  // Why tables cannot be ingested although writing goes on, or OK. RocksDB 7.8.3 still thinks itself stopped
  // after Resume() and then numbers ingested files from 0, which aborts, or writes over a table.
  Status check_ingestion() const;
  // A write has failed so; the error to return.
  Status failed(const rocksdb::Status& cause);
  // The same for what leaves RocksDB in no state to go on from.
  Status failed_for_good(const rocksdb::Status& cause);

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  // Trying again is ours, so that a write never waits for it.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason /*reason*/, rocksdb::Status /*error*/,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  Status resume(rocksdb::DB& db);
  bool has_room(rocksdb::DB& db) const;
  static rocksdb::Status begin_new_log(rocksdb::DB& db);
  void stop(const rocksdb::Status& cause, bool for_good);

  const std::string directory_;
  const Log log_;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> resumed_{false};
  Mutex resume_mutex_;  // locked first
  Mutex mutex_;
  bool for_good_ QUIPU_GUARDED_BY(mutex_) = false;
  Status cause_ QUIPU_GUARDED_BY(mutex_);
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_DATABASE_WRITE_HEALTH_H_
