// BaseKVStore: keys and JSON objects in named collections, as LlamaIndex's BaseKVStore has them.
//
//   QUIPU_ASSIGN_OR_RETURN(auto store, RocksDBKVStore::open("/data/my-index"));
//   QUIPU_RETURN_IF_ERROR(store->put("k", *Json::parse(R"({"a": 1})")));
//   QUIPU_ASSIGN_OR_RETURN(std::optional<Json> val, store->get("k"));
//
// A collection exists from its first write; reading one that does not exist finds nothing. Keys and
// collection names are any bytes, the empty string included (names up to 64 KiB, keys up to 16 MiB); a
// Python str becomes its UTF-8, a lone surrogate its three bytes. Values are JSON objects.
// A collection keeps the order of a Python dict: a new key goes to the end, an overwrite keeps the key's
// place, delete and put again moves it to the end.
//
// Writing your own backend: derive from BaseKVStore and override put, get, get_all and delete_. All else
// has a default built on those four; each default's cost and atomicity stand beside it. One that holds more
// than memory overrides scan(), insertion_order() and bulk_load(), and says so: capabilities().streams.
//
// Thread-safety: the stores of this library may be used from any number of threads at once. Each call is
// atomic: a reader sees all of a write or nothing of it.

#ifndef QUIPU_KV_STORE_H_
#define QUIPU_KV_STORE_H_

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quipu/json.h"
#include "quipu/progress.h"
#include "quipu/status.h"

namespace quipu {

class Adjacency;
class BulkLoad;
class CollectionCache;
class ComposedValues;
class Executor;
class FieldIndex;
class KVTransaction;
class KeyLocks;
class LockSet;
class MemberLists;
class TextIndexes;
class VectorValues;
class WriteBatch;
struct Fault;

inline constexpr std::string_view DEFAULT_COLLECTION = "data";
inline constexpr int DEFAULT_BATCH_SIZE = 1;

// A pair to be written; both are views that must live until the call returns.
struct KVPair {
  std::string_view key;
  JsonView val;
};

// A pair that was read.
struct KVEntry {
  std::string key;
  Json val;
};

// What survives which failure, per write. Whatever is chosen, a write is there whole or not at all.
struct WriteOptions {
  // false: a write that returned OK survives the end of this process (kill -9 included), but the newest
  //        ones may be lost when the machine loses power. true: it survives that too; costs one fsync.
  bool sync = false;
  // Locks that this caller holds on keys of the batch (BaseKVStore::lock); null to let write() lock.
  const KeyLocks* held = nullptr;
};

// Which keys a scan yields, and in which order.
struct ScanOptions {
  enum class Order {
    kKey,        // by the keys' bytes; starts at once and streams
    kInsertion,  // as a dict iterates; a collection larger than memory is sorted on disk first
  };
  std::string prefix;                // only keys that start with it
  std::optional<std::string> start;  // first key, included
  std::optional<std::string> end;    // first key that is left out
  uint64_t limit = 0;                // at most so many; 0: all
  bool reverse = false;              // from the last to the first
  bool keys_only = false;            // val() is null; cheaper where values are long
  Order order = Order::kKey;
};

// Walks the result of a scan: while (it->next()) use(it->key(), it->val()); then check it->status().
// Views live until the next call. Sees the collection as it was when the scan began (Redis: docs/SCALE.md).
// Thread-safety: one thread at a time. Lifetime: must go before its store (or snapshot).
class KVIterator {
 public:
  virtual ~KVIterator() = default;
  virtual bool next() = 0;  // false at the end, and on an error
  virtual std::string_view key() const = 0;
  virtual JsonView val() const = 0;
  // The key's number as KVReader::insertion_order has it, where the store keeps it as long as the key stays,
  // and not only keys are read. Default: nothing.
  virtual std::optional<uint64_t> order() const { return std::nullopt; }
  virtual Status status() const = 0;
};

struct CollectionInfo {
  std::string name;
  std::string persist_file;   // the file of a persist directory it belongs to, e.g. "docstore.json"
  std::string indexed_field;  // the member whose values are indexed (FieldIndex), or empty
  uint64_t count = 0;         // keys in it
};

// What a store wants of a collection when it first writes to it.
struct CollectionOptions {
  std::string persist_file;
  std::string indexed_field;
  bool keeps_codes = false;  // of its vectors (VectorValues::codes), where the store can
};

// The reading half: a store, or a snapshot of one.
class KVReader {
 public:
  virtual ~KVReader() = default;

