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

// What it changes: all stores, each a little; or what search goes by, thousands of vectors and some texts,
// of which the first operation leaves vectors as a database of format 1 has them, and later ones make codes,
// partitions and a text index.
enum class WorkloadKind : uint8_t { kAllStores, kSearch };

class Workload {
 public:
  // Workloads of different names do not touch each other's collections.
  Workload(uint64_t seed, std::string name, WorkloadKind kind = WorkloadKind::kAllStores)
      : seed_(seed), name_(std::move(name)), kind_(kind) {}

  // Operation `number`, which is one change: it is done whole or not at all.
  Status run(int number, const std::shared_ptr<BaseKVStore>& kvstore) const;
  // Everything that the store holds in this workload's collections, in order.
  Result<std::string> state(const KVReader& kvstore) const;
  // Of kSearch: that queries of a store, as it has just been opened, find what a model has: exact ones all of
  // it, approximate ones most, words each node that has them.
  void expect_answers(const std::shared_ptr<BaseKVStore>& store,
                      const std::shared_ptr<BaseKVStore>& model) const;
  void expect_words(const std::shared_ptr<BaseKVStore>& store,
                    const std::shared_ptr<BaseKVStore>& model) const;

 private:
  Status change_search(Random& random, int number, const std::shared_ptr<BaseKVStore>& kvstore) const;
  Status change_documents(Random& random, const std::shared_ptr<BaseKVStore>& kvstore) const;
  Status change_everywhere(Random& random, const std::shared_ptr<BaseKVStore>& kvstore) const;
  Status change_sparse(Random& random, const std::shared_ptr<BaseKVStore>& kvstore,
                       const std::string& id) const;
  Status load_in_bulk(Random& random, int number, BaseKVStore& kvstore) const;
  Status write_batch(Random& random, BaseKVStore& kvstore) const;

  const uint64_t seed_;
  const std::string name_;
  const WorkloadKind kind_;
};

// What a workload must have left: its state after so many operations, in memory.
class WorkloadModel {
 public:
  explicit WorkloadModel(const Workload& work) : work_(work) {}

  int done() const { return done_; }
  // Makes sure that `store` holds the state after `least` to `most` operations, and goes on from there; a
  // test failure if it holds none of them.
  void expect(const KVReader& store, int least, int most);
  // Of kSearch, after expect(): that queries find what the model has.
  void expect_answers(const std::shared_ptr<BaseKVStore>& store) const {
    work_.expect_answers(store, kvstore_);
    work_.expect_words(store, kvstore_);
  }

 private:
  const Workload work_;
  std::shared_ptr<MemoryKVStore> kvstore_ = std::make_shared<MemoryKVStore>();
  int done_ = 0;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_CRASH_WORKLOAD_H_
