// Fault: what a check of a database or a persist directory finds, and where.
//
//   QUIPU_RETURN_IF_ERROR(verify_stores(*store, [](const Fault& fault) {
//     if (fault.severity == Severity::kFault) std::cerr << fault.collection << ": " << fault.message << '\n';
//   }));
//
// RocksDBKVStore::verify(), verify_stores() and verify_persist_dir() hand them out; an import reports those
// that concern more than one store as ImportReport::warnings. A plain value.

#ifndef QUIPU_VERIFY_H_
#define QUIPU_VERIFY_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "quipu/json.h"
#include "quipu/kv_store.h"
#include "quipu/progress.h"
#include "quipu/status.h"

namespace quipu {

enum class Severity {
  kFault,  // what neither LlamaIndex nor Quipu leaves behind; a repair mends it or takes it out
  kNote,   // what LlamaIndex's own calls can leave, as an index whose vectors are kept elsewhere; never
           // repaired
};

struct Fault {
  std::string collection{};  // of a store, or, where a file cannot be read as one, as in the file
  std::string key{};
  std::string message{};
  Severity severity = Severity::kFault;
  // Of a persist directory: the file, the line from 1, the byte from 0; 0 both where no place has it.
  std::string file{};
  uint64_t line = 0;
  uint64_t byte = 0;
};

// What two stores differ in.
//
//   QUIPU_RETURN_IF_ERROR(diff_stores(*before, *after, [](const Difference& difference) {
//     std::cout << difference.collection << ' ' << difference.key << ": " << difference.what << '\n';
//   }));
//
// Compared are the persist files, the collections with their files and their order in them, the keys, the
// values' canonical text, and the order of insertion: all that an export shows.
// Thread-safety: any. Each store is read as it is when the call begins. Memory: bounded on RocksDB, whatever
// the sizes. Cost: two scans of each.

struct Difference {
  std::string collection;  // empty: of a persist file, which `key` names
  std::string key;         // empty: of the whole collection
  // "only in A", "only in B", "another value", "another file", and "another order" at the first key, or
  // collection of a file, that stands elsewhere among those that both have.
  std::string what;
};

// With `progress`, whose bytes are those that were read (how many there are is not known), `report` is called
// from another thread.
Status diff_stores(const BaseKVStore& a, const BaseKVStore& b,
                   const std::function<void(const Difference&)>& report,
                   const ProgressCallback& progress = {});

// Repair of a database: what RocksDBKVStore::verify() and verify_stores() find is mended where the rest of
// the data says how (index entries, counts, lists of a document's nodes, hashes, triplets), and taken out
// where it does not. What is taken out is first written, as JSON lines, into a new file in the database's
// folder `aside`.
//
//   RepairOptions options;
//   options.dry_run = true;  // the same actions, on a copy made by hard links
//   options.report = [](const RepairAction& action) {
//     std::cout << action.fault.key << ": " << action.action << '\n';
//   };
//   QUIPU_ASSIGN_OR_RETURN(RepairReport report, repair_database("./storage.quipu", options));
//
// Afterwards verify finds no fault. Notes are left alone. A healthy database is not changed. A
// repair that was interrupted, even by kill -9, can be run again: nothing is taken out before it is written
// aside, durably.
//
// Thread-safety: any thread; the database must not be open for writing elsewhere, but for a dry run.
// Errors: kCorruption for what no repair can mend, saying what does: files that cannot be read (a backup), an
// interrupted import with merge (the same import again). kBusy, kIoError. What was done before an error
// stays. Cost: reads everything some times.

struct RepairAction {
  Fault fault;
  std::string action;  // what is done about it
};

struct RepairOptions {
  // Change nothing; make a copy beside the database, repair that, and remove it. The database may be in use.
  bool dry_run = false;
  // Open although acknowledged writes are missing; see RocksDBOptions.
  bool accept_lost_writes = false;
  // Called before each action; null: silent. With `progress`, called from another thread.
  std::function<void(const RepairAction&)> report;
  // Cancelling a repair is like any other error; a dry run leaves nothing.
  ProgressCallback progress = {};
};

struct RepairReport {
  uint64_t steps = 0;        // actions
  uint64_t quarantined = 0;  // entries that were taken out
  std::string quarantine;    // the file that has them; empty: there is none
};

Result<RepairReport> repair_database(const std::string& directory, const RepairOptions& options = {});

}  // namespace quipu

#endif  // QUIPU_VERIFY_H_
