// migrate_store(): a store that is open, into another one or into a persist directory.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/kv/consistent_view.h"
#include "engine/kv/watched_reader.h"
#include "engine/migrate/content_summary.h"
#include "engine/migrate/file_target.h"
#include "engine/migrate/migration_mark.h"
#include "engine/migrate/store_target.h"
#include "engine/migrate/table_collections.h"
#include "engine/migrate/table_target.h"
#include "quipu/backend/shared_tables.h"
#include "quipu/open_store.h"

namespace quipu {
namespace {

MigrateReport report_of(const ContentSummary& summary, const TargetReport& target) {
  MigrateReport report;
  for (const CollectionSummary& each : summary.collections) {
    report.collections.push_back({each.info.name, each.info.persist_file, each.info.count, each.content});
  }
  for (const TableSummary& each : summary.tables) {
    report.collections.push_back({each.name, "", each.count, each.content});
  }
  report.bytes = summary.bytes;
  report.was_there = target.was_there;
  report.resumed = target.resumed;
  return report;
}

// What there is to move.
struct Source {
  const KVReader& collections;
  const TableReads* tables;  // that move as they are; null: none do
};

Result<ContentSummary> summarize(const Source& source, const KVCapabilities& target,
                                 std::vector<std::string>& left_out, Work& work) {
  UnfitEntries unfit(target);
  QUIPU_ASSIGN_OR_RETURN(ContentSummary summary, summarize(WatchedReader(source.collections, work), unfit));
  QUIPU_RETURN_IF_ERROR(unfit.status());
  if (source.tables != nullptr) {
    QUIPU_ASSIGN_OR_RETURN(summary.tables, summarize_tables(*source.tables, summary.bytes, left_out, work));
  }
  return summary;
}

// What is asked of a target before anything is read.
struct TargetTraits {
  KVCapabilities capabilities;
  const SharedTables* tables;  // null: it has none
  TableCollections::Holds holds;
};

// What the source holds, by `use`, which takes it to the target; `passes` over it are yet to come.
template <class Use>
Result<MigrateReport> migrate_from(const BaseKVStore& store, const TargetTraits& target,
                                   const ProgressCallback& progress, int passes, const Use& use) {
  MigrateReport report;
  QUIPU_RETURN_IF_ERROR(watch(progress, {}, [&](Work& work) {
    return read_consistent_view(store, [&](const KVReader& state) -> Status {
      QUIPU_ASSIGN_OR_RETURN(const bool incomplete, state.exists(kMigrationKey, kMigrationCollection));
      if (incomplete) return incomplete_migration("the source");
      const TableReads* const tables = TableReads::of(state);
      const bool as_they_are = tables != nullptr && target.tables != nullptr && target.tables->takes(*tables);
      std::unique_ptr<TableCollections> made;  // of tables that do not move as they are
      if (!as_they_are) {
        QUIPU_ASSIGN_OR_RETURN(made, TableCollections::of(state, target.holds));
      }
      const Source source{made ? *made : state, as_they_are ? tables : nullptr};
      std::vector<std::string> left_out = made ? made->left_out() : std::vector<std::string>();
      QUIPU_ASSIGN_OR_RETURN(const ContentSummary summary,
                             summarize(source, target.capabilities, left_out, work));
      work.expect(summary.bytes * (1 + passes));
      QUIPU_ASSIGN_OR_RETURN(const TargetReport used, use(source, summary, work));
      report = report_of(summary, used);
      report.left_out = std::move(left_out);
      return work.finish();
    });
  }));
  return report;
}

}  // namespace

Result<MigrateReport> migrate_store(const BaseKVStore& source, BaseKVStore& target,
                                    const MigrateOptions& options) {
  if (&source == &target) return Status::invalid_argument("the source of the migration is its target");
  constexpr int kPasses = 2;  // the copy, and reading it again
  const TargetTraits traits{target.capabilities(), SharedTables::of(target),
                            [&](const CollectionInfo& info) { return can_hold(info, target); }};
  return migrate_from(
      source, traits, options.progress, kPasses,
      [&](const Source& from, const ContentSummary& summary, Work& work) -> Result<TargetReport> {
        if (options.dry_run) return check_target(from.tables, summary, target);
        return copy_to_store(WatchedReader(from.collections, work), from.tables, summary, target, work);
      });
}

Result<MigrateReport> migrate_store(const BaseKVStore& source, const std::string& persist_dir,
                                    const MigrateOptions& options) {
  constexpr int kPasses = 3;                       // the copy, its hashes, and what an import finds in it
  const TargetTraits everything{{}, nullptr, {}};  // is what files hold
  return migrate_from(
      source, everything, options.progress, kPasses,
      [&](const Source& from, const ContentSummary& summary, Work& work) -> Result<TargetReport> {
        const FileSystem& fs = *options.target_files;
        if (options.dry_run) return check_target(from.collections, persist_dir, fs, work);
        return copy_to_files(from.collections, summary, persist_dir, fs, work);
      });
}

}  // namespace quipu
