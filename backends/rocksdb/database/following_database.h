// FollowingDatabase: a reader's database that takes in what the writer appends to its log, so that a refresh
// costs what was written since and not the whole log again.
//
// RocksDB opens it for writing, over a file system that keeps every change in memory; the batches of the log
// are then written to it as the writer has written them, with the same sequence numbers. Views are of one
// moment each, whatever is taken in later. Tables are neither written nor compacted: when the writer does so,
// it is opened anew.

#ifndef QUIPU_BACKENDS_ROCKSDB_DATABASE_FOLLOWING_DATABASE_H_
#define QUIPU_BACKENDS_ROCKSDB_DATABASE_FOLLOWING_DATABASE_H_

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include <memory>
#include <string>
#include <vector>

#include "backends/rocksdb/database/rocksdb_options.h"
#include "backends/rocksdb/files/pinned_files.h"
#include "backends/rocksdb/format/log_tail.h"
#include "quipu/backend/thread_annotations.h"

namespace quipu::rocks {

class FollowingDatabase : public std::enable_shared_from_this<FollowingDatabase> {
 public:
  using Family = std::shared_ptr<rocksdb::ColumnFamilyHandle>;
  using Families = std::vector<rocksdb::ColumnFamilyDescriptor>;

  // What the files hold, by the families' names.
  static rocksdb::Status open(const TunedOptions& tuning, const std::string& path, const Families& families,
                              std::shared_ptr<const PinnedFiles> files,
                              std::shared_ptr<FollowingDatabase>& opened);
  ~FollowingDatabase();
  FollowingDatabase(const FollowingDatabase&) = delete;
  FollowingDatabase& operator=(const FollowingDatabase&) = delete;

  // The database as it was when these files were held, from what they have more than those before. Null when
  // they have another difference than a longer log: it must be opened anew. Thread-safe.
  std::unique_ptr<rocksdb::DB> follow(const PinnedFiles& files);

  const Families& families() const { return families_; }
  const std::vector<Family>& handles() const { return handles_; }

 private:
  FollowingDatabase(std::shared_ptr<const PinnedFiles> files, Families families);
  bool only_log_grew(const PinnedFiles& files) const;
  bool take_in(std::string_view batch) QUIPU_REQUIRES(mutex_);

  const std::shared_ptr<const PinnedFiles> files_;
  const Families families_;
  const std::string log_;  // the newest one's name
  std::unique_ptr<rocksdb::Env> below_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<Family> handles_;

  Mutex mutex_;  // held for writing to the database, too
  LogTail tail_ QUIPU_GUARDED_BY(mutex_);
  bool is_lost_ QUIPU_GUARDED_BY(mutex_) = false;  // it is no longer what the writer has
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_DATABASE_FOLLOWING_DATABASE_H_
