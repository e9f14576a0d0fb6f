#include "python/src/database.h"

#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>

#include "python/src/scan.h"
#include "quipu/executor.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

thread_local bool is_pool_thread = false;

// In the child of a fork(): the end of the process leaves out the destructors of RocksDB's static objects,
// which would wait for the parent's threads. Python has finished its own part by then.
void leave_out_exit_handlers() {
  on_exit(
      [](int status, void*) {
        std::fflush(nullptr);
        _exit(status);
      },
      nullptr);
}

// Calls a Python callable and drops it, with the GIL taken for both.
void call_and_drop(PyObject* work) {
  is_pool_thread = true;
  nb::gil_scoped_acquire gil;
  PyObject* const result = PyObject_CallNoArgs(work);
  if (result == nullptr) PyErr_WriteUnraisable(work);
  Py_XDECREF(result);
  Py_DECREF(work);
}

}  // namespace

std::shared_ptr<Database> Database::open(const std::string& path, const RocksDBOptions& options) {
  nb::gil_scoped_release without_gil;
  return std::make_shared<Database>(take(RocksDBKVStore::open(path, options), BusyMeans::kLocked));
}

// The last reference may go with the GIL held, while the store waits for threads that want it.
Database::~Database() {
  const auto release = [this] {
    end_scans();
    transaction_.reset();
    store_.reset();
    rocksdb_.reset();
    parent_.reset();
  };
  if (PyGILState_Check() == 0) {
    release();
  } else {
    const nb::gil_scoped_release without_gil;
    release();
  }
}

void Database::add(const std::shared_ptr<Scan>& scan) {
  std::lock_guard lock(mutex_);
  std::erase_if(scans_, [](const std::weak_ptr<Scan>& each) { return each.expired(); });
  scans_.push_back(scan);
}

void Database::end_scans() {
  std::lock_guard lock(mutex_);
  for (const std::weak_ptr<Scan>& each : scans_) {
    if (const std::shared_ptr<Scan> scan = each.lock()) scan->end();
  }
  scans_.clear();
}

void Database::end(Status (RocksDBKVStore::*end_store)()) {
  nb::gil_scoped_release without_gil;
  {
    std::unique_lock lock(mutex_);
    closing_ = true;
    idle_.wait(lock, [this] { return submitted_ == 0; });
  }
  std::unique_lock alone(calls_);
  end_scans();
  const Status closed = (rocksdb_.get()->*end_store)();
  if (closed.is_ok()) return;
  std::lock_guard lock(mutex_);
  closing_ = false;
  throw StatusError(closed);
}

std::shared_ptr<Database> Database::begin() {
  auto transaction = run([&] { return take(store_->begin()); });
  return std::make_shared<Database>(shared_from_this(), std::move(transaction));
}

void Database::commit(bool sync) {
  run([&] {
    end_scans();
    check(transaction_->commit({.sync = sync}), BusyMeans::kConflict);
  });
}

void Database::rollback() {
  run([&] {
    end_scans();
    transaction_->rollback();
  });
}

void Database::submit(nb::callable work) {
  {
    std::lock_guard lock(mutex_);
    if (closing_)
      throw StatusError(Status::invalid_argument(rocksdb_->directory() + ": the store is closed"));
    ++submitted_;
  }
  PyObject* const owned = work.release().ptr();
  nb::gil_scoped_release without_gil;  // the pool may be full, and its threads want the GIL
  (void)rocksdb_->executor().submit([this, owned] {
    call_and_drop(owned);
    std::lock_guard lock(mutex_);
    if (--submitted_ == 0) idle_.notify_all();
  });
}

bool Database::on_pool_thread() { return is_pool_thread; }

void register_database(nb::module_& module) {
  nb::class_<Database>(module, "Database")
      .def("close", &Database::close)
      .def("abandon", &Database::abandon)
      .def("begin", &Database::begin)
      .def("commit", &Database::commit, nb::arg("sync"))
      .def("rollback", &Database::rollback)
      .def("submit", &Database::submit, nb::arg("work"))
      .def("sync", [](const Database& db) { db.run([&] { check(db.rocksdb().sync()); }); })
      .def("compact", [](const Database& db) { db.run([&] { check(db.rocksdb().compact()); }); });
  module.def("leave_out_exit_handlers", &leave_out_exit_handlers);
  module.def("on_pool_thread", &Database::on_pool_thread);
  module.def(
      "open",
      [](const std::string& path, bool create_if_missing, bool sync, uint64_t memory_budget_bytes) {
        RocksDBOptions options;
        options.create_if_missing = create_if_missing;
        options.sync = sync;
        options.memory_budget_bytes = memory_budget_bytes;
        return Database::open(path, options);
      },
      nb::arg("path"), nb::arg("create_if_missing"), nb::arg("sync"), nb::arg("memory_budget_bytes"));
}

}  // namespace quipu::python
