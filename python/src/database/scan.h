// Scan: pairs of a collection, handed to Python some hundred at a time, so that the GIL is taken seldom.

#ifndef QUIPU_PYTHON_DATABASE_SCAN_H_
#define QUIPU_PYTHON_DATABASE_SCAN_H_

#include <nanobind/nanobind.h>

#include <memory>
#include <mutex>
#include <utility>

#include "python/src/database/database.h"
#include "quipu/kv_store.h"

namespace quipu::python {

class Scan {
 public:
  explicit Scan(std::unique_ptr<KVIterator> pairs) : pairs_(std::move(pairs)) {}

  // The next pairs, at most `count`; none at the end. Called without the GIL. Error: the scan was ended.
  std::vector<KVEntry> next(size_t count);
  // Gives up the iterator: the store is about to close, or nobody asks any more.
  void end();

 private:
  std::mutex mutex_;  // end() may come from another thread
  std::unique_ptr<KVIterator> pairs_;
};

void register_scan(nanobind::module_& module);

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_DATABASE_SCAN_H_
