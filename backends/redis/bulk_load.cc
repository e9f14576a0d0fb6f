#include "backends/redis/bulk_load.h"

#include <utility>

#include "backends/redis/layout/scripts.h"

namespace quipu::redis {
namespace {

constexpr size_t kBatch = 1000;
constexpr size_t kBatchBytes = size_t{4} << 20;
constexpr uint64_t kSecondsKept = 3600;  // of hashes that nobody adds to any more

}  // namespace

Status check_kept(std::string_view collection, std::string_view persist_file) {
  const bool vectors = persist_file.ends_with("vector_store.json");
  if (!vectors && !persist_file.ends_with("graph_store.json")) return Status::ok();
  return Status::not_supported("collection " + std::string(collection) + " is of " +
                               std::string(persist_file) + ": " + (vectors ? "vectors" : "graphs") +
                               " are not kept in Redis; documents, index structs and chats are");
}

RedisBulkLoad::~RedisBulkLoad() {
  for (const Collection& collection : collections_) {
    Command unlink("UNLINK");
    unlink.add(collection.hash).add(collection.order);
    (void)parts_.client.run(collection.keys.slot, unlink);  // else they expire
  }
}

Status RedisBulkLoad::begin_file(std::string_view persist_file) {
  files_.emplace_back(persist_file);
  return Status::ok();
}

Status RedisBulkLoad::begin_collection(std::string_view name, const CollectionOptions& options) {
  QUIPU_RETURN_IF_ERROR(flush());
  for (current_ = 0; current_ < collections_.size(); ++current_) {
    if (collections_[current_].name != name) continue;
    Command unlink("UNLINK");
    unlink.add(collections_[current_].hash).add(collections_[current_].order);
    return parts_.client.run(collections_[current_].keys.slot, unlink).status();
  }
  Collection made{std::string(name), options.persist_file, {}, {}, {}};
  QUIPU_ASSIGN_OR_RETURN(made.keys, parts_.names.keys_of(name));
  if (!collections_.empty() && parts_.client.is_cluster()) {
    QUIPU_RETURN_IF_ERROR(
        check_one_slot(collections_.front().name, collections_.front().keys, name, made.keys));
  }
  const CallNumber call(parts_.calls);
  made.hash = made.keys.own("load:" + parts_.holder.name() + ":" + std::to_string(call.number()));
  made.order = made.hash + ":order";
  collections_.push_back(std::move(made));
  return Status::ok();
}

Status RedisBulkLoad::put(std::string_view key, JsonView val) {
  if (collections_.empty()) return Status::invalid_argument("bulk load: put before begin_collection");
  const Collection& collection = collections_[current_];
  QUIPU_RETURN_IF_ERROR(check_kept(collection.name, collection.persist_file));
  QUIPU_RETURN_IF_ERROR(check_operation({&WriteOp::kPut, collection.name, key, val.text()}));
  pending_.emplace_back(key);
  pending_.emplace_back(val.text());
  pending_bytes_ += key.size() + val.text().size();
  return pending_.size() >= 2 * kBatch || pending_bytes_ >= kBatchBytes ? flush() : Status::ok();
}

Status RedisBulkLoad::flush() {
  if (pending_.empty()) return Status::ok();
  const Collection& collection = collections_[current_];
  Command call = scripts::load().call(3);
  call.add(collection.hash).add(collection.order).add(collection.keys.own("next")).add(kSecondsKept);
  for (const std::string& part : pending_) call.add(part);
  pending_.clear();
  pending_bytes_ = 0;
  QUIPU_ASSIGN_OR_RETURN(const Reply reply, parts_.client.run(collection.keys.slot, scripts::load(), call));
  return is_error(*reply) ? error_of(*reply) : Status::ok();
}

Status RedisBulkLoad::commit() {
  QUIPU_RETURN_IF_ERROR(flush());
  if (!collections_.empty()) {
    LockSet everything;
    everything.add_all();
    QUIPU_ASSIGN_OR_RETURN(const KeyLocks locks, parts_.locks.acquire(everything));
    const CallNumber call(parts_.calls);
    bool done = false;
    while (!done) {
      QUIPU_ASSIGN_OR_RETURN(done, try_commit(call));
    }
    collections_.clear();
  }
  for (const std::string& file : files_) QUIPU_RETURN_IF_ERROR(parts_.catalog.add_file(file));
  return Status::ok();
}

// False where it has to be tried again.
Result<bool> RedisBulkLoad::try_commit(const CallNumber& call) {
  const CollectionKeys& first = collections_.front().keys;
  Command command = scripts::commit_load().call(4 + 4 * collections_.size());
  command.add(call.key(first))
      .add(first.own("versions"))
      .add(first.own("collections"))
      .add(first.own("next"));
  for (const Collection& each : collections_) {
    command.add(each.keys.hash).add(each.keys.order).add(each.hash).add(each.order);
  }
  command.add(call.number());
  for (const Collection& each : collections_) command.add(each.persist_file);
  QUIPU_ASSIGN_OR_RETURN(const Reply reply, parts_.client.run(first.slot, scripts::commit_load(), command));
  if (is_error(*reply)) return error_of(*reply);
  if (reply->integer == 0) return true;
  QUIPU_RETURN_IF_ERROR(parts_.writer.number(collections_[static_cast<size_t>(reply->integer) - 1].keys));
  return false;
}

}  // namespace quipu::redis
