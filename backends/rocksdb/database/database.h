// Database: the open database and what all operations on it share.

#ifndef QUIPU_BACKENDS_ROCKSDB_DATABASE_DATABASE_H_
#define QUIPU_BACKENDS_ROCKSDB_DATABASE_DATABASE_H_

#include <rocksdb/db.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backends/rocksdb/database/commit_gate.h"
#include "backends/rocksdb/database/conflict_table.h"
#include "backends/rocksdb/database/following_database.h"
#include "backends/rocksdb/database/rocksdb_options.h"
#include "backends/rocksdb/database/row_numbers.h"
#include "backends/rocksdb/database/write_health.h"
#include "backends/rocksdb/files/directory.h"
#include "backends/rocksdb/files/pinned_files.h"
#include "backends/rocksdb/format/limits.h"
#include "backends/rocksdb/format/record.h"
#include "backends/rocksdb/stats/work_listener.h"
#include "quipu/backend/text_entries.h"
#include "quipu/backend/thread_annotations.h"
#include "quipu/kv_store.h"
#include "quipu/stats.h"
#include "quipu/status.h"

namespace quipu::rocks {

// Of the parts of composed values. A build that does not know them refuses a database that has it.
inline constexpr const char* kPartsFamily = "parts";
// The same of codes of vectors.
inline constexpr const char* kCodesFamily = "codes";

// The same of text indexes.
inline constexpr const char* kTextFamily = "text";

using Family = std::shared_ptr<rocksdb::ColumnFamilyHandle>;

inline std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }
inline rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

// A collection as it is while somebody uses it; a changed one is a new object.
struct Collection {
  std::string name;
  CollectionRecord record;
  Family family;
  std::string prefix;  // of its keys in the family: empty in one of its own
  // Of its text index; null where it has none, or one that this build cannot keep.
  std::shared_ptr<const TextIndexer> indexer = nullptr;

  uint32_t id() const { return record.id; }
  std::string key(std::string_view user_key) const { return prefix + std::string(user_key); }
  // Whether its text index has what is under the key.
  bool indexes_text_of(std::string_view user_key) const {
    return indexer != nullptr && (record.text->whole || user_key < record.text->below);
  }
};
using CollectionPtr = std::shared_ptr<const Collection>;

// Gives a collection the indexer of its text index, where this build can keep that.
void attach_indexer(Collection& collection);

