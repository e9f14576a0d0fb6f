// Ctrl-C during long work: the signal only sets a flag, the work stops at its next progress report.

#ifndef QUIPU_TOOLS_TERMINAL_CANCEL_H_
#define QUIPU_TOOLS_TERMINAL_CANCEL_H_

#include "quipu/status.h"

namespace quipu::cli {

// From here on the first SIGINT, SIGTERM or SIGHUP is remembered; a second one ends the process at once,
// which is safe too.
void catch_signals();

// The signal that came, or 0.
int caught_signal();

// What a progress callback returns to stop its call after a signal; the call then returns it.
Status interrupted();

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_TERMINAL_CANCEL_H_
