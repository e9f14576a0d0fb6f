// How far a long call has come, and ending it.
//
//   ProgressCallback progress = [&](const Progress& at) {
//     std::cerr << at.file << ' ' << at.bytes_done << " of " << at.bytes_total << '\n';
//     return interrupted ? Status::busy("interrupted") : Status::ok();
//   };
//   QUIPU_RETURN_IF_ERROR(store->compact(progress));

#ifndef QUIPU_PROGRESS_H_
#define QUIPU_PROGRESS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "quipu/status.h"

namespace quipu {

// How far a long call has come; bytes of all parts together.
struct Progress {
  std::string_view file;  // or what else is worked on: a collection, a vector store
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;  // 0: not known
};
// Called from the calling thread, some times a second at most. A Status that is not OK cancels the call,
// which then returns that Status with nothing changed, unless it says otherwise.
using ProgressCallback = std::function<Status(const Progress&)>;

// Work that a callback watches, as the work sees it; for calls that take a ProgressCallback, see watch().
// Thread-safety: all methods from any thread, finish() from the work's.
class Work {
 public:
  // What is worked on from now on.
  void begin(std::string_view part);
  // More bytes that there are to do; ones that have been done.
  void expect(uint64_t bytes) { total_ += bytes; }
  void add(uint64_t bytes) { done_ += bytes; }
  // All that have been done so far.
  void set_done(uint64_t bytes) { done_ = bytes; }
  // Not OK once the callback has cancelled the work, which is then to return it. Cost: a look at an atomic.
  Status check() const { return cancelled_ ? Status::busy("cancelled") : Status::ok(); }
  // The same as a flag.
  std::atomic<bool>& cancelled() { return cancelled_; }
  // Tells the callback that all is done but for what makes it count, and returns what check() does. After OK
  // the work cannot be cancelled any more.
  Status finish();

 private:
  friend Status watch(const ProgressCallback& progress, std::string_view part,
                      const std::function<Status(Work&)>& run);

  class Watcher;

  std::atomic<uint64_t> done_ = 0;
  std::atomic<uint64_t> total_ = 0;
  std::atomic<bool> cancelled_ = false;
  Watcher* watch_ = nullptr;  // null: nobody watches
};

// Runs `run` on a thread of its own while this one calls `progress` some times a second, whatever the work is
// doing; without `progress`, on this thread. `part`: what it begins with. Returns what cancelled the work,
// else what it returned.
Status watch(const ProgressCallback& progress, std::string_view part,
             const std::function<Status(Work&)>& run);

}  // namespace quipu

#endif  // QUIPU_PROGRESS_H_
