#include "backends/redis/writer.h"

#include <chrono>
#include <utility>
#include <vector>

#include "backends/redis/client/slot.h"
#include "backends/redis/layout/scripts.h"
#include "backends/redis/locks.h"
#include "quipu/backend/key_locks.h"

namespace quipu::redis {
namespace {

constexpr size_t kRun =
    1000;  // operations that one command within a script has; Lua's stack holds 7,000 or so
// Redis reads no larger argument, nor more than twice that at once, unless it is told to.
constexpr size_t kMaxBytes = size_t{512} << 20;
constexpr size_t kMaxNameBytes = size_t{64} << 10;
constexpr size_t kMaxKeyBytes = size_t{16} << 20;
// Redis before 7 reads no command of more than 2^20 arguments.
constexpr size_t kMaxOperations = 400'000;

Status check_size(std::string_view collection, std::string_view key, size_t bytes, size_t most,
                  std::string_view what) {
  if (bytes <= most) return Status::ok();
  return Status::invalid_argument("collection " + std::string(collection) + ", key " +
                                  std::string(key.substr(0, 200)) + ": a " + std::string(what) + " of " +
                                  std::to_string(bytes) + " bytes; Redis takes up to " +
                                  std::to_string(most));
}

}  // namespace

Status check_operation(const WriteOp& op) {
  QUIPU_RETURN_IF_ERROR(check_size(op.collection.substr(0, 200), op.key, op.collection.size(), kMaxNameBytes,
                                   "name of a collection"));
  QUIPU_RETURN_IF_ERROR(check_size(op.collection, op.key, op.key.size(), kMaxKeyBytes, "key"));
  if (op.kind != &WriteOp::kPut) return Status::ok();
  QUIPU_RETURN_IF_ERROR(check_size(op.collection, op.key, op.value.size(), kMaxBytes, "value"));
  if (op.value.starts_with('{')) return Status::ok();
  return Status::invalid_argument("collection " + std::string(op.collection) + ", key " +
                                  std::string(op.key) + ": the value is not a JSON object");
}

Status check_one_slot(std::string_view first, const CollectionKeys& keys_of_first, std::string_view other,
                      const CollectionKeys& keys_of_other) {
  if (keys_of_first.group == keys_of_other.group) return Status::ok();
  return Status::not_supported("collections " + std::string(first) + " and " + std::string(other) +
                               " are in slots " + std::to_string(keys_of_first.slot) + " and " +
                               std::to_string(keys_of_other.slot) +
                               " of the Redis Cluster, which no change spans; open it with a namespace that "
                               "has a hash tag, such as ?namespace={docs}");
}

// The operations of one write(), as the script takes them.
class Writer::Batch {
 public:
  static Result<Batch> of(Writer& writer, std::span<const WriteOp> ops) {
    Batch batch;
    if (ops.size() > kMaxOperations) {
      return Status::invalid_argument("a batch of " + std::to_string(ops.size()) +
                                      " operations; Redis takes up to " + std::to_string(kMaxOperations) +
                                      " at once");
    }
    size_t bytes = 0;
    batch.places_.reserve(ops.size());
    for (const WriteOp& op : ops) {
      QUIPU_RETURN_IF_ERROR(check_operation(op));
      bytes += op.key.size() + op.value.size();
      QUIPU_ASSIGN_OR_RETURN(const size_t place, batch.place_of(writer, op));
      batch.places_.push_back(place);
    }
    if (bytes <= kMaxBytes) return batch;
    return Status::invalid_argument("a batch of " + std::to_string(bytes) + " bytes; Redis takes up to " +
                                    std::to_string(kMaxBytes) + " at once");
  }

  const CollectionKeys& keys_of(size_t place) const { return collections_[place].keys; }

  Command command(Writer& writer, std::span<const WriteOp> ops, bool holds_locks,
                  const CallNumber& call) const {
    const CollectionKeys& first = collections_.front().keys;
    Command command = scripts::write().call(5 + 2 * collections_.size());
    command.add(first.own("locks")).add(call.key(first)).add(first.own("next"));
    command.add(first.own("versions")).add(first.own("collections"));
    for (const Collection& each : collections_) command.add(each.keys.hash).add(each.keys.order);
    command.add(call.number()).add(holds_locks ? writer.holder_.name() : std::string());
    const std::vector<size_t> stripes =
        writer.names_.has_one_group() ? stripes_of(ops) : std::vector<size_t>();
    command.add(stripes.size());
    for (const size_t stripe : stripes) command.add(stripe);
    for (const Collection& each : collections_) {
      command.add(each.puts ? "+" + writer.persist_file_of(each.keys.hash) : std::string());
    }
    for (size_t from = 0; from < ops.size();) from = add_run(ops, from, command);
    return command;
  }

 private:
  struct Collection {
    std::string_view name;
    CollectionKeys keys;
    bool puts = false;
  };

