// Files whose reading is work that a callback watches: what RocksDB reads counts as done, and once the work
// is cancelled, nothing can be read any more, so that RocksDB's own long calls end.

#ifndef QUIPU_BACKENDS_ROCKSDB_FILES_WATCHED_FILES_H_
#define QUIPU_BACKENDS_ROCKSDB_FILES_WATCHED_FILES_H_

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <memory>
#include <utility>

#include "quipu/progress.h"

namespace quipu::rocks {

// Lifetime: `work` outlives it.
class WatchedFiles : public rocksdb::FileSystemWrapper {
 public:
  WatchedFiles(std::shared_ptr<rocksdb::FileSystem> files, Work& work)
      : FileSystemWrapper(std::move(files)), work_(work) {}
  const char* Name() const override { return "WatchedFiles"; }

  rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                      rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                        rocksdb::IODebugContext* context) override;

 private:
  Work& work_;
};

inline std::unique_ptr<rocksdb::Env> watched_env(rocksdb::Env& env, Work& work) {
  return rocksdb::NewCompositeEnv(std::make_shared<WatchedFiles>(env.GetFileSystem(), work));
}

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FILES_WATCHED_FILES_H_
