// Writer: changes of collections, each one script on one server, so whole or not at all, and once: a call
// that is sent again because its answer was lost finds its number and is not carried out twice.
//
// Thread-safety: any number of threads.

#ifndef QUIPU_BACKENDS_REDIS_WRITER_H_
#define QUIPU_BACKENDS_REDIS_WRITER_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "backends/redis/client/client.h"
#include "backends/redis/layout/calls.h"
#include "backends/redis/layout/names.h"
#include "quipu/backend/thread_annotations.h"
#include "quipu/status.h"
#include "quipu/write_batch.h"

namespace quipu::redis {

class Writer {
 public:
  Writer(Client& client, const Names& names, const Holder& holder, Calls& calls)
      : client_(client), names_(names), holder_(holder), calls_(calls) {}

  // Puts and deletions, in order; returns how many keys were removed. `holds_locks`: on all of their keys.
  // Waits while others hold locks on them. Errors: kInvalidArgument for values that are no objects and for
  // what is too large; kNotSupported for collections that are not of one slot; kBusy where the locks were
  // lost, or others held theirs too long.
  Result<uint64_t> write(std::span<const WriteOp> ops, bool holds_locks);
  Result<bool> drop(std::string_view collection);
  Status declare(std::string_view collection, std::string_view persist_file);
  // Numbers what others have written to a collection without a number.
  Status number(const CollectionKeys& keys);

 private:
  class Batch;
  std::string persist_file_of(const std::string& hash);

  Client& client_;
  const Names& names_;
  const Holder& holder_;
  Calls& calls_;
  Mutex mutex_;
  std::map<std::string, std::string> persist_files_ QUIPU_GUARDED_BY(mutex_);  // by hash: those declared here
};

// Errors: kInvalidArgument for what is too large, and a value that is no object.
Status check_operation(const WriteOp& op);
// For two collections of one change in a cluster: kNotSupported, naming both, where they are not of one
// group.
Status check_one_slot(std::string_view first, const CollectionKeys& keys_of_first, std::string_view other,
                      const CollectionKeys& keys_of_other);

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_WRITER_H_
