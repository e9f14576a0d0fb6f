// TableTarget: the tables beside a migration's source, in a target that takes them as they are. Each is made
// in one transaction, so that it is there whole or not at all; the target's mark names those that it is to
// have.
//
// Memory: that of the store's streams. Lifetime: all that it is given must outlive it.

#ifndef QUIPU_ENGINE_MIGRATE_TABLE_TARGET_H_
#define QUIPU_ENGINE_MIGRATE_TABLE_TARGET_H_

#include <set>
#include <string>
#include <vector>

#include "engine/migrate/content_summary.h"
#include "engine/migrate/migration_mark.h"
#include "quipu/backend/shared_tables.h"
#include "quipu/kv_store.h"
#include "quipu/progress.h"

namespace quipu {

// Of the tables beside a store; their bytes are added to `bytes`, and counted as work. What cannot be read is
// named in `left_out`.
Result<std::vector<TableSummary>> summarize_tables(const TableReads& tables, uint64_t& bytes,
                                                   std::vector<std::string>& left_out, Work& work);

class TableTarget {
 public:
  // `source`: the tables that move as they are; null where none do.
  TableTarget(const TableReads* source, const std::vector<TableSummary>& wanted, BaseKVStore& target)
      : source_(source), wanted_(wanted), target_(target) {}

  // Which of the tables the target holds as they are to be. Errors: kAlreadyExists for another one of that
  // name, unless it is what the mark says that a former run has made; those of SharedTables::check_copy().
  Result<std::set<std::string>> look(const std::optional<MigrationMark>& mark, Work* work) const;

  // Makes those that are not among `whole`, each after it has been entered in the mark.
  Status copy(const std::set<std::string>& whole, MigrationMark& mark, Work& work) const;
  // Removes those that are as the mark has them. Any other is not of a migration, whatever its name.
  Status remove(const MigrationMark& mark) const;
  // All are read again. Errors: kCorruption.
  Status check(Work& work) const;

 private:
  const TableReads* const source_;
  const std::vector<TableSummary>& wanted_;
  BaseKVStore& target_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_MIGRATE_TABLE_TARGET_H_
