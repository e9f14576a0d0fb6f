// The exit codes of the quipu command; `quipu --help` and the man page list them.

#ifndef QUIPU_TOOLS_TERMINAL_EXIT_CODE_H_
#define QUIPU_TOOLS_TERMINAL_EXIT_CODE_H_

#include "quipu/status.h"

namespace quipu::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitData = 1;      // bad data, faults or differences found, key not found, ...
inline constexpr int kExitUsage = 2;     // the command line is wrong
inline constexpr int kExitIo = 3;        // the operating system refused
inline constexpr int kExitLocked = 4;    // another process has the database open
inline constexpr int kExitSignal = 128;  // plus the signal's number: 130 after Ctrl-C

// The exit code that tells of `status`.
int exit_code_of(const Status& status);

// Prints the error as a message; returns the exit code for it, after a signal (cancel.h) that of the signal.
int report_error(const Status& status);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_TERMINAL_EXIT_CODE_H_
