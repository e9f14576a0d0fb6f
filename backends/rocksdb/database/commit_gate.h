// CommitGate: lets any number of commits run together, or one change to a whole collection alone.
//
// A commit passes after it has its key locks, so whoever holds key locks may close the gate: no commit that
// is inside waits for them.

#ifndef QUIPU_BACKENDS_ROCKSDB_DATABASE_COMMIT_GATE_H_
#define QUIPU_BACKENDS_ROCKSDB_DATABASE_COMMIT_GATE_H_

#include <atomic>
#include <mutex>
#include <shared_mutex>

namespace quipu::rocks {

class CommitGate {
 public:
  // Held by a commit.
  std::shared_lock<std::shared_mutex> enter() {
    // A std::shared_mutex may let commits pass for ever while the other side waits.
    if (closing_.load()) {
      std::lock_guard wait(turnstile_);
    }
    return std::shared_lock(inside_);
  }

  // The same for who must not wait: owns nothing while the gate is closed, or about to be.
  std::shared_lock<std::shared_mutex> try_enter() {
    if (closing_.load()) return {};
    return {inside_, std::try_to_lock};
  }

  // Waits for the commits inside and keeps others out. Held while a collection is changed as a whole.
  class Closed {
   public:
    explicit Closed(CommitGate& gate) : gate_(gate), turnstile_(gate.turnstile_) {
      gate_.closing_ = true;
      gate_.inside_.lock();
    }
    ~Closed() {
      gate_.closing_ = false;
      gate_.inside_.unlock();
    }
    Closed(const Closed&) = delete;
    Closed& operator=(const Closed&) = delete;

   private:
    CommitGate& gate_;
    std::lock_guard<std::mutex> turnstile_;
  };

 private:
  std::shared_mutex inside_;
  std::mutex turnstile_;
  std::atomic<bool> closing_{false};
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_DATABASE_COMMIT_GATE_H_
