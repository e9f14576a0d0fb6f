#include "quipu/progress.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace quipu {
namespace {

struct Event {
  std::string file;
  uint64_t done;
  uint64_t total;
  friend bool operator==(const Event&, const Event&) = default;
};

// Keeps what it is told; ends the work at the event of this number, from 0, or when all is done.
struct Watcher {
  size_t end_at = SIZE_MAX;
  bool end_at_last = false;
  std::vector<Event> events = {};
  std::thread::id thread = {};

  Status operator()(const Progress& progress) {
    thread = std::this_thread::get_id();
    events.push_back({std::string(progress.file), progress.bytes_done, progress.bytes_total});
    const bool last = progress.bytes_total != 0 && progress.bytes_done == progress.bytes_total;
    return events.size() == end_at + 1 || (end_at_last && last) ? Status::busy("enough") : Status::ok();
  }
};

TEST(ProgressTest, WorkWithoutACallbackRunsOnTheCallingThread) {
  std::thread::id thread;
  const Status done = watch({}, "part", [&](Work& work) -> Status {
    thread = std::this_thread::get_id();
    QUIPU_RETURN_IF_ERROR(work.finish());
    return Status::not_found("of the work");
  });
  EXPECT_EQ(done, Status::not_found("of the work"));
  EXPECT_EQ(thread, std::this_thread::get_id());
}

TEST(ProgressTest, TheFirstAndTheLastStateAreToldOnTheCallingThread) {
  Watcher watcher;
  const Status done = watch(std::ref(watcher), "first", [](Work& work) {
    work.expect(100);
    work.begin("second");
    work.add(30);
    return work.finish();
  });
  EXPECT_TRUE(done.is_ok());
  EXPECT_EQ(watcher.events.front(), (Event{"first", 0, 0}));
  EXPECT_EQ(watcher.events.back(), (Event{"second", 100, 100}));
  EXPECT_EQ(watcher.thread, std::this_thread::get_id());
}

TEST(ProgressTest, WhatIsCancelledAtOnceIsNotBegun) {
  Watcher watcher{.end_at = 0};
  bool begun = false;
  const Status done = watch(std::ref(watcher), "part", [&](Work&) {
    begun = true;
    return Status::ok();
  });
  EXPECT_EQ(done, Status::busy("enough"));
  EXPECT_FALSE(begun);
}

TEST(ProgressTest, WorkIsToldThatItIsCancelledAndTheCallbackIsNotAskedAgain) {
  Watcher watcher{.end_at = 1};
  const Status done = watch(std::ref(watcher), "part", [](Work& work) {
    while (work.check().is_ok()) std::this_thread::yield();
    EXPECT_FALSE(work.finish().is_ok());
    return Status::io_error("what came of it");
  });
  EXPECT_EQ(done, Status::busy("enough"));
  EXPECT_EQ(watcher.events.size(), 2U);
}

TEST(ProgressTest, FinishingAsksTheCallbackOnceMoreAndThenNothingCancels) {
  Watcher watcher;
  size_t told = 0;
  const Status done = watch(std::ref(watcher), "part", [&](Work& work) -> Status {
    QUIPU_RETURN_IF_ERROR(work.finish());
    told = watcher.events.size();
    return work.finish();
  });
  EXPECT_TRUE(done.is_ok());
  EXPECT_EQ(watcher.events.size(), told);

  Watcher ending{.end_at_last = true};
  bool counted = false;
  EXPECT_EQ(watch(std::ref(ending), "part",
                  [&](Work& work) -> Status {
                    work.expect(1);
                    QUIPU_RETURN_IF_ERROR(work.finish());
                    counted = true;
                    return Status::ok();
                  }),
            Status::busy("enough"));
  EXPECT_FALSE(counted);
}

}  // namespace
}  // namespace quipu