  // The value of `key`; nothing when the key or the collection does not exist.
  virtual Result<std::optional<Json>> get(std::string_view key,
                                          std::string_view collection = DEFAULT_COLLECTION) const = 0;

  // All pairs in insertion order. Holds the whole collection in memory; see scan() for large ones.
  virtual Result<std::vector<KVEntry>> get_all(std::string_view collection = DEFAULT_COLLECTION) const = 0;

  // The values of many keys, in their order. Default: one get() each.
  virtual Result<std::vector<std::optional<Json>>> multi_get(
      std::span<const std::string_view> keys, std::string_view collection = DEFAULT_COLLECTION) const;

  // For each key a number that grows in the order in which the collection's keys were inserted; nothing for
  // an absent one. Default: its place among them, O(collection); RocksDB: one that it keeps, O(keys).
  virtual Result<std::vector<std::optional<uint64_t>>> insertion_order(
      std::span<const std::string_view> keys, std::string_view collection = DEFAULT_COLLECTION) const;
  // Default: get().
  virtual Result<bool> exists(std::string_view key, std::string_view collection = DEFAULT_COLLECTION) const;

  // The same of many keys, in their order. Default: multi_get().
  virtual Result<std::vector<bool>> keys_exist(std::span<const std::string_view> keys,
                                               std::string_view collection = DEFAULT_COLLECTION) const;

  // The number of keys. Default: get_all(), O(collection); RocksDB and memory: O(1).
  virtual Result<uint64_t> count(std::string_view collection = DEFAULT_COLLECTION) const;

  // Default: get_all() and a sort.
  virtual Result<std::unique_ptr<KVIterator>> scan(const ScanOptions& options,
                                                   std::string_view collection = DEFAULT_COLLECTION) const;

  // The collections in the order in which they were made. Default: kNotSupported.
  virtual Result<std::vector<CollectionInfo>> collections() const;

  // The persist files that were declared (BaseKVStore::declare_file), as every import declares those that it
  // reads, in order. Default: none.
  virtual Result<std::vector<std::string>> declared_files() const;

  // The persist files that belong to this store: declared_files(), then those of collections() that are not
  // among them.
  Result<std::vector<std::string>> persist_files() const;
};

// What a backend can do beyond the reference's contract.
struct KVCapabilities {
  bool atomic_batches = false;   // write() and put_all() happen whole or not at all, over all collections
  bool batched_put_all = false;  // put_all takes a batch_size other than 1
  bool snapshots = false;        // snapshot() works
  bool transactions = false;     // begin() works
  bool durable = false;          // data outlives the object
  bool read_only = false;        // writes are refused
  // This is a transaction (kv_transaction.h): what is written counts from its commit on.
  bool in_transaction = false;
  // scan(), count(), insertion_order() and bulk_load() take memory that does not grow with a collection.
  // Where false, each call of theirs may read and hold a whole collection.
  bool streams = false;
  // insertion_order() is a number that a key keeps as long as it is there, and costs O(keys); scans have it.
  bool keeps_order = false;
  // Each call goes to a server: one over many keys takes hardly longer than one over a single key.
  bool round_trips = false;
  bool composed_values = false;  // keeps them part by part (backend/features.h)
  bool text_indexes = false;     // keeps them (backend/text_entries.h)
  bool backups = false;          // create_backup() and restore_backup() know its address (backup.h)
  bool checkpoints = false;      // so does create_checkpoint()
  bool repair = false;           // and repair_database() (verify.h)
  // Keys and names of collections are UTF-8 without NUL. Others are never there, and putting one is
  // kInvalidArgument.
  bool text_keys = false;
  // Values hold no NaN and no infinity, which JSON does not have either; putting one is kInvalidArgument.
  bool finite_numbers = false;
};

class BaseKVStore : public KVReader {
 public:
  BaseKVStore();
  ~BaseKVStore() override;
  BaseKVStore(const BaseKVStore&) = delete;
  BaseKVStore& operator=(const BaseKVStore&) = delete;

