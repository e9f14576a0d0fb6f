// SequenceSorter: orders rows by their sequence number in bounded memory.
//
// Rows are collected up to a limit, sorted and written to a temporary file as a run; at the end the runs are
// merged. Rows that fit into memory never touch the disk. The file has no name: nothing is left after a
// crash.

#ifndef QUIPU_BACKENDS_ROCKSDB_SEQUENCE_SORTER_H_
#define QUIPU_BACKENDS_ROCKSDB_SEQUENCE_SORTER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/status.h"

namespace quipu::rocks {

struct SequenceRow {
  uint64_t sequence;
  std::string_view key;
  std::string_view value;
};

class SequenceSorter {
 public:
  // `directory` is where runs go; `memory_bytes` bounds the rows held.
  SequenceSorter(std::string directory, size_t memory_bytes);
  ~SequenceSorter();
  SequenceSorter(const SequenceSorter&) = delete;
  SequenceSorter& operator=(const SequenceSorter&) = delete;

  Status add(const SequenceRow& row);
  // No more rows; next() may be called from now on.
  Status finish();
  // The next row in order; false at the end. Its views live until the next call.
  Result<bool> next(SequenceRow& row);

 private:
  struct Place {
    uint64_t sequence;
    size_t offset;
  };
  class Run;

  void sort_rows();
  Status write_run();
  Status open_file();
  SequenceRow row_at(size_t offset) const;

  const std::string directory_;
  const size_t memory_bytes_;
  std::string rows_;           // encoded one behind the other
  std::vector<Place> places_;  // of the rows in rows_
  size_t at_ = 0;
  int file_ = -1;
  uint64_t file_bytes_ = 0;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<Run*> heap_;
  Run* last_ = nullptr;  // the run of the row that was handed out
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_SEQUENCE_SORTER_H_
