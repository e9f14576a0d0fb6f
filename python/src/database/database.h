// Database: an open key-value store as all Python objects on it share it.
//
// Calls release the GIL and run beside each other; close() waits for those under way. A transaction is a
// Database of its own, whose calls take turns, since a transaction is for one thread at a time.

#ifndef QUIPU_PYTHON_DATABASE_DATABASE_H_
#define QUIPU_PYTHON_DATABASE_DATABASE_H_

#include <nanobind/nanobind.h>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "python/src/convert/errors.h"
#include "quipu/kv_transaction.h"
#include "quipu/rocksdb_kv_store.h"

namespace quipu::python {

class Scan;

class Database : public std::enable_shared_from_this<Database> {
 public:
  static std::shared_ptr<Database> open(const std::string& path, const RocksDBOptions& options);
  static std::shared_ptr<Database> open_reader(const std::string& path, const RocksDBOptions& options);
  explicit Database(std::shared_ptr<RocksDBKVStore> store) : rocksdb_(store), store_(std::move(store)) {}
  Database(std::shared_ptr<Database> parent, std::shared_ptr<KVTransaction> transaction)
      : rocksdb_(parent->rocksdb_),
        store_(transaction),
        transaction_(std::move(transaction)),
        parent_(std::move(parent)) {}
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::shared_ptr<BaseKVStore>& store() const { return store_; }
  RocksDBKVStore& rocksdb() const { return *rocksdb_; }

  // Runs `call` without the GIL, while the store stays open. What it throws goes on to Python.
  template <class Call>
  auto run(Call call) const -> decltype(call()) {
    nanobind::gil_scoped_release without_gil;
    if (transaction_) {
      std::unique_lock turn(calls_);
      return call();
    }
    std::shared_lock open(calls_);
    return call();
  }

  // Waits for the calls under way, those of the pool included; scans end. Every later call raises ValueError.
  // Safe twice. REQUIRES: not on a thread of the pool.
  void close() { end(&RocksDBKVStore::close); }
  // The same after a failure; see RocksDBKVStore.
  void abandon() { end(&RocksDBKVStore::abandon); }

  // Of a reader: the database as it is now; this one when nothing has been written since. This one serves
  // those who have it until they drop it, or the newer one is closed.
  std::shared_ptr<Database> refresh();
  bool is_reader() const { return rocksdb_->capabilities().read_only; }

  std::shared_ptr<Database> begin();
  void commit(bool sync);
  void rollback();

  // (bytes on disk before, and after)
  nanobind::tuple compact(nanobind::object progress) const;

  // Runs a Python callable on the store's pool of threads.
  void submit(nanobind::callable work);
  // Whether this thread is one of a pool.
  static bool on_pool_thread();

  // A scan that close() must end; see scan.h.
  void add(const std::shared_ptr<Scan>& scan);

 private:
  void end(Status (RocksDBKVStore::*end_store)());
  void end_one(Status (RocksDBKVStore::*end_store)());
  void end_scans();

  std::shared_ptr<RocksDBKVStore> rocksdb_;
  std::shared_ptr<BaseKVStore> store_;
  std::shared_ptr<KVTransaction> transaction_;
  std::shared_ptr<Database> parent_;
  mutable std::shared_mutex calls_;
  std::mutex mutex_;  // of what follows
  std::vector<std::weak_ptr<Scan>> scans_;
  std::condition_variable idle_;  // nothing is submitted any more
  size_t submitted_ = 0;          // to the pool, and not done
  bool closing_ = false;
  std::vector<std::weak_ptr<Database>> older_;  // what this was refreshed from, where somebody has it still
};

void register_database(nanobind::module_& module);

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_DATABASE_DATABASE_H_