  virtual KVCapabilities capabilities() const { return {}; }

  // Stores `val` under `key`. Error: kInvalidArgument when `val` is no object.
  virtual Status put(std::string_view key, JsonView val,
                     std::string_view collection = DEFAULT_COLLECTION) = 0;

  // Removes `key`; true when it was there. (The reference's delete: the word is taken in C++.)
  virtual Result<bool> delete_(std::string_view key, std::string_view collection = DEFAULT_COLLECTION) = 0;

  // Stores all pairs. Where capabilities().batched_put_all, `batch_size` is only a hint and the call is one
  // atomic write. Elsewhere it must be 1, and the pairs go in one by one; else kNotSupported "Batching not
  // supported by this key-value store.", even for no pairs.
  virtual Status put_all(std::span<const KVPair> kv_pairs, std::string_view collection = DEFAULT_COLLECTION,
                         int batch_size = DEFAULT_BATCH_SIZE);

  // Applies a batch over any number of collections. Default: one operation after the other, so an error
  // leaves the earlier ones done (capabilities().atomic_batches is false).
  virtual Status write(const WriteBatch& batch, const WriteOptions& options = {});

  // A reader of the store as it is now, whatever is written later. Must go before the store.
  // Default: kNotSupported.
  virtual Result<std::unique_ptr<KVReader>> snapshot() const;

  // A transaction over the whole store; see kv_transaction.h. Default: kNotSupported.
  virtual Result<std::shared_ptr<KVTransaction>> begin();

  // Makes sure that a collection exists; one that does is only given the persist file it lacks (for an index
  // see FieldIndex::ensure_index). Default: does nothing. Error: kNotSupported where such files are not kept.
  virtual Status declare_collection(std::string_view name, const CollectionOptions& options);

  // Makes codes of vectors of a collection that was made without them, of no more than `at_most` vectors;
  // true when all have theirs. Cheap when there is nothing to do. What has been made so far stays; until all
  // is made, codes() says that there are none. Default: does nothing.
  virtual Result<bool> make_codes(std::string_view collection, uint64_t at_most);

  // Notes that a persist file belongs to this store, even when no collection does. Default: does nothing.
  virtual Status declare_file(std::string_view persist_file);

  // Removes a collection and all in it; false when there was none. RocksDB: O(1), space comes back with
  // compaction. Default: deletes key by key.
  virtual Result<bool> drop_collection(std::string_view name);

  // Loads whole collections, unseen until commit(). Default: collected in memory, written with write().
  virtual Result<std::unique_ptr<BulkLoad>> bulk_load();

  // A directory for files that can be made again from the store's data, such as search indexes; it is made
  // when it is missing. Empty: there is none. Default: none. Of a store that is read_only, nothing in it may
  // be written, and it may be missing.
  virtual Result<std::string> index_directory() { return std::string(); }

  // What a backend may keep in a way of its own (backend/features.h); owned by the store. Defaults: over
  // get() and scan(), a look-up in a FieldIndex O(collection), a change of a member list or of a composed
  // value O(value).
  virtual MemberLists& member_lists();
  virtual ComposedValues& composed_values();
  virtual FieldIndex& field_index();
  virtual const Adjacency& adjacency() const;
  virtual const VectorValues& vector_values() const;
  // Full-text search (backend/text_entries.h). Default: kNotSupported.
  virtual TextIndexes& text_indexes();

