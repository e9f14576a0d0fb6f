// ExternalSorter: orders rows in bounded memory.
//
// Rows are collected up to a limit, sorted and written to a temporary file as a run; at the end the runs are
// merged. Rows that fit into memory never touch the disk. The file has no name: nothing is left after a
// crash.

#ifndef QUIPU_BACKENDS_ROCKSDB_FILES_EXTERNAL_SORTER_H_
#define QUIPU_BACKENDS_ROCKSDB_FILES_EXTERNAL_SORTER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/status.h"

namespace quipu::rocks {

struct Row {
  uint64_t sequence;
  std::string_view key;
  std::string_view value;
};

// How rows are ordered. Rows of different ranks are in the order of their ranks, which saves a look at the
// rows.
struct RowOrder {
  uint64_t (*rank)(const Row& row);
  bool (*before)(const Row& a, const Row& b);
};
extern const RowOrder kBySequence;
extern const RowOrder kByKey;  // then by sequence

class ExternalSorter {
 public:
  // `directory` is where runs go; `memory_bytes` bounds the rows held.
  ExternalSorter(const RowOrder& order, std::string directory, size_t memory_bytes);
  ~ExternalSorter();
  ExternalSorter(const ExternalSorter&) = delete;
  ExternalSorter& operator=(const ExternalSorter&) = delete;

  Status add(const Row& row);
  // No more rows; next() may be called from now on.
  Status finish();
  uint64_t size() const { return size_; }
  // The next row in order; false at the end. Its views live until the next call.
  Result<bool> next(Row& row);

 private:
  struct Place {
    uint64_t rank;
    size_t offset;
  };
  class Run;

  void sort_rows();
  void sort_by_ranks();
  Status write(std::string_view bytes);
  Status write_alone(const Row& row);
  Status write_run();
  Status open_file();
  Row row_at(size_t offset) const;
  bool later(const Run* a, const Run* b) const;

  const RowOrder& order_;
  const std::string directory_;
  const size_t memory_bytes_;
  std::string rows_;           // encoded one behind the other
  std::vector<Place> places_;  // of the rows in rows_
  uint64_t size_ = 0;
  size_t at_ = 0;
  int file_ = -1;
  uint64_t file_bytes_ = 0;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<Run*> heap_;
  Run* last_ = nullptr;  // the run of the row that was handed out
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FILES_EXTERNAL_SORTER_H_
