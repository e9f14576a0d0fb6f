// What a collection holds, whatever the keys that this takes: two stores with the same scans hold the same.

#ifndef QUIPU_ENGINE_PERSIST_LOGICAL_SCAN_H_
#define QUIPU_ENGINE_PERSIST_LOGICAL_SCAN_H_

#include <memory>
#include <string>

#include "quipu/kv_store.h"

namespace quipu {

// By key. Of chats the messages are numbered without gaps, and say whether they are archived, where the
// stored ids depend on what has been removed; all that their records say is in that. Must go before the
// store.
Result<std::unique_ptr<KVIterator>> logical_scan(const KVReader& store, const std::string& collection);

// Whether the order of insertion means something.
bool has_order(const std::string& collection);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_LOGICAL_SCAN_H_
