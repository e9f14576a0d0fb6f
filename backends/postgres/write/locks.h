// HeldLocks: locks over keys that every process sees: advisory locks of the server, held by a transaction of
// a connection of their own. A set of many stripes is the lock of all, so that no set takes many places in
// the server's table.
//
// Such a transaction may be lost, with its locks, while its holder goes on. Whoever writes under it asks in
// the transaction of the write whether it is there still (fence()).
//
// Thread-safety: as KeyLocks. It deletes itself when it is unlocked.

#ifndef QUIPU_BACKENDS_POSTGRES_WRITE_LOCKS_H_
#define QUIPU_BACKENDS_POSTGRES_WRITE_LOCKS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "backends/postgres/database/session.h"
#include "quipu/backend/key_locks.h"

namespace quipu::postgres {

class HeldLocks : public LockTable {
 public:
  // Waits until they are held.
  static Result<KeyLocks> acquire(std::shared_ptr<Server> server, const LockSet& set);

  // Fails with division by zero where the locks have been lost.
  Statement fence() const;
  static bool is_fence(const Failure& failure) { return failure.is("22012"); }

 private:
  explicit HeldLocks(std::shared_ptr<Server> server) : server_(std::move(server)) {}

  Status lock(const LockSet& set) override;
  void unlock(const LockSet& set) override;

  const std::shared_ptr<Server> server_;
  std::optional<Lease> lease_;
  int64_t token_ = 0;  // the key of a lock that nobody else takes
};

// Statements of a transaction that take the locks until its end.
std::vector<Statement> lock_statements(const Tables& tables, const LockSet& set);

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_WRITE_LOCKS_H_
