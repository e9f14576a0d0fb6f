#include "backends/redis/locks.h"

#include <utility>

#include "backends/redis/client/slot.h"
#include "backends/redis/layout/scripts.h"

namespace quipu::redis {
namespace {

constexpr std::chrono::milliseconds kLong{200};  // then others wait for who has waited

Command call_of(const Script& script, const std::string& key, const std::string& holder) {
  Command command = script.call(1);
  command.add(key).add(holder);
  return command;
}

}  // namespace

Status held_too_long() {
  return Status::busy("another process has held locks on these keys for " +
                      std::to_string(kMaxWait.count() / 1000) + " s");
}

std::vector<size_t> stripes_of(const LockSet& set) {
  std::vector<size_t> stripes;
  set.for_each_stripe([&](size_t stripe) { stripes.push_back(stripe); });
  return stripes;
}

Locks::Locks(Client& client, const Names& names, const Holder& holder)
    : client_(client), holder_(holder), key_(names.own("locks")), slot_(slot_of(key_)) {}

Status Locks::lock(const LockSet& set) {
  const std::vector<size_t> stripes = stripes_of(set);
  if (stripes.empty()) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(KeyLocks here, here_.acquire(set));
  QUIPU_RETURN_IF_ERROR(lock_there(stripes));
  const MutexLock lock(mutex_);
  held_here_.emplace(stripes.front(), std::move(here));
  return Status::ok();
}

Status Locks::lock_there(const std::vector<size_t>& stripes) {
  const auto start = std::chrono::steady_clock::now();
  Backoff backoff = lock_backoff();
  while (true) {
    const auto waited = std::chrono::steady_clock::now() - start;
    Command command = call_of(scripts::lock(), key_, holder_.name());
    command.add(static_cast<uint64_t>(kLockLasts.count())).add(waited >= kLong ? "1" : "0");
    for (const size_t stripe : stripes) command.add(stripe);
    QUIPU_ASSIGN_OR_RETURN(const Reply reply, client_.run(slot_, scripts::lock(), command));
    if (is_error(*reply)) return error_of(*reply);
    if (reply->integer == 1) return Status::ok();
    if (!backoff.wait()) return held_too_long();
  }
}

// Where the server does not take them back, they expire.
void Locks::unlock(const LockSet& set) {
  const std::vector<size_t> stripes = stripes_of(set);
  if (stripes.empty()) return;
  Command command = call_of(scripts::unlock(), key_, holder_.name());
  for (const size_t stripe : stripes) command.add(stripe);
  (void)client_.run_briefly(slot_, scripts::unlock(), command);
  KeyLocks here;  // goes when nobody else waits for mutex_
  const MutexLock lock(mutex_);
  const auto held = held_here_.find(stripes.front());
  if (held == held_here_.end()) return;
  here = std::move(held->second);
  held_here_.erase(held);
}

}  // namespace quipu::redis