  Result<size_t> place_of(Writer& writer, const WriteOp& op) {
    size_t place = 0;
    if (!places_.empty() && collections_[places_.back()].name == op.collection) {
      place = places_.back();
    } else {
      while (place < collections_.size() && collections_[place].name != op.collection) ++place;
    }
    if (place == collections_.size()) {
      QUIPU_ASSIGN_OR_RETURN(CollectionKeys keys, writer.names_.keys_of(op.collection));
      if (writer.client_.is_cluster() && !collections_.empty()) {
        const Collection& first = collections_.front();
        QUIPU_RETURN_IF_ERROR(check_one_slot(first.name, first.keys, op.collection, keys));
      }
      collections_.push_back({op.collection, std::move(keys)});
    }
    collections_[place].puts = collections_[place].puts || op.kind == &WriteOp::kPut;
    return place;
  }

  static std::vector<size_t> stripes_of(std::span<const WriteOp> ops) {
    LockSet set;
    for (const WriteOp& op : ops) set.add(op.collection, op.key);
    return redis::stripes_of(set);
  }

  size_t add_run(std::span<const WriteOp> ops, size_t from, Command& command) const {
    size_t to = from + 1;
    while (to < ops.size() && to - from < kRun && ops[to].kind == ops[from].kind &&
           places_[to] == places_[from]) {
      ++to;
    }
    const bool is_put = ops[from].kind == &WriteOp::kPut;
    command.add(is_put ? "put" : "delete").add(places_[from]).add(to - from);
    for (size_t i = from; i < to; ++i) {
      command.add(ops[i].key);
      if (is_put) command.add(ops[i].value);
    }
    return to;
  }

  std::vector<Collection> collections_;
  std::vector<size_t> places_;  // of each operation's collection
};

Result<uint64_t> Writer::write(std::span<const WriteOp> ops, bool holds_locks) {
  if (ops.empty()) return 0;
  QUIPU_ASSIGN_OR_RETURN(const Batch batch, Batch::of(*this, ops));
  const CallNumber call(calls_);
  const Command command = batch.command(*this, ops, holds_locks, call);
  Backoff backoff = lock_backoff();
  while (true) {
    QUIPU_ASSIGN_OR_RETURN(const Reply reply, client_.run(batch.keys_of(0).slot, scripts::write(), command));
    if (is_error(*reply)) return error_of(*reply);
    const auto parts = elements_of(*reply);
    const std::string_view outcome = parts.empty() ? std::string_view() : text_of(*parts[0]);
    if (outcome == "done") return static_cast<uint64_t>(parts[1]->integer);
    if (outcome == "unordered") {
      QUIPU_RETURN_IF_ERROR(number(batch.keys_of(static_cast<size_t>(parts[1]->integer))));
    } else if (outcome == "locked") {
      if (!backoff.wait()) return held_too_long();
    } else {
      return Status::busy("the locks on keys of collection " + std::string(ops.front().collection) +
                          " were lost before the write: it took longer than they last, or the server that "
                          "had them is gone. Nothing is written");
    }
  }
}

Status Writer::number(const CollectionKeys& keys) {
  const auto go_through = [&](const Script& script, bool numbers) -> Status {
    std::string cursor = "0";
    do {
      Command page = script.call(numbers ? 3 : 2);
      page.add(keys.hash).add(keys.order);
      if (numbers) page.add(keys.own("next"));
      QUIPU_ASSIGN_OR_RETURN(const Reply reply, client_.run(keys.slot, script, page.add(cursor)));
      if (is_error(*reply)) return error_of(*reply);
      cursor = text_of(*reply);
    } while (cursor != "0");
    return Status::ok();
  };
  QUIPU_RETURN_IF_ERROR(go_through(scripts::forget_keys(), false));
  return go_through(scripts::number_keys(), true);
}

Result<bool> Writer::drop(std::string_view collection) {
  QUIPU_ASSIGN_OR_RETURN(const CollectionKeys keys, names_.keys_of(collection));
  const CallNumber call(calls_);
  Command command = scripts::drop().call(5);
  command.add(call.key(keys)).add(keys.own("versions")).add(keys.own("collections"));
  command.add(keys.hash).add(keys.order).add(call.number());
  QUIPU_ASSIGN_OR_RETURN(const Reply reply, client_.run(keys.slot, scripts::drop(), command));
  if (is_error(*reply)) return error_of(*reply);
  const MutexLock lock(mutex_);
  persist_files_.erase(keys.hash);
  return reply->integer == 1;
}

Status Writer::declare(std::string_view collection, std::string_view persist_file) {
  QUIPU_ASSIGN_OR_RETURN(const CollectionKeys keys, names_.keys_of(collection));
  {
    const MutexLock lock(mutex_);
    if (const auto known = persist_files_.find(keys.hash);
        known != persist_files_.end() && (persist_file.empty() || known->second == persist_file)) {
      return Status::ok();
    }
  }
  Command command = scripts::declare().call(2);
  command.add(keys.own("collections")).add(keys.own("next")).add(keys.hash).add(persist_file);
  QUIPU_ASSIGN_OR_RETURN(const Reply reply, client_.run(keys.slot, scripts::declare(), command));
  if (is_error(*reply)) return error_of(*reply);
  const MutexLock lock(mutex_);
  persist_files_.insert_or_assign(keys.hash, std::string(persist_file));
  return Status::ok();
}

std::string Writer::persist_file_of(const std::string& hash) {
  const MutexLock lock(mutex_);
  const auto known = persist_files_.find(hash);
  return known == persist_files_.end() ? std::string() : known->second;
}

}  // namespace quipu::redis
