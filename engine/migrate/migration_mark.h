// What stands in the target of a migration until it is whole: in a persist directory a file, in a store a
// collection. docs/FORMAT.md has both.

#ifndef QUIPU_ENGINE_MIGRATE_MIGRATION_MARK_H_
#define QUIPU_ENGINE_MIGRATE_MIGRATION_MARK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "engine/layout/migration_layout.h"
#include "quipu/file_system.h"
#include "quipu/kv_store.h"

namespace quipu {

// A file that has been written.
struct WrittenFile {
  uint64_t bytes = 0;
  std::string sha256;
  std::map<std::string, uint64_t> counts;  // of entries, by collection

  friend bool operator==(const WrittenFile&, const WrittenFile&) = default;
};

struct MigrationMark {
  std::string source;  // ContentSummary::fingerprint() of what is copied
  std::map<std::string, WrittenFile>
      files;  // of a persist directory; of a store tables that move as they are

  Json to_json() const;
  // Nothing for what is no mark of this version.
  static std::optional<MigrationMark> parse(JsonView json);
};

// Nothing where there is none. Errors: kInvalidArgument for one that cannot be read.
Result<std::optional<MigrationMark>> read_mark(const std::string& directory, const FileSystem& fs);
Status write_mark(const MigrationMark& mark, const std::string& directory, const FileSystem& fs);
Result<std::optional<MigrationMark>> read_mark(const KVReader& store);
// Durable when it returns.
Status write_mark(const MigrationMark& mark, BaseKVStore& store);

}  // namespace quipu

#endif  // QUIPU_ENGINE_MIGRATE_MIGRATION_MARK_H_
