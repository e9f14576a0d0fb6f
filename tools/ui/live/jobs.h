// Long work, one at a time, and how far it has come: verify, backups, compaction, repair, indexes.
//
//   QUIPU_ASSIGN_OR_RETURN(uint64_t id, jobs.start("compact", [&](Jobs::Run& run) -> Result<std::string> {
//     QUIPU_RETURN_IF_ERROR(store.compact(run.progress()));
//     return "compacted";
//   }));
//
// Thread-safety: any thread. Lifetime: what a job uses must outlive the Jobs, which wait for it when they go.

#ifndef QUIPU_TOOLS_UI_LIVE_JOBS_H_
#define QUIPU_TOOLS_UI_LIVE_JOBS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "quipu/progress.h"
#include "quipu/status.h"

namespace quipu::ui {

// As the page is told.
struct JobState {
  uint64_t id = 0;  // 0: there has been none
  std::string kind;
  bool running = false;
  std::string part;  // what is worked on
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;  // 0: not known
  double seconds = 0;
  uint64_t findings = 0;           // faults, or steps of a repair
  std::vector<std::string> first;  // of these, JSON objects
  std::string outcome;             // what it came to
  std::string error;               // why it failed
};

class Jobs {
 public:
  // What the work is given.
  class Run {
   public:
    explicit Run(Jobs& jobs) : jobs_(jobs) {}
    ProgressCallback progress();
    // A finding as a JSON object.
    void found(std::string finding);

   private:
    Jobs& jobs_;
  };
  // Returns what the job came to, in words.
  using JobWork = std::function<Result<std::string>(Run& run)>;

  Jobs() = default;
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  // The number of the job. Error: kBusy while another one is running.
  Result<uint64_t> start(const std::string& kind, JobWork work);
  JobState state() const;
  // Ends the job at its next report of progress; one that cannot be ended goes on.
  void cancel() { cancelled_ = true; }

 private:
  void run(const JobWork& work);

  mutable std::mutex mutex_;
  JobState state_;
  int64_t began_ = 0;  // by the steady clock
  std::atomic<bool> cancelled_ = false;
  std::thread thread_;
};

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_LIVE_JOBS_H_