class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const std::string& path, const RocksDBOptions& options,
                                                rocksdb::Env* env);
  // The database as it is at this moment, for reading only, whoever else has it open. `like`: a reader of the
  // same database that is refreshed, or null: its block cache is shared, and what it has of the log is not
  // read again.
  static Result<std::unique_ptr<Database>> open_for_reading(const std::string& path,
                                                            const RocksDBOptions& options,
                                                            const Database* like = nullptr);
  // Closes without marking the directory as clean, unless close() was called.
  ~Database();
  // Makes all durable and lets go of the directory; the object stays, to refuse what comes later.
  Status close();
  // Why nothing can be done with the store (it is closed, or another process's), or OK.
  Status usable() const;

  rocksdb::DB& db() const { return *db_; }
  const Directory& directory() const { return *directory_; }
  const RocksDBOptions& options() const { return options_; }
  const Limits& limits() const { return limits_; }
  rocksdb::ColumnFamilyHandle* catalog() const { return catalog_.get(); }
  rocksdb::ColumnFamilyHandle* lists() const { return lists_.get(); }
  rocksdb::ColumnFamilyHandle* index() const { return index_.get(); }
  // Of composed values; null until the first is written.
  rocksdb::ColumnFamilyHandle* parts() const { return parts_handle_.load(); }
  // Of codes; null until the first collection has them.
  rocksdb::ColumnFamilyHandle* codes() const { return codes_handle_.load(); }

  // Of text indexes; null until the first is made.
  rocksdb::ColumnFamilyHandle* text() const { return text_handle_.load(); }
  RowNumbers& rows() { return rows_; }
  // Held while additions to a text index are folded; locked within the gate.
  Mutex& fold_mutex() QUIPU_RETURNS(fold_mutex_) { return fold_mutex_; }

  // Whether ranges of keys may be deleted in a family. In the catalog and in families of one collection keys
  // go one by one, or the family as a whole.
  bool deletes_ranges(const rocksdb::ColumnFamilyHandle& family) const {
    return &family != catalog_.get() && !family_collection_id(family.GetName());
  }

  // The families that are not one collection's own.
  std::vector<Family> shared_families() const;

  // ---- what it has done ----
  CallRecorder& calls() const { return *calls_; }
  CacheCounters& cache_counters() const { return *cache_counters_; }
  const WorkListener& work() const { return *work_; }
  uint64_t written_bytes() const { return written_bytes_.load(std::memory_order_relaxed); }

  // ---- collections ----
  CollectionPtr find(std::string_view name) const;
  std::vector<CollectionPtr> collections() const;  // in order
  // Held while collections are made, changed or dropped; locked after the gate.
  Mutex& catalog_mutex() const QUIPU_RETURNS(catalog_mutex_) { return catalog_mutex_; }
  CommitGate& gate() { return gate_; }
  ConflictTable& conflicts() { return conflicts_; }
  // A new collection, not yet in the catalog. `order` 0 means the next one. Its family exists afterwards and
  // must be published or discarded.
  // One that is to keep codes is published after require_codes().
  Result<CollectionPtr> make(std::string_view name, const CollectionOptions& options, uint64_t order = 0)
      QUIPU_REQUIRES(catalog_mutex_);
  // Writes its record with the batch.
  Status write_record(const Collection& collection, rocksdb::WriteBatch& batch)
      QUIPU_REQUIRES(catalog_mutex_);
  // Makes it findable, over one of the same name. REQUIRES: its record is in the database.
  void publish(const CollectionPtr& collection);
  void unpublish(std::string_view name);
  // Removes all data of a collection that nobody can find any more. Its `p` record goes with it.
  Status discard(const Collection& collection) QUIPU_REQUIRES(catalog_mutex_);
  // The same of a text index, by its number.
  Status discard_text(uint32_t id) QUIPU_REQUIRES(catalog_mutex_);
  uint64_t next_order() QUIPU_REQUIRES(catalog_mutex_) { return next_order_++; }
  uint32_t next_id() const QUIPU_REQUIRES(catalog_mutex_) { return next_id_; }
  // Numbers for a text index, of which this is the first.
  uint32_t take_text_id() QUIPU_REQUIRES(catalog_mutex_) { return std::exchange(next_id_, next_id_ + 2); }

  // For table files that are to be ingested: they go straight to the bottom level.
  rocksdb::Options table_file_options() const;
  rocksdb::Options code_file_options() const;

  // ---- writing ----
  // Whether this was opened for reading; if so, its files.
  bool is_reader() const { return pinned_ != nullptr; }
  const std::shared_ptr<const PinnedFiles>& pinned_files() const { return pinned_; }
  // Why nothing can be written, or OK.
  Status writable() const;
  // OK unless the database holds a part of an import; see RocksDBKVStore::check_complete().
  Status check_complete() const;
  // Why nothing can be loaded in bulk any more, or OK.
  Status loadable() const;
  // OK when so many bytes more stay within max_directory_bytes.
  Status check_room(uint64_t bytes) const;
  // Makes sure that composed values may be written: the directory has the format that knows them, and parts()
  // is there.
  Status require_parts();
  // The same of codes.
  Status require_codes();
  // The same of text indexes.
  Status require_text();
  // `count` insertion sequences, the first of them. At times the limit has to be written; kBusy then where
  // `at_hand`.
  Result<uint64_t> take_sequences(uint64_t count, bool at_hand = false);
  // Writes, and records what has been acknowledged. After an error later writes fail with it, until its cause
  // is gone or the store is opened again (write_health.h).
  Status write(rocksdb::WriteBatch& batch, bool sync);
  // The same without a sync for who must not wait: kBusy, and nothing is written, while writing has stopped,
  // while somebody syncs, and where RocksDB would have the writer wait for the disk.
  Status write_at_hand(rocksdb::WriteBatch& batch);
  Status writable_at_hand() const;
  Status sync();
  Status flush_all() QUIPU_REQUIRES(maintenance_mutex_);
  // Held while memory is written to tables on demand. RocksDB (with assertions) aborts when two such requests
  // of different kinds meet.
  Mutex& maintenance_mutex() QUIPU_RETURNS(maintenance_mutex_) { return maintenance_mutex_; }
  void log(std::string_view message) const {
    if (options_.logger) options_.logger(message);
  }

 private:
  // For look-ups by a view of a name.
  struct NameHash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };

  Database(const std::string& path, RocksDBOptions options, const TunedOptions& tuning,
           std::unique_ptr<rocksdb::Env> env, std::shared_ptr<const PinnedFiles> pinned = nullptr);
  Status open_database();
  Status open_pinned(const Database* like);
  Status open_following();
  std::unordered_map<uint32_t, Family> take(const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                                            const std::vector<Family>& opened);
  void release();
  void release_late_families();
  Status make_late_family(const char* name, const rocksdb::ColumnFamilyOptions& options, uint32_t format,
                          Family& family, std::atomic<rocksdb::ColumnFamilyHandle*>& handle)
      QUIPU_REQUIRES(catalog_mutex_);
  Status write(rocksdb::WriteBatch& batch, const rocksdb::WriteOptions& options);
  Status check_recovery(SessionFile::State state, uint64_t required, uint64_t recovered) const;
  Status probe_log(std::vector<rocksdb::ColumnFamilyDescriptor> families, uint64_t required) const;
  Status load_catalog(std::unordered_map<uint32_t, Family>& own_families) QUIPU_REQUIRES(catalog_mutex_);
  Status remove_leftovers(std::unordered_map<uint32_t, Family>& own_families) QUIPU_REQUIRES(catalog_mutex_);
  Family own(rocksdb::ColumnFamilyHandle* handle) const;

  const RocksDBOptions options_;
  const Limits limits_;
  const std::shared_ptr<const PinnedFiles> pinned_;  // null: this is a writer
  const std::unique_ptr<rocksdb::Env> env_;
  TunedOptions tuned_;
  const std::shared_ptr<WriteHealth> health_;
  const std::shared_ptr<WorkListener> work_ = std::make_shared<WorkListener>();
  // A reader that was refreshed goes on with those of the one before.
  std::shared_ptr<CallRecorder> calls_;
  std::shared_ptr<CacheCounters> cache_counters_ = std::make_shared<CacheCounters>();
  std::atomic<uint64_t> written_bytes_{0};
  const pid_t process_;
  std::unique_ptr<Directory> directory_;
  std::unique_ptr<SessionFile> session_;
  std::shared_ptr<FollowingDatabase> following_;  // under db_, in a reader that was refreshed; else null
  std::unique_ptr<rocksdb::DB> db_;
  std::shared_ptr<rocksdb::SstFileManager> tables_;  // counts their bytes
  Family catalog_;
  Family lists_;
  Family index_;
  Family shared_;
  Family parts_ QUIPU_GUARDED_BY(catalog_mutex_);
  std::atomic<rocksdb::ColumnFamilyHandle*> parts_handle_{nullptr};  // that of parts_
  Family codes_ QUIPU_GUARDED_BY(catalog_mutex_);
  std::atomic<rocksdb::ColumnFamilyHandle*> codes_handle_{nullptr};  // that of codes_
  Family text_ QUIPU_GUARDED_BY(catalog_mutex_);
  std::atomic<rocksdb::ColumnFamilyHandle*> text_handle_{nullptr};  // that of text_

  CommitGate gate_;
  ConflictTable conflicts_;
  mutable Mutex catalog_mutex_;
  mutable SharedMutex map_mutex_;
  std::unordered_map<std::string, CollectionPtr, NameHash, std::equal_to<>> by_name_
      QUIPU_GUARDED_BY(map_mutex_);
  uint32_t next_id_ QUIPU_GUARDED_BY(catalog_mutex_) = 1;
  uint64_t next_order_ QUIPU_GUARDED_BY(catalog_mutex_) = 1;
  int own_family_count_ QUIPU_GUARDED_BY(catalog_mutex_) = 0;

  RowNumbers rows_{*this};
  Mutex fold_mutex_;
  Mutex maintenance_mutex_;
  Mutex sequence_mutex_;         // held while sequence_limit_ is raised
  std::atomic<int> syncing_{0};  // writers that sync, for which all that come later wait
  std::atomic<uint64_t> next_sequence_{0};
  std::atomic<uint64_t> sequence_limit_{0};
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_DATABASE_DATABASE_H_
