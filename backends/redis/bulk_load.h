// RedisBulkLoad: collections that come into a store at once.
//
// What is put goes to hashes of the load's own, some at a time, which commit() renames in one step; into a
// collection that is there already it is copied in that step, in which the server serves nobody else. A load
// that ends without commit() removes its hashes; those of a process that ended expire.
//
// Thread-safety: one thread at a time.

#ifndef QUIPU_BACKENDS_REDIS_BULK_LOAD_H_
#define QUIPU_BACKENDS_REDIS_BULK_LOAD_H_

#include <string>
#include <string_view>
#include <vector>

#include "backends/redis/catalog.h"
#include "backends/redis/client/client.h"
#include "backends/redis/layout/calls.h"
#include "backends/redis/layout/names.h"
#include "backends/redis/locks.h"
#include "backends/redis/writer.h"
#include "quipu/bulk_load.h"

namespace quipu::redis {

class RedisBulkLoad : public BulkLoad {
 public:
  struct Parts {
    Client& client;
    const Names& names;
    const Holder& holder;
    Calls& calls;
    Writer& writer;
    Locks& locks;
    Catalog& catalog;
  };
  explicit RedisBulkLoad(const Parts& parts) : parts_(parts) {}
  ~RedisBulkLoad() override;

  Status begin_file(std::string_view persist_file) override;
  // Errors: kNotSupported where it and those before are not of one slot of a cluster.
  Status begin_collection(std::string_view name, const CollectionOptions& options) override;
  // Errors: kNotSupported for vectors and graphs.
  Status put(std::string_view key, JsonView val) override;
  Status commit() override;

 private:
  struct Collection {
    std::string name;
    std::string persist_file;
    CollectionKeys keys;
    std::string hash;   // of the load
    std::string order;  // the same
  };

  Status flush();
  Result<bool> try_commit(const CallNumber& call);

  const Parts parts_;
  std::vector<std::string> files_;
  std::vector<Collection> collections_;
  size_t current_ = 0;
  std::vector<std::string> pending_;  // keys and values in turn
  size_t pending_bytes_ = 0;
};

// OK, or kNotSupported for a collection of a persist file that holds vectors or graphs: LlamaIndex has no
// layout of such stores in Redis.
Status check_kept(std::string_view collection, std::string_view persist_file);

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_BULK_LOAD_H_
