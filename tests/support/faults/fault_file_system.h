// FaultFileSystem: the disk as RocksDB sees it, with what a disk can do to it. Operations fail as Faults
// says, a failed write leaves a part of itself, and the power can be cut: what was not synced is then gone,
// or cut at random, or garbage, and so are the names in directories that were not synced.
//
//   Faults faults;
//   FaultFileSystem disk(faults, seed);
//   auto store = rocks::EnvStore::open(path, {}, disk.env());
//   disk.cut_power_at(1000);   // the process ends at the 1000th change from now, with what the disk then
//   holds
//
// It knows the files that were made through it; nothing is really synced, which makes it fast.
// Thread-safety: all methods. Changes are made one at a time, so that a cut is one moment.

#ifndef QUIPU_TESTS_SUPPORT_FAULTS_FAULT_FILE_SYSTEM_H_
#define QUIPU_TESTS_SUPPORT_FAULTS_FAULT_FILE_SYSTEM_H_

#include <rocksdb/env.h>

#include <memory>

#include "tests/support/faults/faults.h"

namespace quipu::testing {

class FaultFileSystem {
 public:
  // The exit status of a process whose power was cut.
  static constexpr int kPowerCut = 77;

  // Both must outlive the stores that use it. What is lost, and how writes tear, follows from `seed`.
  FaultFileSystem(Faults& faults, uint64_t seed);
  ~FaultFileSystem();

  rocksdb::Env* env() const { return env_.get(); }
  void cut_power_at(uint64_t change);
  // Changes made so far.
  uint64_t changes() const;

 private:
  class Disk;
  std::shared_ptr<Disk> disk_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_FAULTS_FAULT_FILE_SYSTEM_H_
