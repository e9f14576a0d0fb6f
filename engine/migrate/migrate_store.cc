// migrate_store(): a store that is open, into another one or into a persist directory.

#include <utility>

#include "engine/kv/consistent_view.h"
#include "engine/kv/watched_reader.h"
#include "engine/migrate/content_summary.h"
#include "engine/migrate/file_target.h"
#include "engine/migrate/migration_mark.h"
#include "engine/migrate/store_target.h"
#include "engine/persist/left_out.h"
#include "quipu/open_store.h"

namespace quipu {
namespace {

MigrateReport report_of(const ContentSummary& summary, const TargetReport& target) {
  MigrateReport report;
  for (const CollectionSummary& each : summary.collections) {
    report.collections.push_back({each.info.name, each.info.persist_file, each.info.count, each.content});
  }
  report.bytes = summary.bytes;
  report.was_there = target.was_there;
  report.resumed = target.resumed;
  return report;
}

// What the source holds, by `use`, which takes it to a target of these capabilities; `passes` over it are yet
// to come.
template <class Use>
Result<MigrateReport> migrate_from(const BaseKVStore& source, const KVCapabilities& target,
                                   const ProgressCallback& progress, int passes, const Use& use) {
  MigrateReport report;
  QUIPU_RETURN_IF_ERROR(watch(progress, {}, [&](Work& work) {
    return read_consistent_view(source, [&](const KVReader& state) -> Status {
      const WatchedReader watched(state, work);
      QUIPU_ASSIGN_OR_RETURN(const bool incomplete, state.exists(kMigrationKey, kMigrationCollection));
      if (incomplete) return incomplete_migration("the source");
      UnfitEntries unfit(target);
      QUIPU_ASSIGN_OR_RETURN(const ContentSummary summary, summarize(watched, unfit));
      QUIPU_RETURN_IF_ERROR(unfit.status());
      work.expect(summary.bytes * (1 + passes));
      QUIPU_ASSIGN_OR_RETURN(const TargetReport used, use(state, summary, work));
      report = report_of(summary, used);
      return work.finish();
    });
  }));
  QUIPU_ASSIGN_OR_RETURN(report.left_out, left_out(source));
  return report;
}

}  // namespace

Result<MigrateReport> migrate_store(const BaseKVStore& source, BaseKVStore& target,
                                    const MigrateOptions& options) {
  if (&source == &target) return Status::invalid_argument("the source of the migration is its target");
  constexpr int kPasses = 2;  // the copy, and reading it again
  return migrate_from(
      source, target.capabilities(), options.progress, kPasses,
      [&](const KVReader& state, const ContentSummary& summary, Work& work) -> Result<TargetReport> {
        if (options.dry_run) return check_target(summary, target);
        return copy_to_store(WatchedReader(state, work), summary, target, work);
      });
}

Result<MigrateReport> migrate_store(const BaseKVStore& source, const std::string& persist_dir,
                                    const MigrateOptions& options) {
  constexpr int kPasses = 3;        // the copy, its hashes, and what an import finds in it
  const KVCapabilities everything;  // is what files hold
  return migrate_from(
      source, everything, options.progress, kPasses,
      [&](const KVReader& state, const ContentSummary& summary, Work& work) -> Result<TargetReport> {
        const FileSystem& fs = *options.target_files;
        if (options.dry_run) return check_target(state, persist_dir, fs, work);
        return copy_to_files(state, summary, persist_dir, fs, work);
      });
}

}  // namespace quipu
