// LogTail: the write batches that a writer appends to RocksDB's log, read as they come. The format: blocks of
// 32 KiB; in them fragments of records, each a checksum (u32), a length (u16), a type (u8) and bytes.

#ifndef QUIPU_BACKENDS_ROCKSDB_FORMAT_LOG_TAIL_H_
#define QUIPU_BACKENDS_ROCKSDB_FORMAT_LOG_TAIL_H_

#include <cstdint>
#include <functional>
#include <string_view>

#include "backends/rocksdb/files/pinned_files.h"

namespace quipu::rocks {

class LogTail {
 public:
  // Calls `use` with each batch that is whole in the file and was not read before. False when `use` returned
  // false, or what follows is no record of a plain log: damage, or a type that this does not know. It is of
  // no more use then.
  bool read(const PinnedFile& file, const std::function<bool(std::string_view batch)>& use);

 private:
  uint64_t offset_ = 0;  // behind the last record that was read
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FORMAT_LOG_TAIL_H_
