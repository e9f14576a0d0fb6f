// A writer for minutes, with two readers that refresh, one of them in a process of its own, and a backup a
// second: every state that is seen is a whole one, and memory, open files and the space on disk stay as they
// are.
//
// QUIPU_SOAK_SECONDS says how long; the default is that of an ordinary run.

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

#include "quipu/backup.h"
#include "tests/stress/rolling_documents.h"
#include "tests/support/child_process.h"
#include "tests/support/expect_consistent.h"
#include "tests/support/resource_usage.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_scale.h"

namespace quipu::testing {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using StorePtr = std::shared_ptr<BaseKVStore>;

constexpr uint64_t kBackupsKept = 5;
constexpr auto kBetweenRefreshes = std::chrono::milliseconds(50);
constexpr auto kBetweenSamples = std::chrono::milliseconds(250);

RocksDBOptions small_buffers() {
  RocksDBOptions options;
  options.memory_budget_bytes = 16 << 20;  // which fill: tables are written, compacted and removed
  return options;
}

// Refreshes and checks one time; what is wrong, or nothing.
std::string refresh_and_check(StorePtr& reader, int least, int round) {
  const auto next = reader->refresh();
  if (!next) return next.error().to_string();
  reader = *next;
  std::string wrong = check_rolling_documents(reader, least);
  if (!wrong.empty() || round % 100 != 99) return wrong;
  const auto fault = [&](const Fault& found) {
    if (found.severity == Severity::kFault) wrong += found.collection + " " + found.message + "\n";
  };
  if (!reader->verify(fault).is_ok() || !verify_stores(*reader, fault).is_ok()) return "cannot be verified";
  return wrong;
}

// Refreshes until its standard input, which is a socket, is closed. Leaves what went wrong in a file.
int read_until_told(const std::string& path, int) {
  Result<StorePtr> reader = RocksDBKVStore::open_reader(path, small_buffers());
  std::string wrong = reader ? "" : reader.error().to_string();
  ResourceUsageOverTime usage;
  pollfd told = {STDIN_FILENO, POLLIN | POLLHUP, 0};
  int rounds = 0;
  for (; wrong.empty() && ::poll(&told, 1, static_cast<int>(kBetweenRefreshes.count())) == 0; ++rounds) {
    wrong = refresh_and_check(*reader, 0, rounds);
    usage.sample();
  }
  if (wrong.empty() && usage.growth() != "") wrong = "grows: " + usage.growth();
  write_file(path + ".reader", std::to_string(rounds) + " refreshes, " + usage.to_string());
  if (!wrong.empty()) write_file(path + ".failed", wrong);
  return wrong.empty() ? 0 : 1;
}
const ChildWork kReadUntilTold("read_until_told", read_until_told);

class SoakTest : public ::testing::Test {
 protected:
  // Calls `step` with 0, 1, ... at a distance of `period`, or as soon as the one before has ended, until the
  // time is over or something went wrong.
  void repeat(std::chrono::milliseconds period, const std::function<std::string(int)>& step) {
    auto next = Clock::now() + period;
    for (int i = 0;; ++i, next = std::max(next + period, Clock::now())) {
      {
        std::unique_lock lock(mutex_);
        over_.wait_until(lock, std::min(next, end_), [&] { return !wrong_.empty(); });
        if (!wrong_.empty() || Clock::now() >= end_) return;
      }
      const std::string wrong = step(i);
      if (wrong.empty()) continue;
      const std::lock_guard lock(mutex_);
      wrong_ = wrong;
      over_.notify_all();
    }
  }

  std::string back_up(int number) {
    const int least = written_;
    const auto made = create_backup(path_, backups_);
    if (!made) return "backup: " + made.error().to_string();
    ++backups_made_;
    if (number % 3 == 2) {
      const auto pruned = prune_backups(backups_, kBackupsKept);
      if (!pruned) return "prune: " + pruned.error().to_string();
    }
    if (number % 7 == 1) {
      const Status verified = verify_backup(backups_, made->id);
      if (!verified.is_ok()) return "verify: " + verified.to_string();
    }
    return number % 20 == 1 ? restore(least) : "";
  }
  std::string restore(int least) {
    const std::string restored = directory_ / "restored";
    const auto report = restore_backup(backups_, restored);
    if (!report) return "restore: " + report.error().to_string();
    ++restored_;
    std::string wrong;
    if (const auto store = RocksDBKVStore::open(restored); !store) {
      wrong = "restored: " + store.error().to_string();
    } else {
      wrong = check_rolling_documents(*store, least);
    }
    fs::remove_all(restored);
    return wrong;
  }

