// AtHandAccess: what a backend offers beside BaseKVStore if it can tell what would have to wait.
//
//   auto* const offers = dynamic_cast<AtHandAccess*>(store.get());
//   const std::shared_ptr<BaseKVStore> at_hand = offers != nullptr ? offers->at_hand() : nullptr;
//   Status put = at_hand ? at_hand->put("key", val, "collection") : Status::busy("");
//   if (put.code() == StatusCode::kBusy) put = store->put("key", val, "collection");  // which may wait
//
// For those who must not wait, such as the thread of an event loop.

#ifndef QUIPU_BACKEND_AT_HAND_H_
#define QUIPU_BACKEND_AT_HAND_H_

#include <memory>

#include "quipu/kv_store.h"

namespace quipu {

class AtHandAccess {
 public:
  virtual ~AtHandAccess() = default;

  // The store again, for calls that are small: each does at once what it does, or is kBusy and has changed
  // nothing. It is kBusy where it would have to read the disk, to sync, to wait for locks, or for the disk
  // to keep up with what was written; where it would make a collection; and where it reads or writes more
  // than takes a moment. What cares for a store (sync, verify, bulk loads) is kBusy or does nothing.
  // Document and chat stores may be built on it; not those that keep vectors, whose search index is not in
  // the store.
  // Thread-safe. Must go before the store. Cost of a call: that of the store's own.
  virtual std::shared_ptr<BaseKVStore> at_hand() = 0;
};

}  // namespace quipu

#endif  // QUIPU_BACKEND_AT_HAND_H_
