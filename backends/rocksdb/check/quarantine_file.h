// QuarantineFile: where a repair leaves what it takes out of a database: JSON lines, see docs/FORMAT.md.

#ifndef QUIPU_BACKENDS_ROCKSDB_CHECK_QUARANTINE_FILE_H_
#define QUIPU_BACKENDS_ROCKSDB_CHECK_QUARANTINE_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "backends/rocksdb/files/layout.h"
#include "quipu/backend/quarantine.h"
#include "quipu/json.h"
#include "quipu/verify.h"

namespace quipu::rocks {

class QuarantineFile : public Quarantine {
 public:
  // A new file in the quarantine folder of this directory, made with the first entry. Empty: entries are only
  // counted.
  explicit QuarantineFile(std::string directory) : directory_(std::move(directory)) {}
  ~QuarantineFile() override;
  QuarantineFile(const QuarantineFile&) = delete;
  QuarantineFile& operator=(const QuarantineFile&) = delete;

  Status entry(std::string_view collection, std::string_view key, JsonView value) override;
  // Bytes that are no JSON.
  Status bytes(std::string_view collection, std::string_view key, std::string_view value);
  Status sync() override;

  uint64_t entries() const { return entries_; }
  const std::string& path() const { return path_; }  // empty: nothing was written

 private:
  Status open();
  Status line(std::string_view collection, std::string_view key, std::string_view member);

  const std::string directory_;
  std::string path_;
  int file_ = -1;
  uint64_t entries_ = 0;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_CHECK_QUARANTINE_FILE_H_
