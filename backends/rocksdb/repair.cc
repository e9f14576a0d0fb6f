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
  Repair(std::string path, AsideFile& aside, const RepairOptions& options)
      : path_(std::move(path)), aside_(aside), options_(options) {
    open_.create_if_missing = false;
    open_.accept_lost_writes = options.accept_lost_writes;
  }

  Result<RepairReport> run() {
    QUIPU_RETURN_IF_ERROR(mend_records());
    const uint64_t before = report_.steps;
    QUIPU_RETURN_IF_ERROR(mend_stores());
    if (report_.steps != before) QUIPU_RETURN_IF_ERROR(mend_records());
    report_.set_aside = aside_.entries();
    report_.aside = aside_.path();
    return report_;
  }

 private:
  void tell(const RepairStep& step) {
    ++report_.steps;
    if (options_.report) options_.report(step);
  }

  // In rounds, until one finds nothing. Each opens the database anew: what it has read of it may be mended.
  Status mend_records() {
    for (int round = 0; round < kMaxRounds; ++round) {
      QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<StoreCore> core,
                             StoreCore::open(path_, open_, rocksdb::Env::Default()));
      open_.accept_lost_writes = false;  // they have been
      Mending mending(*core, aside_);
      const uint64_t before = report_.steps;
      const auto mend = [&](const RecordFault& fault) {
        if (!fault.mend) return Status::corruption("no repair helps: " + fault.what.message);
        tell({fault.what.collection, fault.what.key, fault.what.message, fault.step});
        return fault.mend(mending);
      };
      QUIPU_RETURN_IF_ERROR(watch(options_.progress, path_, [&](Work& work) -> Status {
        QUIPU_RETURN_IF_ERROR(inspect(*core, mend, work));
        return work.finish();
      }));
      if (report_.steps != before) QUIPU_RETURN_IF_ERROR(mending.finish());
      QUIPU_RETURN_IF_ERROR(core->close());
      if (report_.steps == before) return Status::ok();
    }
    return Status::corruption(path_ + ": faults came again after they had been mended; see verify");
  }

  Status mend_stores() {
    QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<RocksDBKVStore> store, RocksDBKVStore::open(path_, open_));
    QUIPU_RETURN_IF_ERROR(repair_stores(
        *store, aside_, [this](const RepairStep& step) { tell(step); }, options_.progress));
    QUIPU_RETURN_IF_ERROR(store->sync());
    return store->close();
  }

  const std::string path_;
  AsideFile& aside_;
  const RepairOptions& options_;
  RocksDBOptions open_;
  RepairReport report_;
};

// On a copy that goes again.
Result<RepairReport> dry_run(const std::string& directory, const RepairOptions& options) {
  RocksDBOptions open;
  open.accept_lost_writes = options.accept_lost_writes;
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<StoreCore> core, StoreCore::open_for_reading(directory, open));
  boost::system::error_code error;
  const std::string place = boost::filesystem::canonical(directory, error).string() + ".dry-run";
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<FreshDatabase> copy, FreshDatabase::copy_of(*core, place));
  core.reset();
  AsideFile nowhere({});
  return Repair(copy->path(), nowhere, options).run();
}

}  // namespace
}  // namespace rocks

Result<RepairReport> repair_database(const std::string& directory, const RepairOptions& options) {
  if (options.dry_run) return rocks::dry_run(directory, options);
  rocks::AsideFile aside(directory);
  return rocks::Repair(directory, aside, options).run();
}

}  // namespace quipu
