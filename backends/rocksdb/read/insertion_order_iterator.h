#ifndef QUIPU_BACKENDS_ROCKSDB_READ_INSERTION_ORDER_ITERATOR_H_
#define QUIPU_BACKENDS_ROCKSDB_READ_INSERTION_ORDER_ITERATOR_H_

#include <memory>
#include <optional>

#include "backends/rocksdb/files/external_sorter.h"
#include "backends/rocksdb/read/reader.h"

namespace quipu::rocks {

// Walks a collection as a dict iterates: reads it in key order, sorts by sequence, then yields. The limit
// counts from the front of that order; a reverse walk sorts by the complement of the sequence.
class InsertionOrderIterator : public KVIterator {
 public:
  static Result<std::unique_ptr<KVIterator>> create(const Reader& reader, const Collection& collection,
                                                    const ScanOptions& options);

  bool next() override;
  std::string_view key() const override { return row_.key; }
  JsonView val() const override { return JsonView::from_canonical(value_); }
  std::optional<uint64_t> order() const override;
  Status status() const override { return status_; }

 private:
  InsertionOrderIterator(std::string directory, size_t memory_bytes, const ScanOptions& options)
      : sorter_(kBySequence, std::move(directory), memory_bytes),
        limit_(options.limit),
        reverse_(options.reverse),
        keys_only_(options.keys_only) {}

  ExternalSorter sorter_;
  const uint64_t limit_;
  const bool reverse_;
  const bool keys_only_;
  uint64_t yielded_ = 0;
  Row row_{};
  std::string_view value_ = "null";
  std::string composed_;
  Status status_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_READ_INSERTION_ORDER_ITERATOR_H_