  // How many bytes a search index over vectors of this store may take. One that would take more is not held,
  // and queries read the vectors themselves. Default: 1 GiB.
  virtual uint64_t search_memory_bytes() const;

  // Exclusive locks over keys, for those who read, decide and write (backend/key_locks.h). Default: locks of
  // this object, which others' writers do not see. Errors: those of a table that is elsewhere.
  virtual Result<KeyLocks> lock(const LockSet& set) const;

  // How those who keep something of these collections in memory learn of what others have written, past this
  // object: a number that grows by one for each of these collections that a write has operations on, whoever
  // made it. Nothing: nobody else can write. Default: nothing.
  virtual Result<std::optional<uint64_t>> change_version(std::span<const std::string_view> collections) const;

  // ---- care of the store ----
  // Makes all writes durable and releases what the store holds; every later call fails. Safe twice. Errors:
  // kBusy while transactions are open. REQUIRES: no call under way. Default: does nothing.
  virtual Status close();
  // close() after a failure: what opening has made, and nobody has written to, goes again. Default: close().
  virtual Status abandon();
  // Makes all writes so far survive a power cut. Default: does nothing.
  virtual Status sync();
  // Makes opening, reading and copying the store cost less, at once. Default: does nothing.
  virtual Status flush();
  // Rewrites the store compactly. Default: does nothing.
  virtual Status compact(const ProgressCallback& progress = {});
  // Reads everything that the backend keeps beside the values, and reports each fault; OK when the check
  // could be made. With `progress`, `report` is called from another thread. Default: finds nothing.
  virtual Status verify(const std::function<void(const Fault&)>& report,
                        const ProgressCallback& progress = {}) const;
  // OK unless the store holds a part of an import (kCorruption: it was interrupted; kBusy: it is under way).
  // Default: OK.
  virtual Status check_complete() const;
  // The number of the stored format. Default: kNotSupported.
  virtual Result<uint32_t> format() const;
  // Bytes that it takes where it is stored. Default: kNotSupported.
  virtual Result<uint64_t> disk_bytes() const;
  // Of a store that shows a moment of the past, as a reader of a database: one of the present, or itself
  // where that is the same. Null: this one always shows the present. Default: null.
  virtual Result<std::shared_ptr<BaseKVStore>> refresh();

  // The cache of this name that the stores built on this one share, which `make` makes when there is none. It
  // lives as long as somebody holds it. Thread-safe.
  std::shared_ptr<CollectionCache> cache(const std::string& name,
                                         const std::function<std::shared_ptr<CollectionCache>()>& make) const;
  // All that there are, in the order of their names.
  std::vector<std::shared_ptr<CollectionCache>> caches() const;

  // The reference's async twins. Each runs the call of the same name on the store's executor; what is passed
  // is copied first. The future holds exactly what the call returns.
  std::future<Status> aput(std::string key, Json val,
                           std::string collection = std::string(DEFAULT_COLLECTION));
  std::future<Status> aput_all(std::vector<KVEntry> kv_pairs,
                               std::string collection = std::string(DEFAULT_COLLECTION),
                               int batch_size = DEFAULT_BATCH_SIZE);
  std::future<Result<std::optional<Json>>> aget(std::string key,
                                                std::string collection = std::string(DEFAULT_COLLECTION));
  std::future<Result<std::vector<KVEntry>>> aget_all(
      std::string collection = std::string(DEFAULT_COLLECTION));
  std::future<Result<bool>> adelete(std::string key,
                                    std::string collection = std::string(DEFAULT_COLLECTION));

  // The pool that runs the async calls of this store and of the stores built on it; made at first use.
  Executor& executor();

 protected:
  // Waits for the async calls under way. A derived class calls it first in its destructor.
  void finish_async_calls();

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace quipu

#endif  // QUIPU_KV_STORE_H_
