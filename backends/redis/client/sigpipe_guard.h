// SigpipeGuard: while it lives, a write of this thread to a connection that is gone is an error and no
// signal, which would end a program that has no handler. hiredis cannot be told so otherwise.

#ifndef QUIPU_BACKENDS_REDIS_CLIENT_SIGPIPE_GUARD_H_
#define QUIPU_BACKENDS_REDIS_CLIENT_SIGPIPE_GUARD_H_

#include <pthread.h>
#include <signal.h>

#include <ctime>

namespace quipu::redis {

class SigpipeGuard {
 public:
  SigpipeGuard() {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~SigpipeGuard() {
    const timespec at_once{};
    if (!was_pending_) {  // the one that a write has raised
      while (sigtimedwait(&sigpipe_, nullptr, &at_once) == SIGPIPE) continue;
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;

 private:
  sigset_t sigpipe_;
  sigset_t before_;
  bool was_pending_;
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_CLIENT_SIGPIPE_GUARD_H_
