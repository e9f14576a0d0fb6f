#include "quipu/backend/quarantine.h"
#include "quipu/verify.h"

#include <boost/filesystem.hpp>

#include "backends/rocksdb/backup/staged_database.h"
#include "backends/rocksdb/check/inspection.h"
#include "backends/rocksdb/check/repair_writer.h"

namespace quipu {
namespace rocks {
namespace {

// What is set aside, and a count made new, may show in the next round only.
constexpr int kMaxRounds = 8;

class Repair {
 public:
  Repair(std::string path, QuarantineFile& quarantine, const RepairOptions& options)
      : path_(std::move(path)), quarantine_(quarantine), options_(options) {
    open_.create_if_missing = false;
    open_.accept_lost_writes = options.accept_lost_writes;
  }

  Result<RepairReport> run() {
    QUIPU_RETURN_IF_ERROR(repair_records());
    const uint64_t before = report_.steps;
    QUIPU_RETURN_IF_ERROR(repair_all_stores());
    if (report_.steps != before) QUIPU_RETURN_IF_ERROR(repair_records());
    report_.quarantined = quarantine_.entries();
    report_.quarantine = quarantine_.path();
    return report_;
  }

 private:
  void start(const RepairAction& action) {
    ++report_.steps;
    if (options_.report) options_.report(action);
  }

  // In rounds, until one finds nothing. Each opens the database anew: what it has read of it may be mended.
  Status repair_records() {
    for (int round = 0; round < kMaxRounds; ++round) {
      QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database,
                             Database::open(path_, open_, rocksdb::Env::Default()));
      open_.accept_lost_writes = false;  // they have been
      RepairWriter writer(*database, quarantine_);
      const uint64_t before = report_.steps;
      const auto repair = [&](const RecordFault& found) {
        if (!found.repair) return Status::corruption("no repair helps: " + found.fault.message);
        start(found);
        return found.repair(writer);
      };
      QUIPU_RETURN_IF_ERROR(watch(options_.progress, path_, [&](Work& work) -> Status {
        QUIPU_RETURN_IF_ERROR(inspect(*database, repair, work));
        return work.finish();
      }));
      if (report_.steps != before) QUIPU_RETURN_IF_ERROR(writer.finish());
      QUIPU_RETURN_IF_ERROR(database->close());
      if (report_.steps == before) return Status::ok();
    }
    return Status::corruption(path_ + ": faults came again after they had been mended; see verify");
  }

  Status repair_all_stores() {
    QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<RocksDBKVStore> store, RocksDBKVStore::open(path_, open_));
    QUIPU_RETURN_IF_ERROR(repair_stores(
        *store, quarantine_, [this](const RepairAction& action) { start(action); }, options_.progress));
    QUIPU_RETURN_IF_ERROR(store->sync());
    return store->close();
  }

  const std::string path_;
  QuarantineFile& quarantine_;
  const RepairOptions& options_;
  RocksDBOptions open_;
  RepairReport report_;
};

// On a copy that goes again.
Result<RepairReport> dry_run(const std::string& directory, const RepairOptions& options) {
  RocksDBOptions open;
  open.accept_lost_writes = options.accept_lost_writes;
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::open_for_reading(directory, open));
  boost::system::error_code error;
  const std::string place = boost::filesystem::canonical(directory, error).string() + ".dry-run";
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<StagedDatabase> copy,
                         StagedDatabase::copy_of(*database, place));
  database.reset();
  QuarantineFile nowhere({});
  return Repair(copy->path(), nowhere, options).run();
}

}  // namespace
}  // namespace rocks

Result<RepairReport> repair_database(const std::string& directory, const RepairOptions& options) {
  if (options.dry_run) return rocks::dry_run(directory, options);
  rocks::QuarantineFile quarantine(directory);
  return rocks::Repair(directory, quarantine, options).run();
}

}  // namespace quipu
