// UncountedWork: RocksDB counts every comparison of keys and every look at a memtable, which takes about as
// long as these do; not on this thread while one lives.

#ifndef QUIPU_BACKENDS_ROCKSDB_DATABASE_UNCOUNTED_WORK_H_
#define QUIPU_BACKENDS_ROCKSDB_DATABASE_UNCOUNTED_WORK_H_

#include <rocksdb/perf_level.h>

namespace quipu::rocks {

class UncountedWork {
 public:
  UncountedWork() : before_(rocksdb::GetPerfLevel()) { rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable); }
  ~UncountedWork() { rocksdb::SetPerfLevel(before_); }
  UncountedWork(const UncountedWork&) = delete;
  UncountedWork& operator=(const UncountedWork&) = delete;

 private:
  const rocksdb::PerfLevel before_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_DATABASE_UNCOUNTED_WORK_H_
