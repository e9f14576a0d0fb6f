// What differs between the versions of RocksDB that Quipu builds with, from 7.8 on. Nothing else asks for a
// version.

#ifndef QUIPU_BACKENDS_ROCKSDB_FILES_ROCKSDB_VERSION_H_
#define QUIPU_BACKENDS_ROCKSDB_FILES_ROCKSDB_VERSION_H_

#include <rocksdb/db.h>
#include <rocksdb/utilities/stackable_db.h>
#include <rocksdb/version.h>

#include <memory>
#include <string>
#include <vector>

namespace quipu::rocks {

// ---- opening: into a raw pointer until 10, into a std::unique_ptr since 9.11 ----

using Families = std::vector<rocksdb::ColumnFamilyDescriptor>;
using FamilyHandles = std::vector<rocksdb::ColumnFamilyHandle*>;

// rocksdb::DB::Open.
template <typename DB = rocksdb::DB>
rocksdb::Status open_rocksdb(const rocksdb::DBOptions& options, const std::string& path,
                             const Families& families, FamilyHandles& handles, std::unique_ptr<DB>& opened) {
  if constexpr (requires { DB::Open(options, path, families, &handles, &opened); }) {
    return DB::Open(options, path, families, &handles, &opened);
  } else {
    DB* raw = nullptr;
    const rocksdb::Status status = DB::Open(options, path, families, &handles, &raw);
    opened.reset(raw);
    return status;
  }
}

// rocksdb::DB::OpenForReadOnly.
template <typename DB = rocksdb::DB>
rocksdb::Status open_rocksdb_read_only(const rocksdb::DBOptions& options, const std::string& path,
                                       const Families& families, FamilyHandles& handles,
                                       std::unique_ptr<DB>& opened) {
  if constexpr (requires { DB::OpenForReadOnly(options, path, families, &handles, &opened); }) {
    return DB::OpenForReadOnly(options, path, families, &handles, &opened);
  } else {
    DB* raw = nullptr;
    const rocksdb::Status status = DB::OpenForReadOnly(options, path, families, &handles, &raw);
    opened.reset(raw);
    return status;
  }
}

// ---- iterators: see backends/rocksdb/read/sound_iterator.h ----

inline constexpr bool kIteratorsForgetErrors =
    ROCKSDB_MAJOR < 8 || (ROCKSDB_MAJOR == 8 && ROCKSDB_MINOR < 10);

// ---- options that are gone, where what they were set to is now what always happens ----

// Until 10.1: OPTIONS is for people; a full disk must not stop an open for it. Until 10: opening must not ask
// for the size of each file.
template <typename DBOptions>
void open_without_extra_files(DBOptions& options) {
  if constexpr (requires { options.fail_if_options_file_error; }) options.fail_if_options_file_error = false;
  if constexpr (requires { options.skip_checking_sst_file_sizes_on_db_open; }) {
    options.skip_checking_sst_file_sizes_on_db_open = true;
  }
}

// Until 10: an ingested file is not written to.
template <typename IngestOptions>
void ingest_without_writing(IngestOptions& options) {
  if constexpr (requires { options.write_global_seqno; }) options.write_global_seqno = false;
}

// ---- DB's virtual functions, fewer since 9 ----

// Undoes one DisableFileDeletions.
template <typename DB>
rocksdb::Status enable_file_deletions(DB& db) {
  if constexpr (requires { db.EnableFileDeletions(/*force=*/false); }) {
    return db.EnableFileDeletions(/*force=*/false);
  } else {
    return db.EnableFileDeletions();
  }
}

// A database whose files others keep: BackupEngine asks for that, and is told that it is so.
class KeptDatabase : public rocksdb::StackableDB {
 public:
  using StackableDB::StackableDB;

  rocksdb::Status DisableFileDeletions() override { return rocksdb::Status::OK(); }
#if ROCKSDB_MAJOR < 9
  rocksdb::Status EnableFileDeletions(bool /*force*/) override { return rocksdb::Status::OK(); }
#else
  rocksdb::Status EnableFileDeletions() override { return rocksdb::Status::OK(); }
#endif
};

// A database that reads from another with options that it changes first.
class ReadingDatabase : public rocksdb::StackableDB {
 public:
  using StackableDB::Get;
  using StackableDB::MultiGet;
  using StackableDB::NewIterator;
  using StackableDB::StackableDB;

#if ROCKSDB_MAJOR < 9
  rocksdb::Status Get(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                      const rocksdb::Slice& key, rocksdb::PinnableSlice* value) override {
    return db_->Get(changed(options), family, key, value);
  }
  void MultiGet(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family, const size_t count,
                const rocksdb::Slice* keys, rocksdb::PinnableSlice* values, rocksdb::Status* statuses,
                const bool sorted) override {
    db_->MultiGet(changed(options), family, count, keys, values, statuses, sorted);
  }
#else  // all others call these
  rocksdb::Status Get(const rocksdb::ReadOptions& options, rocksdb::ColumnFamilyHandle* family,
                      const rocksdb::Slice& key, rocksdb::PinnableSlice* value,
                      std::string* timestamp) override {
    return db_->Get(changed(options), family, key, value, timestamp);
  }
  void MultiGet(const rocksdb::ReadOptions& options, const size_t count,
                rocksdb::ColumnFamilyHandle** families, const rocksdb::Slice* keys,
                rocksdb::PinnableSlice* values, std::string* timestamps, rocksdb::Status* statuses,
                const bool sorted) override {
    db_->MultiGet(changed(options), count, families, keys, values, timestamps, statuses, sorted);
  }
#endif
  rocksdb::Iterator* NewIterator(const rocksdb::ReadOptions& options,
                                 rocksdb::ColumnFamilyHandle* family) override {
    return db_->NewIterator(changed(options), family);
  }

 private:
  virtual rocksdb::ReadOptions changed(rocksdb::ReadOptions options) const = 0;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FILES_ROCKSDB_VERSION_H_
