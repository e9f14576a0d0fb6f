// Codes of vectors, for search: docs/FORMAT.md, Codes.

#ifndef QUIPU_BACKENDS_ROCKSDB_READ_CODE_READER_H_
#define QUIPU_BACKENDS_ROCKSDB_READ_CODE_READER_H_

#include "backends/rocksdb/database/database.h"
#include "backends/rocksdb/format/code_block.h"
#include "backends/rocksdb/read/read_view.h"
#include "quipu/backend/vector_codes.h"

namespace quipu::rocks {

// Calls `use` with the entries of these keys, ascending, that there are, each with its place.
Status get_codes(const ReadView& view, std::span<const std::string> keys,
                 const std::function<Status(size_t i, std::string_view value)>& use);
// kCorruption: what is stored of codes is not theirs.
Status damaged_codes(const Collection& collection);

class RocksDBCodeReader : public CodeReader {
 public:
  // Those of a collection, where all of its vectors have theirs in this view; else null.
  static Result<std::unique_ptr<CodeReader>> open(const ReadView& view, CollectionPtr collection);

  uint64_t count() const override { return count_; }
  Result<std::vector<size_t>> dimensions() const override;
  Result<std::optional<std::pair<uint64_t, uint64_t>>> block_numbers(size_t dimensions, uint64_t first,
                                                                     uint64_t last) const override;
  Status scan_blocks(size_t dimensions, uint64_t first, uint64_t last,
                     const std::function<Status(const CodeBlock&)>& use) const override;
  Status get_blocks(size_t dimensions, std::span<const uint64_t> numbers,
                    const std::function<Status(size_t i, const CodeBlock&)>& use) const override;
  Status get_rows(size_t dimensions, std::span<const uint64_t> orders,
                  const std::function<Status(size_t i, const CodeRow&)>& use) const override;
  Status scan_rows(const std::function<Status(const CodeRow&)>& use) const override;
  Status get_vectors(size_t dimensions, std::span<const std::string_view> keys,
                     const std::function<void(size_t i, std::span<const double>)>& use) const override;
  Status scan_notes(
      std::string_view prefix,
      const std::function<Status(std::string_view key, std::string_view value)>& use) const override;

 private:
  RocksDBCodeReader(ReadView view, CollectionPtr collection, uint64_t count)
      : view_(std::move(view)), collection_(std::move(collection)), count_(count) {}

  uint32_t id() const { return collection_->id(); }
  using UseEntry = std::function<Status(std::string_view key, std::string_view value)>;
  std::unique_ptr<rocksdb::Iterator> iterate(rocksdb::ReadOptions options) const;
  // The entries from one key to another, which is left out.
  Status scan(const std::string& begin, const std::string& end, const UseEntry& use) const;
  // For entries of which each vector has one, of so many bytes.
  ReadView view_of_some(size_t bytes) const;
  Status damaged() const { return damaged_codes(*collection_); }

  const ReadView view_;
  const CollectionPtr collection_;
  const uint64_t count_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_READ_CODE_READER_H_
