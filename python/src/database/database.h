// Database: an open key-value store as all Python objects on it share it.
//
// Calls release the GIL and run beside each other; close() waits for those under way. A transaction is a
// Database of its own, whose calls take turns, since a transaction is for one thread at a time. Another is
// the store at hand (quipu/backend/at_hand.h), whose calls raise BusyError rather than to wait.

#ifndef QUIPU_PYTHON_DATABASE_DATABASE_H_
#define QUIPU_PYTHON_DATABASE_DATABASE_H_

#include <nanobind/nanobind.h>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "python/src/convert/errors.h"
#include "quipu/backend/at_hand.h"
#include "quipu/kv_transaction.h"
#include "quipu/open_store.h"

namespace quipu::python {

class Scan;

class Database : public std::enable_shared_from_this<Database> {
 public:
  static std::shared_ptr<Database> open(const std::string& address, const OpenOptions& options);
  Database(std::string address, std::shared_ptr<BaseKVStore> store)
      : address_(std::move(address)), root_(store), store_(std::move(store)) {
    if (auto* const offers = dynamic_cast<AtHandAccess*>(store_.get())) at_hand_ = offers->at_hand();
  }
  Database(std::shared_ptr<Database> parent, std::shared_ptr<KVTransaction> transaction)
      : address_(parent->address_),
        root_(parent->root_),
        store_(transaction),
        transaction_(std::move(transaction)),
        parent_(std::move(parent)) {}
  // The store at hand.
  explicit Database(std::shared_ptr<Database> parent)
      : address_(parent->address_),
        root_(parent->root_),
        store_(parent->at_hand_),
        parent_(std::move(parent)) {}
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::shared_ptr<BaseKVStore>& store() const { return store_; }
  // The store itself, also of a transaction on it.
  BaseKVStore& root() const { return *root_; }

  // A Database for calls that must not wait; null where the store cannot tell what would, and in a
  // transaction.
  std::shared_ptr<Database> at_hand() {
    return at_hand_ ? std::make_shared<Database>(shared_from_this()) : nullptr;
  }

  // Runs `call` without the GIL, while the store stays open. What it throws goes on to Python.
  template <class Call>
  auto run(Call call) const -> decltype(call()) {
    nanobind::gil_scoped_release without_gil;
    if (transaction_) {
      std::unique_lock turn(calls_);
      return call();
    }
    if (parent_) {
      const std::shared_lock open(parent_->calls_, std::try_to_lock);
      if (!open) throw StatusError(Status::busy(address_ + ": the store is being closed"));
      return call();
    }
    std::shared_lock open(calls_);
    return call();
  }

  // What is stored under a key where that is at hand; else, and while the store is being closed, kBusy. With
  // the GIL, for it takes less than to take that again where other threads want it; and nothing that wants it
  // is waited for.
  Result<std::optional<Json>> get_at_hand(std::string_view key, std::string_view collection) const {
    const std::shared_lock open(calls_, std::try_to_lock);
    return at_hand_ && open ? at_hand_->get(key, collection) : Status::busy("not at hand");
  }

  // Waits for the calls under way, those of the pool included; scans end. Every later call raises ValueError.
  // Safe twice. REQUIRES: not on a thread of the pool.
  void close() { end(&BaseKVStore::close); }
  // The same after a failure; see BaseKVStore.
  void abandon() { end(&BaseKVStore::abandon); }

  // Of a reader: the database as it is now; this one when nothing has been written since. This one serves
  // those who have it until they drop it, or the newer one is closed.
  std::shared_ptr<Database> refresh();
  bool is_reader() const { return root_->capabilities().read_only; }

  std::shared_ptr<Database> begin();
  void commit(bool sync);
  void rollback();

  // (bytes that a search index may take, {its collections: bytes that it takes})
  nanobind::tuple search_memory() const;

  // As to_tuple() in stats.h.
  nanobind::tuple stats() const;

  // (bytes on disk before, and after)
  nanobind::tuple compact(nanobind::object progress) const;

  // Runs a Python callable on the store's pool of threads.
  void submit(nanobind::callable work);
  // Whether this thread is one of a pool.
  static bool on_pool_thread();

  // A scan that close() must end; see scan.h.
  void add(const std::shared_ptr<Scan>& scan);

 private:
  void end(Status (BaseKVStore::*end_store)());
  void end_one(Status (BaseKVStore::*end_store)());
  void end_scans();

  const std::string address_;
  std::shared_ptr<BaseKVStore> root_;
  std::shared_ptr<BaseKVStore> store_;
  std::shared_ptr<BaseKVStore> at_hand_;  // over store_
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
