// BulkLoad: whole collections that come into a store at once, or not at all.
//
//   load->begin_file("docstore.json");
//   load->begin_collection("docstore/data", {...});
//   load->put(key, val); ...
//   load->commit();
//
// Nothing is visible before commit() returns OK; then all is, and it is durable (survives a power cut),
// whatever the store's write options. Destroying the object without commit() leaves the store as it was; so
// does the end of the process, after which the next open removes what was loaded.
// Memory is bounded by the store's budget, not by what is loaded.
//
// Thread-safety: one thread at a time; others may use the store meanwhile. Must go before its store.

#ifndef QUIPU_BULK_LOAD_H_
#define QUIPU_BULK_LOAD_H_

#include <span>
#include <string_view>

#include "quipu/json.h"
#include "quipu/kv_store.h"
#include "quipu/status.h"

namespace quipu {

class BulkLoad {
 public:
  virtual ~BulkLoad() = default;

  // What follows belongs to this persist file, which the store then knows even when it holds no collection.
  virtual Status begin_file(std::string_view persist_file) = 0;

  // Starts a collection; the same name again starts it anew at its old place, as json.load sees a repeated
  // key. Where the store has the collection already, its pairs are merged over what is there at commit().
  virtual Status begin_collection(std::string_view name, const CollectionOptions& options) = 0;

  // Adds a pair. The same key again replaces the value and keeps the place.
  virtual Status put(std::string_view key, JsonView val) = 0;
  // Adds a vector (backend/features.h). Default: put() of its JSON.
  virtual Status put_vector(std::string_view key, std::span<const double> elements);

  virtual Status commit() = 0;
};

}  // namespace quipu

#endif  // QUIPU_BULK_LOAD_H_
