// Power cuts, simulated: what was not synced is gone, cut or garbage, and names of directories that were not
// synced are undone. With sync nothing acknowledged is lost; without it what is left is a prefix of the
// operations, which reaches to the last sync at least.
//
// QUIPU_POWER_CUTS says how many, QUIPU_SEARCH_POWER_CUTS how many of those among which vectors are searched;
// the defaults are those of an ordinary run.

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "backends/rocksdb/env_store.h"
#include "quipu/bulk_load.h"
#include "tests/crash/workload.h"
#include "tests/support/child_process.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/faults/fault_file_system.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_scale.h"

namespace quipu::testing {
namespace {

namespace fs = std::filesystem;

struct Plan {
  uint64_t seed = 0;
  int start = 0;
  bool sync = false;
  uint64_t cut_at = 0;
  bool work = true;  // else the store is opened only
  WorkloadKind kind = WorkloadKind::kAllStores;
};

struct Ack {
  int done;
  bool synced;
};

// Tells what is done through standard input, which is a socket, until the power is cut.
int work_until_the_power_is_cut(const std::string& path, int disk_seed) {
  Plan plan;
  int kind = 0;
  std::istringstream(read_file(path + ".plan")) >> plan.seed >> plan.start >> plan.sync >> plan.cut_at >>
      plan.work >> kind;
  plan.kind = static_cast<WorkloadKind>(kind);
  Faults faults;
  FaultFileSystem disk(faults, static_cast<uint64_t>(disk_seed));
  disk.cut_power_at(plan.cut_at);
  RocksDBOptions options;
  options.sync = plan.sync;
  const auto store = rocks::EnvStore::open(path, options, disk.env());
  const auto failed = [&](const std::string& what) {
    write_file(path + ".failed", what);
    return 3;
  };
  if (!store) return failed("open: " + store.error().to_string());
  const Workload work(plan.seed, "w", plan.kind);
  for (int number = plan.start; plan.work; ++number) {
    const Status done = work.run(number, *store);
    if (!done.is_ok()) return failed("operation " + std::to_string(number) + ": " + done.to_string());
    Ack ack = {number + 1, plan.sync};
    if (number % 16 == 0) ack.synced = (*store)->sync().is_ok() || plan.sync;
    if (::write(STDIN_FILENO, &ack, sizeof ack) != sizeof ack) return 2;
  }
  return 0;
}

const ChildWork kWork("work_until_the_power_is_cut", work_until_the_power_is_cut);

// Loads a collection in bulk, is told that it is done, and loses power at the next change of a file.
int load_and_lose_power(const std::string& path, int disk_seed) {
  Faults faults;
  FaultFileSystem disk(faults, static_cast<uint64_t>(disk_seed));
  const auto store = rocks::EnvStore::open(path, {}, disk.env());
  if (!store) return 3;
  const auto load = (*store)->bulk_load();
  if (!load || !(*load)->begin_collection("loaded", {}).is_ok()) return 3;
  for (int i = 0; i < 50; ++i) {
    if (!(*load)->put(std::to_string(i), JsonView::from_canonical("{}")).is_ok()) return 3;
  }
  if (!(*load)->commit().is_ok()) return 3;
  disk.cut_power_at(1);
  (void)(*store)->put("k", JsonView::from_canonical("{}"), "later").is_ok();
  return 4;  // the power was not cut
}

const ChildWork kLoad("load_and_lose_power", load_and_lose_power);

// The machine has been started again: SESSION was written under another boot id.
void pass_a_boot(const std::string& path) {
  if (!fs::exists(path + "/SESSION")) return;
  std::fstream session(path + "/SESSION", std::ios::in | std::ios::out | std::ios::binary);
  session.seekp(16);
  session << "00000000-1111-2222-3333-444444444444";
}

class PowerCutTest : public ::testing::TestWithParam<bool> {
 protected:
  // Runs until the cut; what was done, and what was done and synced, in operations.
  void run(const Plan& plan, int& done, int& synced) {
    std::ostringstream text;
    text << plan.seed << ' ' << plan.start << ' ' << plan.sync << ' ' << plan.cut_at << ' ' << plan.work
         << ' ' << static_cast<int>(plan.kind);
    write_file(path_ + ".plan", text.str());
    const auto [theirs, ours] = socket_pair();
    const pid_t child =
        start_child("work_until_the_power_is_cut", path_, static_cast<int>(random_.below(1 << 30)), theirs);
    ::close(theirs);
    Ack ack{};
    while (::read(ours, &ack, sizeof ack) == sizeof ack) {
      done = ack.done;
      if (ack.synced) synced = ack.done;
    }
    ::close(ours);
    const int status = wait_for(child);
    ASSERT_FALSE(fs::exists(path_ + ".failed")) << read_file(path_ + ".failed");
    ASSERT_TRUE(status == FaultFileSystem::kPowerCut || (status == 0 && !plan.work)) << status;
  }
  // So many cuts, each within so many changes of files; after some of them a new database.
  void cut_power(int cuts, int of_a_database, uint64_t within, WorkloadKind kind) {
    int acknowledged = 0;
    int lost = 0;
    std::unique_ptr<WorkloadModel> model;
    for (int cut = 0; cut < cuts && !HasFailure(); ++cut) {
      SCOPED_TRACE("cut " + std::to_string(cut));
      if (cut % of_a_database == 0) {
        fs::remove_all(path_);
        model = std::make_unique<WorkloadModel>(Workload(seed_, "w", kind));
      }
      int done = model->done();
      int synced = model->done();
      Plan plan = {.seed = seed_, .start = done, .sync = GetParam(), .cut_at = 1 + random_.below(within)};
      plan.kind = kind;
      ASSERT_NO_FATAL_FAILURE(run(plan, done, synced));
      pass_a_boot(path_);
      for (uint64_t again = random_.below(3); again != 0; --again) {  // and while it recovers from that
        int none = 0;
        plan.work = false;
        plan.cut_at = 1 + random_.below(60);
        ASSERT_NO_FATAL_FAILURE(run(plan, none, none));
        pass_a_boot(path_);
      }
      const auto store = RocksDBKVStore::open(path_);
      ASSERT_TRUE(store) << store.error().to_string();
      const int before = model->done();
      model->expect(**store, synced, done + 1);
      acknowledged += done - before;
      lost += std::max(done - model->done(), 0);
      if (kind == WorkloadKind::kSearch) model->expect_answers(*store);
      expect_consistent(**store);
    }
    std::printf("%d power cuts, %d operations acknowledged, %d of them lost\n", cuts, acknowledged, lost);
    if (GetParam()) {
      EXPECT_EQ(lost, 0);
    }
  }

