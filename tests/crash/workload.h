// Workload: a stream of operations on all stores, of which every one is known by its number. The same numbers
// make the same changes to any key-value store, so what a crash has left can be compared with what a store in
// memory holds after the first n of them.
//
//   const Workload work(seed, "a");
//   for (int i = 0;; ++i) QUIPU_RETURN_IF_ERROR(work.run(i, kvstore));

#ifndef QUIPU_TESTS_CRASH_WORKLOAD_H_
#define QUIPU_TESTS_CRASH_WORKLOAD_H_

#include <cstdint>
#include <memory>
#include <string>

#include "quipu/memory_kv_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "tests/support/random.h"

namespace quipu::testing {

class Workload {
 public:
  // Workloads of different names do not touch each other's collections.
  Workload(uint64_t seed, std::string name) : seed_(seed), name_(std::move(name)) {}

  // Operation `number`, which is one change: it is done whole or not at all.
  Status run(int number, const std::shared_ptr<BaseKVStore>& kvstore) const;
  // Everything that the store holds in this workload's collections, in order.
  Result<std::string> state(const KVReader& kvstore) const;

 private:
  Status change_documents(Random& random, const std::shared_ptr<BaseKVStore>& kvstore) const;
  Status change_everywhere(Random& random, const std::shared_ptr<BaseKVStore>& kvstore) const;
  Status load_in_bulk(Random& random, int number, BaseKVStore& kvstore) const;
  Status write_batch(Random& random, BaseKVStore& kvstore) const;

  const uint64_t seed_;
  const std::string name_;
};

// What a workload must have left: its state after so many operations, in memory.
class WorkloadModel {
 public:
  WorkloadModel(uint64_t seed, const std::string& name) : work_(seed, name) {}

  int done() const { return done_; }
  // Makes sure that `store` holds the state after `least` to `most` operations, and goes on from there; a
  // test failure if it holds none of them.
  void expect(const KVReader& store, int least, int most);

 private:
  const Workload work_;
  std::shared_ptr<MemoryKVStore> kvstore_ = std::make_shared<MemoryKVStore>();
  int done_ = 0;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_CRASH_WORKLOAD_H_
