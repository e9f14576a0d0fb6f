// AtHandReader: what a backend offers beside KVReader if it can tell which values it has in memory.
//
//   const auto* reader = dynamic_cast<const AtHandReader*>(store.get());
//   auto value = reader != nullptr ? reader->get_at_hand("key", "collection") : std::nullopt;
//   if (!value) value = store->get("key", "collection");  // which may wait
//
// For those who must not wait, such as the thread of an event loop. Thread-safe. The store's own, and gone
// with it.

#ifndef QUIPU_BACKEND_AT_HAND_H_
#define QUIPU_BACKEND_AT_HAND_H_

#include <optional>
#include <string_view>

#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

class AtHandReader {
 public:
  virtual ~AtHandReader() = default;

  // What KVReader::get() returns, when that takes no disk and no lock that is held for long; else nothing.
  virtual std::optional<Result<std::optional<Json>>> get_at_hand(std::string_view key,
                                                                 std::string_view collection) const = 0;
};

}  // namespace quipu

#endif  // QUIPU_BACKEND_AT_HAND_H_
