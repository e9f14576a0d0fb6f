#include "tools/terminal/cancel.h"

#include <csignal>
#include <initializer_list>

namespace quipu::cli {
namespace {

volatile std::sig_atomic_t caught = 0;

extern "C" void remember(int signal) { caught = signal; }

}  // namespace

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = remember;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);  // nohup stays in force
  }
}

int caught_signal() { return caught; }

Status interrupted() { return Status::busy("interrupted; nothing was changed"); }

}  // namespace quipu::cli
