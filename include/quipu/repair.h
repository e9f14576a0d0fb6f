// Repair of a database: what RocksDBKVStore::verify() and verify_stores() find is mended where the rest of
// the data says how (index entries, counts, lists of a document's nodes, hashes, triplets), and taken out
// where it does not. What is taken out is first written, as JSON lines, into a new file in the database's
// folder `aside`.
//
//   RepairOptions options;
//   options.dry_run = true;  // the same steps, on a copy made by hard links
//   options.report = [](const RepairStep& step) { std::cout << step.key << ": " << step.step << '\n'; };
//   QUIPU_ASSIGN_OR_RETURN(RepairReport report, repair_database("./storage.quipu", options));
//
// Afterwards verify finds no fault. Notes (fault.h) are left alone. A healthy database is not changed. A
// repair that was interrupted, even by kill -9, can be run again: nothing is taken out before it is written
// aside, durably.
//
// Thread-safety: any thread; the database must not be open for writing elsewhere, but for a dry run.
// Errors: kCorruption for what no repair can mend, saying what does: files that cannot be read (a backup), an
// interrupted import with merge (the same import again). kBusy, kIoError. What was done before an error
// stays. Cost: reads everything some times.

#ifndef QUIPU_REPAIR_H_
#define QUIPU_REPAIR_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "quipu/json.h"
#include "quipu/kv_store.h"
#include "quipu/progress.h"
#include "quipu/status.h"

namespace quipu {

struct RepairStep {
  std::string collection;
  std::string key;
  std::string fault;
  std::string step;  // what is done about it
};

struct RepairOptions {
  // Change nothing; make a copy beside the database, repair that, and remove it. The database may be in use.
  bool dry_run = false;
  // Open although acknowledged writes are missing; see RocksDBOptions.
  bool accept_lost_writes = false;
  // Told each step before it is done; null: silent. With `progress`, called from another thread.
  std::function<void(const RepairStep&)> report;
  // What cancels a repair is as any other error; a dry run leaves nothing.
  ProgressCallback progress = {};
};

struct RepairReport {
  uint64_t steps = 0;
  uint64_t set_aside = 0;  // entries that were taken out
  std::string aside;       // the file that has them; empty: there is none
};

Result<RepairReport> repair_database(const std::string& directory, const RepairOptions& options = {});

// Keeps what a repair takes out of a store.
class SetAside {
 public:
  virtual ~SetAside() = default;
  virtual Status entry(std::string_view collection, std::string_view key, JsonView value) = 0;
  // Makes all entries durable; called before any of them is removed.
  virtual Status sync() = 0;
};

// The part of repair_database() that concerns the stores over a key-value store, any: what verify_stores()
// finds. REQUIRES: nobody else writes to it.
Status repair_stores(BaseKVStore& store, SetAside& aside,
                     const std::function<void(const RepairStep&)>& report,
                     const ProgressCallback& progress = {});

}  // namespace quipu

#endif  // QUIPU_REPAIR_H_