  uint64_t disk_mib() const {
    uint64_t bytes = 0;
    for (const std::string& folder : {path_, backups_}) {
      std::error_code gone;  // files come and go
      for (auto it = fs::recursive_directory_iterator(folder, gone); it != fs::end(it); it.increment(gone)) {
        const uint64_t size = it->is_regular_file(gone) ? it->file_size(gone) : 0;
        if (!gone) bytes += size;
      }
    }
    return bytes >> 20;
  }

  TempDir directory_;
  const std::string path_ = directory_ / "db";
  const std::string backups_ = directory_ / "backups";
  Clock::time_point end_;
  std::mutex mutex_;
  std::condition_variable over_;
  std::string wrong_;
  std::atomic<int> written_ = 0;
  std::atomic<int> backups_made_ = 0;
  std::atomic<int> restored_ = 0;
  int refreshes_ = 0;
};

TEST_F(SoakTest, WriterReadersAndBackupsForMinutes) {
  const ResourceUsage before = resource_usage();
  auto context = StorageContext::open(path_, small_buffers());
  ASSERT_TRUE(context) << context.error().to_string();
  while (written_ < kRollingDocuments) ASSERT_TRUE(write_rolling_document(*context, written_++).is_ok());
  end_ = Clock::now() + std::chrono::seconds(test_scale("QUIPU_SOAK_SECONDS", 5));
  const auto [theirs, ours] = socket_pair();
  const pid_t child = start_child("read_until_told", path_, 0, theirs);
  ::close(theirs);
  ResourceUsageOverTime usage;
  uint64_t largest_mib = 0;
  {
    std::vector<std::jthread> threads;
    threads.emplace_back([&] {
      repeat({}, [&](int) {
        const Status done = write_rolling_document(*context, written_);
        if (done.is_ok()) ++written_;
        return done.is_ok() ? "" : "write: " + done.to_string();
      });
    });
    threads.emplace_back([&] {
      StorePtr reader = *RocksDBKVStore::open_reader(path_, small_buffers());
      repeat(kBetweenRefreshes, [&](int round) {
        ++refreshes_;
        return refresh_and_check(reader, written_, round);
      });
    });
    threads.emplace_back([&] { repeat(std::chrono::seconds(1), [&](int i) { return back_up(i); }); });
    repeat(kBetweenSamples, [&](int) {
      usage.sample();
      largest_mib = std::max(largest_mib, disk_mib());
      return "";
    });
  }
  ::close(ours);
  EXPECT_EQ(wait_for(child), 0) << (fs::exists(path_ + ".failed") ? read_file(path_ + ".failed") : "");
  EXPECT_EQ(wrong_, "");
  EXPECT_EQ(usage.growth(), "");
  EXPECT_LT(largest_mib, 1000u);  // of data of 8 MiB: what nobody needs is removed
  EXPECT_GT(backups_made_, 0);
  EXPECT_GT(restored_, 0);
  EXPECT_EQ(check_rolling_documents(context->kvstore(), written_), "");
  expect_consistent(*context->kvstore());
  const int files_left = [&] {
    context = Status::not_found("closed");
    return resource_usage().files;
  }();
  EXPECT_EQ(files_left, before.files);
  std::printf("%d documents written, %d refreshes, %d backups, %d restored; at most %d MiB on disk\n%s\n",
              written_.load(), refreshes_, backups_made_.load(), restored_.load(),
              static_cast<int>(largest_mib), usage.to_string().c_str());
  std::printf("the reader's process: %s\n", read_file(path_ + ".reader").c_str());
}

}  // namespace
}  // namespace quipu::testing
