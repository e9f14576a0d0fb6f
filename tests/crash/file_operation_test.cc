// The n-th file operation fails, once or for ever, with an error of the disk or because it is full, for every
// n: no crash, a clear error, nothing acknowledged is lost, and the store goes on when the cause is gone, or
// says that it must be opened again.
//
// QUIPU_FAULT_STRIDE says which of them are tried, every one with 1; the default is that of an ordinary run.

#include <gtest/gtest.h>

#include <filesystem>

#include "backends/rocksdb/env_store.h"
#include "quipu/document_store.h"
#include "quipu/persist_dir.h"
#include "tests/crash/workload.h"
#include "tests/support/child_process.h"
#include "tests/support/faults/fault_file_system.h"
#include "tests/support/faults/faulty_files.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_scale.h"

namespace quipu::testing {
namespace {

namespace fs = std::filesystem;

const std::string kGolden = std::string(QUIPU_SOURCE_DIR) + "/tests/data/goldens/basic";
constexpr int kNoFault = 10;  // exit status: the run needed fewer operations
constexpr int kSteps = 5;

Status add_documents(const std::shared_ptr<BaseKVStore>& kvstore) {
  std::vector<NodePtr> nodes;
  for (int i = 0; i < 20; ++i) {
    TextNodeBuilder builder;
    builder.id("n" + std::to_string(i)).text(std::string(500, 'x'));
    builder.relationship(
        NodeRelationship::SOURCE,
        RelatedNodeInfo{.node_id = "d" + std::to_string(i % 3), .node_type = {}, .hash = {}});
    nodes.push_back(*builder.build());
  }
  return KVDocumentStore(kvstore, {.ns = "mine"}).add_documents(nodes);
}

// What is done in step `step`; each can be done again.
Status run_step(int step, const std::shared_ptr<BaseKVStore>& kvstore, const FileSystem& files,
                const std::string& export_path) {
  switch (step) {
    case 0: return add_documents(kvstore);
    case 1: return KVDocumentStore(kvstore, {.ns = "mine"}).delete_ref_doc("d1", /*raise_error=*/false);
    case 2: return import_persist_dir(kGolden, *kvstore, {.merge = true, .fs = &files}).status();
    case 3: return export_persist_dir(*kvstore, export_path, {.force = true, .fs = &files}).status();
    default: {
      auto* const rocksdb = dynamic_cast<RocksDBKVStore*>(kvstore.get());
      return rocksdb != nullptr ? rocksdb->compact() : Status::ok();
    }
  }
}

Result<std::string> state_of(const KVReader& kvstore) {
  std::string state;
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, kvstore.collections());
  for (const CollectionInfo& info : infos) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<KVEntry> entries, kvstore.get_all(info.name));
    if (entries.empty()) continue;
    state += info.name + "\n";
    for (const KVEntry& entry : entries) state += entry.key + ": " + entry.val.text() + "\n";
  }
  return state;
}

// The state after so many steps.
std::string state_after(int steps) {
  const auto memory = std::make_shared<MemoryKVStore>();
  for (int step = 0; step < steps; ++step) {
    if (step != 3) (void)run_step(step, memory, local_file_system(), "").is_ok();
  }
  return *state_of(*memory);
}

class FailingRun {
 public:
  explicit FailingRun(std::string path) : path_(std::move(path)) {}

  // What went wrong; empty: nothing.
  std::string run(uint64_t nth, FaultKind kind, bool for_ever) {
    faults_.fail(nth, kind, for_ever);
    int done = 0;
    auto store = open();
    Status failure = store.status();
    while (failure.is_ok() && done < kSteps) {
      failure = step(done, *store);
      if (failure.is_ok()) ++done;
    }
    if (failure.is_ok()) failure = (*store)->close();
    fault_was_met = !faults_.failed_on().empty();
    const auto tells = [&](const char* cause) { return failure.message().find(cause) != std::string::npos; };
    if (!failure.is_ok() && !tells("injected") && !tells("could not be read")) {
      return "the error does not tell its cause: " + failure.to_string();
    }
    faults_.heal();
    if (store && done < kSteps) {
      if (!failure.is_ok() && !state_of(**store)) return "reading does not work any more";
      const Status again = step(done, *store);
      const bool says_so = again.message().find("open the store again") != std::string::npos;
      if (!again.is_ok() && !says_so) return "after the cause was gone: " + again.to_string();
      if (again.is_ok()) ++done;
    }
    if (store) (void)(*store)->close().is_ok();
    if (store) store->reset();
    return check(done);
  }
  bool fault_was_met = false;
  std::string failed_on() const { return faults_.failed_on(); }

