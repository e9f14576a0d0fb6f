// RocksDBKVStore: a BaseKVStore on one directory, with every collection on RocksDB.
//
//   QUIPU_ASSIGN_OR_RETURN(auto store, RocksDBKVStore::open("/data/my-index", {}));
//   ... store->put(...), KVDocumentStore(store), import_persist_dir(...) ...
//   QUIPU_RETURN_IF_ERROR(store->close());
//
// Opening takes milliseconds whatever the size. One process may have a directory open for writing, once: a
// second open is kBusy and names the holder. A child of fork() must not use its parent's store; every call
// there returns kNotSupported, and the child should end by _exit(), since RocksDB's static objects wait for
// its threads.
//
// Readers: any number of them, in any process, beside a writer or without one (open_reader). A reader has the
// database as it was when it was opened: every write that had returned by then, of any other write all or
// nothing, and never anything later. refresh() gives a reader of the present. A reader takes no lock, writes
// nothing in the directory and does not hold the writer up. Writes to it fail with kNotSupported.
//
// Durability: see WriteOptions. Acknowledged writes that RocksDB lost all the same (its log was deleted or
// damaged) are noticed at the next open, which is then refused with kCorruption.
// After an error of the disk, reads go on and writes fail with the cause (kIoError). Where a write has found
// the disk full, writing goes on by itself once there is room, except for bulk loads; after any other error
// the store must be opened again, and the message says so. What the failed write changed is then there whole
// or not at all.
//
// Thread-safety: all methods but close() may be called from any thread at any time.
// Cost: get() one look-up; put() one look-up, which a Bloom filter mostly answers, and one insert.
// The bytes on disk: docs/FORMAT.md.

#ifndef QUIPU_ROCKSDB_KV_STORE_H_
#define QUIPU_ROCKSDB_KV_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/backend/at_hand.h"
#include "quipu/kv_store.h"
#include "quipu/progress.h"
#include "quipu/stats.h"
#include "quipu/verify.h"
#include "quipu/write_batch.h"

namespace quipu {

// The file that makes a directory a database's.
inline constexpr std::string_view DATABASE_MARKER_FNAME = "QUIPU";

struct RocksDBOptions {
  // ---- behaviour ----
  // Make the directory when it does not exist or is empty. A directory with anything else in it is refused.
  bool create_if_missing = true;
  // Sync every write (see WriteOptions::sync); a single write() can still ask for it when this is false.
  bool sync = false;
  // Open although acknowledged writes are missing. What is left is the state before the first lost write.
  bool accept_lost_writes = false;
  // Told what is worth knowing (recovery, removed leftovers); null: silent. Called from any thread, while the
  // store holds locks: it must not call the store.
  std::function<void(std::string_view message)> logger;
  // Tell the logger of each call (stats.h) that takes so long or longer; 0: of none.
  double slow_call_seconds = 0;

  // ---- performance ----
  // For block cache and write buffers together, in bytes; buffers that are being written out, or that an
  // iterator holds, may come on top for a while. Raise it to hold more of the data in memory.
  uint64_t memory_budget_bytes = 256ULL << 20;
  // For the search index of each vector store or property graph, its HNSW graph included, in bytes. From a
  // third on it holds less and queries read more; one beyond is not held, and queries read all vectors.
  uint64_t search_memory_bytes = 1ULL << 30;
  // Collections beyond this many share one column family. Each family costs about 30 kB and a file handle.
  int max_collection_families = 32;
  // Threads for flush and compaction.
  int background_threads = 2;
  // File handles that RocksDB may keep open.
  int max_open_files = 512;

