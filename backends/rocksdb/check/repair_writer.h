// RepairWriter: the changes of a repair. Batches are small; before one is written, what it takes away has
// been written aside and synced, so that an end of the process at any moment loses nothing.

#ifndef QUIPU_BACKENDS_ROCKSDB_CHECK_REPAIR_WRITER_H_
#define QUIPU_BACKENDS_ROCKSDB_CHECK_REPAIR_WRITER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "backends/rocksdb/check/quarantine_file.h"
#include "backends/rocksdb/database/database.h"

namespace quipu::rocks {

// Insertion sequences from here on are damage: no database comes near them.
inline constexpr uint64_t kMaxSequence = 1ULL << 56;

class RepairWriter {
 public:
  RepairWriter(Database& database, QuarantineFile& quarantine)
      : database_(database), quarantine_(quarantine) {}

  Status put(rocksdb::ColumnFamilyHandle* family, std::string_view key, std::string_view value);
  Status merge(rocksdb::ColumnFamilyHandle* family, std::string_view key, std::string_view operand);
  Status erase(rocksdb::ColumnFamilyHandle* family, std::string_view key);
  // Writes a record aside, and removes it.
  Status quarantine(const Collection& collection, std::string_view key, std::string_view value);
  // The members of a list, keys of `family` that go on from `prefix` with `member`; none: all of them.
  Status quarantine_members(const std::string& collection, std::string_view key,
                            rocksdb::ColumnFamilyHandle* family, const std::string& prefix,
                            std::optional<std::string_view> member);
  // The same of the parts of a composed value.
  Status quarantine_parts(const std::string& collection, std::string_view key,
                          rocksdb::ColumnFamilyHandle* family, const std::string& prefix,
                          std::optional<std::string_view> name);
  // Whatever is under `prefix` and of no collection, by its full key.
  Status quarantine_all(rocksdb::ColumnFamilyHandle* family, const std::string& prefix);
  Status erase_all(rocksdb::ColumnFamilyHandle* family, const std::string& prefix);

  // A sequence behind all that are in use.
  Result<uint64_t> new_sequence();
  // Sequences below it are in use.
  Status raise_sequence_limit(uint64_t limit);

  // Writes what is left, and makes all of it durable.
  Status finish();

 private:
  using Use = std::function<Status(std::string_view key, std::string_view value)>;

  Status for_each(rocksdb::ColumnFamilyHandle* family, const std::string& prefix, const Use& use);
  Status keep(std::string_view collection, std::string_view key, std::string_view record);
  Status load_sequences();
  Status write();
  Status written(const rocksdb::Status& status);

  Database& database_;
  QuarantineFile& quarantine_;
  rocksdb::WriteBatch batch_;
  std::optional<uint64_t> next_sequence_;  // known once it is needed
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_CHECK_REPAIR_WRITER_H_
