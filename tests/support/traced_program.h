// A program that is killed (SIGKILL) at a file operation of one's choice: as it is about to make its n-th
// change to files, by whatever thread.
//
//   const TracedRun whole = run_traced({"quipu", "import", from, to});
//   const TracedRun killed = run_traced({"quipu", "import", from, to}, whole.changes / 2);
//
// It is traced (ptrace, seccomp), so it needs no preparation. REQUIRES: the test has no other child
// meanwhile.

#ifndef QUIPU_TESTS_SUPPORT_TRACED_PROGRAM_H_
#define QUIPU_TESTS_SUPPORT_TRACED_PROGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

namespace quipu::testing {

struct TracedRun {
  uint64_t changes = 0;  // that it began
  bool killed = false;   // else it ended before, with this exit status; -1: by another signal
  int status = 0;
  std::string killed_at;  // "pwrite64 of .sst", "rename": the change that was not made
};

// Runs a program; its exit status, -1: a signal ended it. What it prints is lost, here and below.
int run_program(const std::vector<std::string>& command);

// Runs it to its end, or until it begins change number `kill_at`, the first is 1.
TracedRun run_traced(const std::vector<std::string>& command, uint64_t kill_at = UINT64_MAX);

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_TRACED_PROGRAM_H_
