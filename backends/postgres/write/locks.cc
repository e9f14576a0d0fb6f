#include "backends/postgres/write/locks.h"

#include <utility>

#include "quipu/backend/backoff.h"

namespace quipu::postgres {
namespace {

constexpr size_t kMostStripes = 32;

}  // namespace

std::vector<Statement> lock_statements(const Tables& tables, const LockSet& set) {
  std::vector<int64_t> keys;
  set.for_each_stripe([&](size_t stripe) { keys.push_back(tables.stripe_lock(stripe)); });
  std::vector<Statement> statements;
  if (keys.empty()) return statements;
  if (keys.size() > kMostStripes) {
    statements.emplace_back("SELECT pg_advisory_xact_lock($1::bigint)").number(tables.whole_lock());
    return statements;
  }
  statements.emplace_back("SELECT pg_advisory_xact_lock_shared($1::bigint)").number(tables.whole_lock());
  statements.emplace_back("SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS u(k)").numbers(keys);
  return statements;
}

Result<KeyLocks> HeldLocks::acquire(std::shared_ptr<Server> server, const LockSet& set) {
  std::unique_ptr<HeldLocks> locks(new HeldLocks(std::move(server)));
  Result<KeyLocks> held = locks->LockTable::acquire(set);
  if (held) (void)locks.release();  // unlock() deletes it
  return held;
}

Status HeldLocks::lock(const LockSet& set) {
  Backoff backoff(kPatience);
  while (true) {
    const bool may_come_back = server_->lock_pool().has_connected();
    Result<Lease> lease = server_->lock_pool().take();
    Status failed;
    if (lease) {
      token_ = (*lease)->next_token();
      std::vector<Statement> statements;
      statements.emplace_back("BEGIN", Statement::Use::kOnce);
      statements.emplace_back("SELECT pg_advisory_xact_lock($1::bigint)").number(token_);
      for (Statement& each : lock_statements(server_->sql(), set)) statements.push_back(std::move(each));
      const Reply reply = (*lease)->run(statements);
      if (!reply.failure) {
        lease_.emplace(*std::move(lease));
        return Status::ok();
      }
      failed = reply.failure->status(server_->shown());
      if (!reply.failure->is_lost) (*lease)->roll_back();
      if (!reply.failure->is_lost && !reply.failure->is_conflict()) return failed;
    } else {
      failed = lease.error();
      if (!may_come_back || failed.code() != StatusCode::kIoError) return failed;
    }
    if (!backoff.wait()) return failed;
  }
}

void HeldLocks::unlock(const LockSet& /*set*/) {
  (*lease_)->send(Statement("ROLLBACK", Statement::Use::kOnce));
  delete this;
}

Statement HeldLocks::fence() const {
  Statement fence("SELECT 1 / (CASE WHEN pg_try_advisory_xact_lock($1::bigint) THEN 0 ELSE 1 END)");
  fence.number(token_);
  return fence;
}

}  // namespace quipu::postgres
