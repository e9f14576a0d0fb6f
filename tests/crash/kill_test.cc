// kill -9 at random moments: what was acknowledged is there, nothing is half done, and the store is sound.
//
// QUIPU_CRASH_CYCLES says how many kills, QUIPU_SEARCH_KILLS how many of those among which vectors are
// searched; the defaults are those of an ordinary run.

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <sstream>
#include <thread>

#include "quipu/persist_dir.h"
#include "tests/crash/workload.h"
#include "tests/support/child_process.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_scale.h"

namespace quipu::testing {
namespace {

namespace fs = std::filesystem;

const std::string kGolden = std::string(QUIPU_SOURCE_DIR) + "/tests/data/goldens/basic";

int cycles() { return test_scale("QUIPU_CRASH_CYCLES", 24); }

struct Ack {
  int writer;
  int number;
};

void fail(const std::string& path, const std::string& what) {
  write_file(path + ".failed", what);
  ::_exit(3);
}

// Writers that run until they are killed, and tell of every operation that is done through standard input,
// which is a socket. The file beside the directory has the seed, and for each writer the operation to begin
// at.
int work_for_ever(const std::string& path, int) {
  std::istringstream plan(read_file(path + ".plan"));
  uint64_t seed = 0;
  int kind = 0;
  plan >> seed >> kind;
  std::vector<int> starts;
  for (int start = 0; plan >> start;) starts.push_back(start);
  const auto store = RocksDBKVStore::open(path);
  if (!store) fail(path, "open: " + store.error().to_string());
  std::vector<std::thread> writers;
  for (size_t writer = 0; writer < starts.size(); ++writer) {
    writers.emplace_back([&, writer] {
      const Workload work(seed, "w" + std::to_string(writer), static_cast<WorkloadKind>(kind));
      for (int number = starts[writer];; ++number) {
        const Status done = work.run(number, *store);
        if (!done.is_ok()) fail(path, "operation " + std::to_string(number) + ": " + done.to_string());
        const Ack ack = {static_cast<int>(writer), number};
        if (::write(STDIN_FILENO, &ack, sizeof ack) != sizeof ack) ::_exit(2);
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  return 0;
}

int open_only(const std::string& path, int) { return RocksDBKVStore::open(path) ? 0 : 1; }

int import_golden(const std::string& path, int) {
  const auto store = RocksDBKVStore::open(path);
  if (!store || !import_persist_dir(kGolden, **store)) return 1;
  return 0;
}

int export_for_ever(const std::string& path, int) {
  const auto store = RocksDBKVStore::open(path);
  while (store && export_persist_dir(**store, path + ".export", {.force = true})) {
  }
  return 1;
}

const ChildWork kWorkForEver("work_for_ever", work_for_ever);
const ChildWork kOpenOnly("open_for_a_kill", open_only);
const ChildWork kImportGolden("import_golden", import_golden);
const ChildWork kExportForEver("export_for_ever", export_for_ever);

class KillTest : public ::testing::Test {
 protected:
  void wait_up_to(uint64_t microseconds) {
    std::this_thread::sleep_for(std::chrono::microseconds(random_.below(microseconds)));
  }
  void reset(size_t writers, WorkloadKind kind = WorkloadKind::kAllStores) {
    fs::remove_all(path_);
    models_.clear();
    kind_ = kind;
    for (size_t writer = 0; writer < writers; ++writer) {
      models_.emplace_back(Workload(seed_, "w" + std::to_string(writer), kind));
    }
  }
  // Kills writers up to so many operations after they have begun, and up to so many microseconds later; what
  // they said to have done, by writer.
  std::vector<int> kill_writers(uint64_t operations, uint64_t microseconds) {
    std::string plan = std::to_string(seed_) + " " + std::to_string(static_cast<int>(kind_));
    std::vector<int> done;
    for (const WorkloadModel& model : models_) {
      done.push_back(model.done());
      plan += " " + std::to_string(model.done());
    }
    write_file(path_ + ".plan", plan);
    const auto [theirs, ours] = socket_pair();
    const pid_t child = start_child("work_for_ever", path_, 0, theirs);
    ::close(theirs);
    Ack ack{};
    const auto hear = [&] {
      if (::read(ours, &ack, sizeof ack) != sizeof ack) return false;
      done[static_cast<size_t>(ack.writer)] = ack.number + 1;
      return true;
    };
    for (uint64_t acks = random_.below(operations); acks != 0 && hear(); --acks) {
    }
    wait_up_to(random_.one_in(4) ? 10 * microseconds : microseconds);
    kill_child(child);
    while (hear()) ++acknowledged_;
    ::close(ours);
    return done;
  }
  void kill_recovery() {
    const pid_t child = start_child("open_for_a_kill", path_, 0);
    wait_up_to(30000);
    kill_child(child);
  }
  void check(const std::vector<int>& done) {
    ASSERT_FALSE(fs::exists(path_ + ".failed")) << read_file(path_ + ".failed");
    const auto store = RocksDBKVStore::open(path_);
    ASSERT_TRUE(store) << store.error().to_string();
    for (size_t writer = 0; writer < models_.size(); ++writer) {
      models_[writer].expect(**store, done[writer], done[writer] + 1);  // and the one in flight
    }
    if (kind_ == WorkloadKind::kSearch) {
      for (const WorkloadModel& model : models_) model.expect_answers(*store);
    }
    expect_consistent(**store);
  }

  const uint64_t seed_ = test_seed();
  Random random_{seed_};
  TempDir directory_;
  const std::string path_ = directory_ / "db";
  WorkloadKind kind_ = WorkloadKind::kAllStores;
  std::vector<WorkloadModel> models_;
  uint64_t acknowledged_ = 0;
};

TEST_F(KillTest, NothingAcknowledgedIsLostAndNothingIsHalfDone) {
  const int count = cycles();
  const auto begun = std::chrono::steady_clock::now();
  for (int cycle = 0; cycle < count && !HasFailure(); ++cycle) {
    SCOPED_TRACE("cycle " + std::to_string(cycle));
    if (cycle % 20 == 0) reset(cycle % 40 == 0 ? 1 : 8);
    const std::vector<int> done = kill_writers(80, 2000);
    for (uint64_t again = random_.below(3); again != 0; --again) kill_recovery();
    check(done);
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
  std::printf("%d kills in %.1f s\n", count, taken.count());
}

TEST_F(KillTest, IndexesAreThoseOfTheDataAndAnswersRightAtOnce) {
  const int count = test_scale("QUIPU_SEARCH_KILLS", 8);
  const auto begun = std::chrono::steady_clock::now();
  for (int cycle = 0; cycle < count && !HasFailure(); ++cycle) {
    SCOPED_TRACE("cycle " + std::to_string(cycle));
    if (cycle % 8 == 0) reset(cycle % 16 == 0 ? 1 : 2, WorkloadKind::kSearch);
    const std::vector<int> done = kill_writers(12, 50000);
    for (uint64_t again = random_.below(3); again != 0; --again) kill_recovery();
    check(done);
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
  std::printf("%d kills in %.1f s\n", count, taken.count());
}

TEST_F(KillTest, AnImportIsThereWholeOrNotAtAllAndCanBeRunAgain) {
  const int count = cycles() / 3;
  int whole = 0;
  for (int cycle = 0; cycle < count && !HasFailure(); ++cycle) {
    SCOPED_TRACE("cycle " + std::to_string(cycle));
    fs::remove_all(path_);
    const pid_t child = start_child("import_golden", path_, 0);
    wait_up_to(200000);
    kill_child(child);
    const auto store = RocksDBKVStore::open(path_);
    ASSERT_TRUE(store) << store.error().to_string();
    if ((*store)->collections()->empty()) {
      const auto imported = import_persist_dir(kGolden, **store);
      ASSERT_TRUE(imported) << imported.error().to_string();
    } else {
      ++whole;
    }
    expect_consistent(**store);
    const std::string copy = directory_ / ("copy" + std::to_string(cycle));
    ASSERT_TRUE(export_persist_dir(**store, copy));
    for (const auto& entry : fs::directory_iterator(copy)) {
      EXPECT_EQ(read_file(entry.path()), read_file(kGolden + "/" + entry.path().filename().string()));
    }
  }
  std::printf("%d kills of imports, %d of them too late\n", count, whole);
}

TEST_F(KillTest, AnExportReplacesFilesWholeOrNotAtAll) {
  {
    const auto store = RocksDBKVStore::open(path_);
    ASSERT_TRUE(store && import_persist_dir(kGolden, **store));
  }
  const int count = cycles() / 3;
  for (int cycle = 0; cycle < count && !HasFailure(); ++cycle) {
    if (random_.one_in(4)) fs::remove_all(path_ + ".export");
    const pid_t child = start_child("export_for_ever", path_, 0);
    wait_up_to(120000);
    kill_child(child);
    if (!fs::exists(path_ + ".export")) continue;
    for (const auto& entry : fs::directory_iterator(path_ + ".export")) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(".") && name.ends_with(".tmp")) continue;  // of the one that was killed
      EXPECT_EQ(read_file(entry.path()), read_file(kGolden + "/" + name));
    }
  }
}

}  // namespace
}  // namespace quipu::testing
