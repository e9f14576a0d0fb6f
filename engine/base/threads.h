// run_on_threads(): one function on several threads.

#ifndef QUIPU_ENGINE_BASE_THREADS_H_
#define QUIPU_ENGINE_BASE_THREADS_H_

#include <cstddef>
#include <functional>

namespace quipu {

// Calls `work` on `threads` threads, the caller's among them (on fewer, where the system has no more), and
// returns when all have returned. Throws what one of them has thrown, after the others have ended.
void run_on_threads(size_t threads, const std::function<void()>& work);

}  // namespace quipu

#endif  // QUIPU_ENGINE_BASE_THREADS_H_