 private:
  Result<std::shared_ptr<RocksDBKVStore>> open() { return rocks::EnvStore::open(path_, {}, disk_.env()); }
  Status step(int number, const std::shared_ptr<BaseKVStore>& store) {
    return run_step(number, store, files_, path_ + ".export");
  }
  // Opens it anew, after `done` steps, and does the rest.
  std::string check(int done) {
    const auto store = open();
    if (!store) return "cannot be opened again: " + store.error().to_string();
    const Result<std::string> found = state_of(**store);
    if (!found) return "cannot be read: " + found.error().to_string();
    if (*found != state_after(done) && *found != state_after(done + 1)) {
      return "after " + std::to_string(done) +
             " steps the state is neither the one before nor after the next";
    }
    for (int rest = done; rest < kSteps; ++rest) {
      const Status status = step(rest, *store);
      if (!status.is_ok()) return "step " + std::to_string(rest) + ": " + status.to_string();
    }
    if (*state_of(**store) != state_after(kSteps)) return "the rest does not lead to the end";
    for (const char* const name : {"docstore.json", "index_store.json"}) {
      if (done <= 3 && !fs::exists(path_ + ".export/" + name)) return std::string("not exported: ") + name;
    }
    std::string faults;
    const Status verified =
        (*store)->verify([&](const Fault& fault) { faults += fault.key + ": " + fault.message + "\n"; });
    if (!verified.is_ok() || !faults.empty()) return "not sound: " + verified.to_string() + " " + faults;
    const Status closed = (*store)->close();
    return closed.is_ok() ? "" : "cannot be closed: " + closed.to_string();
  }

  const std::string path_;
  Faults faults_;
  FaultFileSystem disk_{faults_, 1};
  const FaultyFiles files_{local_file_system(), faults_};
};

// `number` is 4 n, and 1 for a full disk, and 2 for a fault that stays.
int fail_nth_operation(const std::string& path, int number) {
  FailingRun run(path);
  const std::string wrong =
      run.run(static_cast<uint64_t>(number) / 4, number % 2 == 1 ? FaultKind::kNoSpace : FaultKind::kIoError,
              number / 2 % 2 == 1);
  if (!wrong.empty()) write_file(path + ".failed", wrong + "\nthe fault was on " + run.failed_on());
  if (!wrong.empty()) return 3;
  return run.fault_was_met ? 0 : kNoFault;
}

const ChildWork kFailNthOperation("fail_nth_operation", fail_nth_operation);

class FileOperationTest : public ::testing::TestWithParam<int> {};

TEST_P(FileOperationTest, AnyMayFail) {
  const int stride = test_scale("QUIPU_FAULT_STRIDE", 149);
  const int mode = GetParam();
  constexpr int kEnough = 10;
  int runs = 0;
  int failed = 0;
  const int first = 1 + static_cast<int>(Random(test_seed()).below(static_cast<uint64_t>(stride)));
  for (int nth = first; failed < kEnough; nth += stride, ++runs) {
    const TempDir directory;
    const std::string path = directory / "db";
    const int status = wait_for(start_child("fail_nth_operation", path, 4 * nth + mode));
    if (status == kNoFault) break;
    if (status == 0) continue;
    ++failed;
    ADD_FAILURE() << "operation " << nth << ": "
                  << (fs::exists(path + ".failed") ? read_file(path + ".failed") : "the process ended");
  }
  EXPECT_GT(runs, 0) << "no operation was met";
  std::printf("%d operations failed, %d runs went wrong\n", runs, failed);
}

std::string name_of(const ::testing::TestParamInfo<int>& mode) {
  return std::string(mode.param % 2 == 1 ? "Full" : "Error") + (mode.param / 2 == 1 ? "ForEver" : "Once");
}
INSTANTIATE_TEST_SUITE_P(, FileOperationTest, ::testing::Range(0, 4), name_of);

}  // namespace
}  // namespace quipu::testing
