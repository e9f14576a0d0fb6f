// A store as the target of a migration.
//
//   MigrationMark in the store -> collection after collection, table after table (table_target.h)
//   -> all read again and compared -> mark removed
//
// A collection that is not there yet is loaded at once, where the store takes bulk loads of any size, so that
// it is there whole or not at all. Else it is written in batches, and what a former run has written is
// compared first. Memory: a batch, or the store's bulk load.

#ifndef QUIPU_ENGINE_MIGRATE_STORE_TARGET_H_
#define QUIPU_ENGINE_MIGRATE_STORE_TARGET_H_

#include <cstdint>

#include "engine/migrate/content_summary.h"
#include "quipu/backend/shared_tables.h"
#include "quipu/kv_store.h"
#include "quipu/progress.h"

namespace quipu {

// What has been done.
struct TargetReport {
  bool was_there = false;  // the target held all of it, and no mark: nothing was written
  uint64_t resumed = 0;    // collections, tables or files that a former run had written whole
};

// Whether the target takes such a collection, as those of vectors are not taken everywhere.
Result<bool> can_hold(const CollectionInfo& info, BaseKVStore& target);

// OK where the target is empty, or has this migration's mark, or holds it all; what copy_to_store() would say
// without writing. `tables`: those of the source that move as they are; null where none do. Errors:
// kAlreadyExists; kNotSupported for a target that keeps no vectors or graphs, naming what there is of them;
// those of TableTarget::look().
Result<TargetReport> check_target(const TableReads* tables, const ContentSummary& wanted,
                                  BaseKVStore& target);

// `source` and `tables` are what `wanted` is the summary of. Errors: those of check_target(), and nothing was
// written; kCorruption where what is read again is not what was written.
Result<TargetReport> copy_to_store(const KVReader& source, const TableReads* tables,
                                   const ContentSummary& wanted, BaseKVStore& target, Work& work);

}  // namespace quipu

#endif  // QUIPU_ENGINE_MIGRATE_STORE_TARGET_H_
