#include "python/src/database/database.h"

#include <nanobind/stl/shared_ptr.h>

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string_view>
#include <thread>

#include "python/src/convert/arguments.h"
#include "python/src/convert/faults.h"
#include "python/src/convert/progress.h"
#include "python/src/convert/text.h"
#include "python/src/database/scan.h"
#include "python/src/database/stats.h"
#include "quipu/backend/executor.h"
#include "quipu/stats.h"
#include "quipu/vector_store.h"

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

// A logger of the library that calls a Python callable, from whatever thread, for as long as there is a
// Python.
std::function<void(std::string_view)> to_logger(const nb::object& callable) {
  std::shared_ptr<nb::object> kept(new nb::object(callable), [](nb::object* owned) {
    if (!nb::is_alive()) return;
    const nb::gil_scoped_acquire gil;
    delete owned;
  });
  return [kept](std::string_view message) {
    if (!nb::is_alive()) return;
    const nb::gil_scoped_acquire gil;
    try {
      (*kept)(to_str(message));
    } catch (nb::python_error& error) {
      error.discard_as_unraisable(*kept);
    }
  };
}

// The fields of quipu.database.options.Options, by name.
OpenOptions to_options(const nb::dict& given) {
  OpenOptions opened;
  RocksDBOptions& options = opened.rocksdb;
  const auto read = [&](const char* name, auto& value) { read_argument(given[name], name, value); };
  read("create_if_missing", options.create_if_missing);
  read("sync", options.sync);
  read("accept_lost_writes", options.accept_lost_writes);
  read("slow_call_seconds", options.slow_call_seconds);
  read("memory_budget_bytes", options.memory_budget_bytes);
  read("search_memory_bytes", options.search_memory_bytes);
  read("max_collection_families", options.max_collection_families);
  read("background_threads", options.background_threads);
  read("max_open_files", options.max_open_files);
  read("max_key_bytes", options.max_key_bytes);
  read("max_value_bytes", options.max_value_bytes);
  read("max_batch_bytes", options.max_batch_bytes);
  read("max_directory_bytes", options.max_directory_bytes);
  const nb::object logger = given["logger"];
  if (!logger.is_none() && PyCallable_Check(logger.ptr()) == 0) {
    throw nb::type_error("logger must be callable");
  }
  if (!logger.is_none()) options.logger = to_logger(logger);
  read("read_only", opened.read_only);
  return opened;
}

}  // namespace

std::shared_ptr<Database> Database::open(const std::string& address, const OpenOptions& options) {
  const BusyMeans busy = options.read_only ? BusyMeans::kBusy : BusyMeans::kLocked;
  nb::gil_scoped_release without_gil;
  return std::make_shared<Database>(address, take(open_store(address, options), busy));
}

// The last reference may go with the GIL held, while the store waits for threads that want it; or on one of
// the store's own threads, which it waits for.
Database::~Database() {
  if (is_pool_thread && !transaction_) {
    at_hand_.reset();
    std::thread([store = std::move(store_), root = std::move(root_)] {}).detach();
  }
  const auto release = [this] {
    end_scans();
    at_hand_.reset();
    transaction_.reset();
    store_.reset();
    root_.reset();
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

void Database::end(Status (BaseKVStore::*end_store)()) {
  nb::gil_scoped_release without_gil;
  for (const std::weak_ptr<Database>& each : older_) {
    if (const std::shared_ptr<Database> older = each.lock()) older->end_one(end_store);
  }
  end_one(end_store);
}

void Database::end_one(Status (BaseKVStore::*end_store)()) {
  {
    std::unique_lock lock(mutex_);
    closing_ = true;
    idle_.wait(lock, [this] { return submitted_ == 0; });
  }
  std::unique_lock alone(calls_);
  end_scans();
  const Status closed = (root_.get()->*end_store)();
  if (closed.is_ok()) return;
  std::lock_guard lock(mutex_);
  closing_ = false;
  throw StatusError(closed);
}

std::shared_ptr<Database> Database::refresh() {
  std::shared_ptr<BaseKVStore> now = run([&] { return take(root_->refresh()); });
  if (now == nullptr || now == root_) return shared_from_this();
  auto newer = std::make_shared<Database>(address_, std::move(now));
  newer->older_ = older_;
  std::erase_if(newer->older_, [](const std::weak_ptr<Database>& each) { return each.expired(); });
  newer->older_.push_back(weak_from_this());
  return newer;
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
      throw StatusError(Status::invalid_argument(shown_address(address_) + ": the store is closed"));
    ++submitted_;
  }
  PyObject* const owned = work.release().ptr();
  nb::gil_scoped_release without_gil;  // the pool may be full, and its threads want the GIL
  (void)root_->executor().submit([self = shared_from_this(), owned] {
    call_and_drop(owned);
    std::lock_guard lock(self->mutex_);
    if (--self->submitted_ == 0) self->idle_.notify_all();
  });
}

nb::tuple Database::compact(nb::object progress) const {
  uint64_t before = 0;
  uint64_t after = 0;
  ProgressToPython to_python(std::move(progress));
  const Status compacted = run([&]() -> Status {
    QUIPU_ASSIGN_OR_RETURN(before, root_->disk_bytes());
    QUIPU_RETURN_IF_ERROR(root_->compact(std::ref(to_python)));
    QUIPU_ASSIGN_OR_RETURN(after, root_->disk_bytes());
    return Status::ok();
  });
  to_python.rethrow();
  check(compacted);
  return nb::make_tuple(before, after);
}

nb::tuple Database::search_memory() const {
  uint64_t budget = 0;
  const std::vector<SearchIndexInfo> indexes = run([&] {
    budget = root_->search_memory_bytes();
    return search_indexes(*root_);
  });
  nb::dict bytes;
  for (const SearchIndexInfo& index : indexes) bytes[to_readable(index.name)] = index.memory_bytes;
  return nb::make_tuple(budget, bytes);
}

nb::tuple Database::stats() const {
  return to_tuple(run([&] { return take(store_stats(*root_)); }));
}

bool Database::on_pool_thread() { return is_pool_thread; }

void register_database(nb::module_& module) {
  nb::class_<Database>(module, "Database")
      .def("close", &Database::close)
      .def("abandon", &Database::abandon)
      .def("refresh", &Database::refresh)
      .def("is_reader", &Database::is_reader)
      .def("begin", &Database::begin)
      .def("at_hand", &Database::at_hand)
      .def(
          "commit", [](Database& db, Flag<"sync"> sync) { db.commit(sync); }, nb::arg("sync").none())
      .def("rollback", &Database::rollback)
      .def("submit", &Database::submit, nb::arg("work"))
      .def("sync", [](const Database& db) { db.run([&] { check(db.root().sync()); }); })
      .def("search_memory", &Database::search_memory)
      .def("stats", &Database::stats)
      .def("compact", &Database::compact, nb::arg("progress").none());
  module.def("leave_out_exit_handlers", &leave_out_exit_handlers);
  module.def("on_pool_thread", &Database::on_pool_thread);
  module.def(
      "open",
      [](const Arg<"path", PathText>& path, const nb::dict& options) {
        return Database::open(path.text, to_options(options));
      },
      nb::arg("path"), nb::arg("options"));
  module.def(
      "check_options", [](const nb::dict& options) { (void)to_options(options); }, nb::arg("options"));
}

}  // namespace quipu::python
