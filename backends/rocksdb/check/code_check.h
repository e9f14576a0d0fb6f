// CodeCheck: whether the codes of a collection are those of its vectors.
//
// Vectors come in the order of their keys and codes in that of their sequences, so that neither is looked up
// for the other: what there should be and what there is are sums of hashes. Thread-safety: one thread at
// a time. Cost: that of making the codes.

#ifndef QUIPU_BACKENDS_ROCKSDB_CHECK_CODE_CHECK_H_
#define QUIPU_BACKENDS_ROCKSDB_CHECK_CODE_CHECK_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "backends/rocksdb/check/repair_writer.h"
#include "backends/rocksdb/format/code_block.h"
#include "backends/rocksdb/read/reader.h"
#include "quipu/backend/features.h"
#include "quipu/progress.h"

namespace quipu::rocks {

class CodeCheck {
 public:
  // Both must outlive this.
  CodeCheck(const Reader& reader, const Collection& collection) : reader_(reader), collection_(collection) {}

  // The collection has this record, which is sound.
  void take(std::string_view key, const DataRecord& record);
  // A record is not: what its code should be is not known.
  void skip() { skipped_ = true; }
  // What is wrong, once all records have been taken; or nothing. Errors: those of reading codes.
  Result<std::string> run(Work& work);
  // Makes the codes anew, or removes those that should not be.
  Status repair(RepairWriter& writer) const;

 private:
  struct Sum {
    uint64_t count = 0;
    uint64_t hashes = 0;
    void add(const CodeKey& row, std::string_view value);
    bool operator==(const Sum&) const = default;
  };

  bool keeps_all() const { return collection_.record.codes == CollectionRecord::Codes::kAll; }
  VectorCode encode(std::span<const double> elements, std::optional<VectorEncoder>& encoder) const;
  // False where the entry is malformed.
  bool add_stored(std::string_view key, std::string_view value);

  const Reader& reader_;
  const Collection& collection_;
  std::optional<VectorEncoder> encoder_;
  // What the row's other place says, for a block that lacks it.
  std::string rest_of(const CodeKey& row) const;

  // Of both places of rows, as they should be and as they are; and of which row is in which block, and of the
  // rests, as either says.
  Sum wanted_in_blocks_;
  Sum wanted_rows_;
  Sum in_blocks_;
  Sum rows_;
  Sum places_of_blocks_;
  Sum places_of_rows_;
  Sum rests_of_blocks_;
  Sum rests_of_rows_;
  bool skipped_ = false;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_CHECK_CODE_CHECK_H_