  const uint64_t seed_ = test_seed();
  Random random_{seed_};
  TempDir directory_;
  const std::string path_ = directory_ / "db";
};

TEST_P(PowerCutTest, LosesNothingThatWasSyncedAndLeavesAPrefix) {
  cut_power(test_scale("QUIPU_POWER_CUTS", 80) / 2, 10, 1500, WorkloadKind::kAllStores);
}

TEST_P(PowerCutTest, LeavesIndexesOfTheDataAndAnswersRightAtOnce) {
  cut_power(test_scale("QUIPU_SEARCH_POWER_CUTS", 6) / 2, 5, 1500, WorkloadKind::kSearch);
}

TEST(PowerCutImportTest, ABulkLoadIsDurableBeforeItSaysDone) {
  const TempDir directory;
  for (int round = 0; round < 5; ++round) {
    const std::string path = directory / ("db" + std::to_string(round));
    ASSERT_EQ(wait_for(start_child("load_and_lose_power", path, round)), FaultFileSystem::kPowerCut);
    pass_a_boot(path);
    const auto store = RocksDBKVStore::open(path);
    ASSERT_TRUE(store) << store.error().to_string();
    EXPECT_EQ(*(*store)->count("loaded"), 50U);
    expect_consistent(**store);
  }
}

INSTANTIATE_TEST_SUITE_P(, PowerCutTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "WithSync" : "WithoutSync"; });

}  // namespace
}  // namespace quipu::testing
