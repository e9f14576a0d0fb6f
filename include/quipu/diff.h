// What two stores differ in.
//
//   QUIPU_RETURN_IF_ERROR(diff_stores(*before, *after, [](const Difference& difference) {
//     std::cout << difference.collection << ' ' << difference.key << ": " << difference.what << '\n';
//   }));
//
// Compared are the persist files, the collections with their files and their order in them, the keys, the
// values' canonical text, and the order of insertion: all that an export shows.
// Thread-safety: any. Each store is read as it is when the call begins. Memory: bounded on RocksDB, whatever
// the sizes. Cost: two scans of each.

#ifndef QUIPU_DIFF_H_
#define QUIPU_DIFF_H_

#include <functional>
#include <string>

#include "quipu/kv_store.h"
#include "quipu/progress.h"
#include "quipu/status.h"

namespace quipu {

struct Difference {
  std::string collection;  // empty: of a persist file, which `key` names
  std::string key;         // empty: of the whole collection
  // "only in A", "only in B", "another value", "another file", and "another order" at the first key, or
  // collection of a file, that stands elsewhere among those that both have.
  std::string what;
};

// With `progress`, whose bytes are those that were read (how many there are is not known), `report` is called
// from another thread.
Status diff_stores(const BaseKVStore& a, const BaseKVStore& b,
                   const std::function<void(const Difference&)>& report,
                   const ProgressCallback& progress = {});

}  // namespace quipu

#endif  // QUIPU_DIFF_H_
