// A program that meets a fault at a file operation of one's choice, whichever thread makes it: it is killed
// (SIGKILL) as it is about to make its n-th change to files, or the operation fails.
//
//   const std::vector<std::string> import = {"quipu", "import", from, to};
//   const TracedRun whole = run_traced(import, {.below = to});
//   const TracedRun killed = run_traced(import, {.below = to, .nth = whole.operations / 2});
//
// It is traced (ptrace, seccomp), so it needs no preparation. REQUIRES: the test has no other child
// meanwhile.

#ifndef QUIPU_TESTS_SUPPORT_FAULTS_TRACED_PROGRAM_H_
#define QUIPU_TESTS_SUPPORT_FAULTS_TRACED_PROGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

namespace quipu::testing {

// Only x86-64 lets an operation fail in the way that is used here.
#ifdef __x86_64__
inline constexpr bool kOperationsCanFail = true;
#else
inline constexpr bool kOperationsCanFail = false;
#endif

struct OperationFault {
  std::string below;          // operations on what is in this directory count, and no other
  uint64_t nth = UINT64_MAX;  // the first is 1
  int error = 0;              // that it fails with; 0: the program is killed before it
  bool for_ever = false;      // all that follow fail, too
  bool reads = false;         // reading and opening count as well as changing
};

struct TracedRun {
  uint64_t operations = 0;  // that it began
  bool met_fault = false;
  int status = 0;        // its exit status; -1: a signal ended it
  std::string fault_on;  // "pwrite64 of .sst", "rename": what was not done
  std::string said;      // on standard output and error
};

// Runs a program; its exit status, -1: a signal ended it. What it prints is lost.
int run_program(const std::vector<std::string>& command);

// Runs it to its end.
TracedRun run_traced(const std::vector<std::string>& command, const OperationFault& fault);

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_FAULTS_TRACED_PROGRAM_H_
