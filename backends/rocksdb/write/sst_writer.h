// TableFiles: sorted keys and values written as RocksDB table files, to be ingested.

#ifndef QUIPU_BACKENDS_ROCKSDB_WRITE_SST_WRITER_H_
#define QUIPU_BACKENDS_ROCKSDB_WRITE_SST_WRITER_H_

#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/status.h"

namespace quipu::rocks {

class TableFiles {
 public:
  // Files go into `directory`, named after `stem`.
  TableFiles(const rocksdb::Options& options, std::string directory, std::string stem);
  ~TableFiles();  // removes what is still there, unless this is a child of the process that wrote it
  TableFiles(TableFiles&&) = default;
  TableFiles& operator=(TableFiles&&) = default;

  // REQUIRES: keys ascend.
  Status add(std::string_view key, std::string_view value);
  Status finish();
  const std::vector<std::string>& paths() const { return paths_; }
  uint64_t bytes() const { return bytes_; }  // of the files that are finished

 private:
  Status read_ends() const;

  rocksdb::Options options_;
  std::string directory_;
  std::string stem_;
  pid_t process_;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;
  uint64_t bytes_ = 0;
  uint64_t rows_ = 0;  // in the file that is being written
  std::vector<std::string> paths_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_WRITE_SST_WRITER_H_
