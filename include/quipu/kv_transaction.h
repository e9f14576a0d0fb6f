// KVTransaction: a key-value store of its own that sees another one as it was at one moment, and its own
// writes over that; commit() makes them all at once or not at all. BaseKVStore::begin() makes one.
//
//   QUIPU_ASSIGN_OR_RETURN(auto txn, store->begin());
//   QUIPU_RETURN_IF_ERROR(txn->put("a", value));
//   QUIPU_ASSIGN_OR_RETURN(auto val, txn->get("b"));
//   Status done = txn->commit();    // kBusy: somebody else changed "a" or "b" since begin(); do it all again
//
// Every store of this library works over one, as over any BaseKVStore; StorageContext::begin() makes them.
//
// Isolation: serializable. Nobody waits for a transaction; its commit is refused with kBusy when a key that
// it read or wrote, an indexed value that it looked up, or a collection that it went through or counted has
// been changed since it began, by another transaction or by a plain write. The retry is a loop of the
// caller's: begin again, read again, write again. A transaction that only reads has nothing to commit. A
// collection that a transaction is the first to write to is made at once and stays, empty, if it is not
// committed. A transaction that goes away without commit() is rolled back.
//
// Thread-safety: one thread at a time. A write ends the iterators of earlier scans. It keeps its store open:
// close() of the store is kBusy until all its transactions have ended.
// Memory: everything written, about twice; at most 1 GiB, then kInvalidArgument. An open transaction makes
// plain writers remember what they change, 16 bytes a key.

#ifndef QUIPU_KV_TRANSACTION_H_
#define QUIPU_KV_TRANSACTION_H_

#include "quipu/kv_store.h"

namespace quipu {

class KVTransaction : public BaseKVStore {
 public:
  // Ends the transaction, whatever the outcome; every later call is kInvalidArgument. Errors: kBusy, and
  // those of a write; nothing has been changed then.
  virtual Status commit(const WriteOptions& options = {}) = 0;
  // Ends it without a trace. Does nothing once it has ended.
  virtual void rollback() = 0;
};

}  // namespace quipu

#endif  // QUIPU_KV_TRANSACTION_H_