  // ---- limits ----
  // What is longer is refused with kInvalidArgument, which names the limit, and nothing is written. The
  // defaults are also the most. Of imports see ImportOptions, too.
  uint64_t max_key_bytes = 16ULL << 20;
  uint64_t max_value_bytes = (4ULL << 30) - (1ULL << 20);
  // Keys and values of one write(), as they will be stored; a transaction's at most 1 GiB.
  uint64_t max_batch_bytes = 4ULL << 30;
  // Tables and what waits in memory to become one; 0: no limit. Beyond it only deletions are taken, and a
  // bulk load is refused as a whole. For a while a compaction needs as much again.
  uint64_t max_directory_bytes = 0;
};

class RocksDBKVStore : public BaseKVStore,
                       public AtHandAccess,
                       public StatsSource,
                       public std::enable_shared_from_this<RocksDBKVStore> {
 public:
  // Errors: kBusy (held by another process or handle), kInvalidArgument (the directory is something else; a
  // newer format), kCorruption, kIoError. On any error the directory is as it was.
  static Result<std::shared_ptr<RocksDBKVStore>> open(const std::string& directory,
                                                      const RocksDBOptions& options = {});
  // Whether open() would make a database there: there is nothing, or what one left that was being made.
  static bool is_empty_directory(const std::string& directory);
  // A reader; see above. Keeps each file of the database open, so that the writer may remove it, and what the
  // writer has only in its log (up to half of its memory budget, or 64 MiB) in memory. The options that
  // concern writing have no effect. Errors: as open(), but kBusy only when the files change faster than they
  // can be listed; kIoError when there is no database, or more files than the process may open (ulimit -n).
  static Result<std::shared_ptr<RocksDBKVStore>> open_reader(const std::string& directory,
                                                             const RocksDBOptions& options = {});
  // A reader of the database as it is now, with this one's block cache; itself when nothing has been written
  // since it was opened, or when it is no reader. This one stays as it is and may be used on, or dropped.
  // Stores over it (KVDocumentStore, StorageContext, ...) are made anew over the result.
  // Cost: as open_reader(); a look at the directory when nothing has changed.
  Result<std::shared_ptr<BaseKVStore>> refresh() override;
  // Closes; an error is then lost. See close().
  ~RocksDBKVStore() override;
  // For the implementation, which alone has an Impl.
  class Impl;
  explicit RocksDBKVStore(std::unique_ptr<Impl> impl);

  // Makes all durable, marks the directory as cleanly closed and releases it. Every later call fails with
  // kInvalidArgument. Safe twice. Errors: kBusy while transactions are open. REQUIRES: no call under way, no
  // iterator, snapshot or bulk load alive.
  Status close() override;
  // close() after a failure. A database that this open() made and that holds no collection is then removed,
  // with the directories that were made for it.
  Status abandon() override;

  const std::string& directory() const;

  // Makes all writes so far survive a power cut.
  Status sync() override;
  // Makes them so by writing table files and beginning a new log: the next open, reader or backup has less to
  // do.
  Status flush() override;
  // Rewrites the collections compactly: removes deleted data from disk. Takes minutes on large stores. What
  // was rewritten before it was cancelled stays so; the data are the same.
  Status compact(const ProgressCallback& progress = {}) override;
  // Reads everything: block checksums, record forms, counts, member lists, indexes. Reports each fault; OK
  // when the check could be made, whether or not there were faults. With `progress`, `report` is called from
  // another thread.
  Status verify(const std::function<void(const Fault&)>& report,
                const ProgressCallback& progress = {}) const override;
  // OK unless the database holds a part of an import with merge: kCorruption when that was interrupted (the
  // same import, run again, completes it), kBusy when another process is at it. The logger is told at open.
  Status check_complete() const override;
  // The number of its format; see docs/FORMAT.md.
  Result<uint32_t> format() const override;
  // Bytes on disk, by RocksDB's account.
  Result<uint64_t> disk_bytes() const override;

  KVCapabilities capabilities() const override;
  std::shared_ptr<BaseKVStore> at_hand() override;
  CallRecorder& calls() const override;
  Result<StoreStats> stats() const override;
  Status put(std::string_view key, JsonView val, std::string_view collection = DEFAULT_COLLECTION) override;
  Result<std::optional<Json>> get(std::string_view key,
                                  std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<std::vector<KVEntry>> get_all(std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<bool> delete_(std::string_view key, std::string_view collection = DEFAULT_COLLECTION) override;
  Status put_all(std::span<const KVPair> kv_pairs, std::string_view collection = DEFAULT_COLLECTION,
                 int batch_size = DEFAULT_BATCH_SIZE) override;
  Result<std::vector<std::optional<Json>>> multi_get(
      std::span<const std::string_view> keys,
      std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<std::vector<std::optional<uint64_t>>> insertion_order(std::span<const std::string_view> keys,
                                                               std::string_view collection) const override;
  Result<bool> exists(std::string_view key, std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<std::vector<bool>> keys_exist(std::span<const std::string_view> keys,
                                       std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<uint64_t> count(std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options,
                                           std::string_view collection = DEFAULT_COLLECTION) const override;
  Result<std::vector<CollectionInfo>> collections() const override;
  Result<std::vector<std::string>> declared_files() const override;
  Status write(const WriteBatch& batch, const WriteOptions& options = {}) override;
  Result<std::unique_ptr<KVReader>> snapshot() const override;
  Result<std::shared_ptr<KVTransaction>> begin() override;
  Status declare_collection(std::string_view name, const CollectionOptions& options) override;
  Result<bool> make_codes(std::string_view collection, uint64_t at_most) override;
  Status declare_file(std::string_view persist_file) override;
  Result<bool> drop_collection(std::string_view name) override;
  Result<std::unique_ptr<BulkLoad>> bulk_load() override;
  Result<std::string> index_directory() override;
  MemberLists& member_lists() override;
  ComposedValues& composed_values() override;
  FieldIndex& field_index() override;
  const VectorValues& vector_values() const override;
  TextIndexes& text_indexes() override;
  uint64_t search_memory_bytes() const override;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace quipu

#endif  // QUIPU_ROCKSDB_KV_STORE_H_
