// Persist directories where a database is wanted: a database for the time of one command.

#ifndef QUIPU_TOOLS_SCRATCH_H_
#define QUIPU_TOOLS_SCRATCH_H_

#include <memory>
#include <string>

#include "quipu/rocksdb_kv_store.h"
#include "tools/database.h"

namespace quipu::cli {

// Whether this is a persist directory, rather than a database's: in S3, or with one of its two main files.
bool is_persist_dir(const std::string& path);

// A new database in the system's directory for temporary files, removed with this.
class Scratch {
 public:
  static Result<std::unique_ptr<Scratch>> make();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  RocksDBKVStore& store() const { return *store_; }
  // Fills it with a persist directory.
  Status import(const std::string& directory, bool quiet) const;

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  std::shared_ptr<RocksDBKVStore> store_;
};

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_SCRATCH_H_
