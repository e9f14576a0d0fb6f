// Ctrl-C during long work: the signal only sets a flag, the work stops at its next progress report.

#ifndef QUIPU_TOOLS_CANCEL_H_
#define QUIPU_TOOLS_CANCEL_H_

namespace quipu::cli {

// From here on the first SIGINT, SIGTERM or SIGHUP is remembered; a second one ends the process at once,
// which is safe too.
void catch_signals();

// The signal that came, or 0.
int caught_signal();

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_CANCEL_H_
