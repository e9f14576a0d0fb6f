// What a cache does where memory runs out: it gives up what it holds half done, and is made again when it is
// needed.

#ifndef QUIPU_ENGINE_STORES_WITHIN_MEMORY_H_
#define QUIPU_ENGINE_STORES_WITHIN_MEMORY_H_

#include <new>

#include "quipu/status.h"

namespace quipu {

// Whether `change`, which returns a Status, succeeds; what it throws for want of memory is a failure, too.
template <class Change>
bool succeeds_within_memory(const Change& change) {
  try {
    return change().is_ok();
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// Returns what `make` returns, and calls `forget` where that is no success, or something is thrown.
template <class Make, class Forget>
Status make_or_forget(const Make& make, const Forget& forget) {
  try {
    Status made = make();
    if (!made.is_ok()) forget();
    return made;
  } catch (...) {
    forget();
    throw;
  }
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_WITHIN_MEMORY_H_
