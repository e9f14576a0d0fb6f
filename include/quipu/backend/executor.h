// Executor: the bounded thread pool behind the async calls.
//
// At most `threads` calls run at once and at most `queue_limit` wait; submit() waits for room beyond that, so
// a caller that outruns the disk is slowed down instead of filling memory. The destructor runs what was
// submitted, then joins.
// Thread-safety: submit() from any thread but the pool's own.

#ifndef QUIPU_BACKEND_EXECUTOR_H_
#define QUIPU_BACKEND_EXECUTOR_H_

#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <utility>

namespace quipu {

class Executor {
 public:
  explicit Executor(size_t threads = 4, size_t queue_limit = 1024);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Runs `call` on the pool; the future holds what it returns.
  template <class Call>
  auto submit(Call call) -> std::future<decltype(call())> {
    auto task = std::make_shared<std::packaged_task<decltype(call())()>>(std::move(call));
    auto future = task->get_future();
    enqueue([task] { (*task)(); });
    return future;
  }

 private:
  struct Pool;

  void enqueue(std::function<void()> task);

  std::unique_ptr<Pool> pool_;
};

// The pointer of a store that runs on an executor to its key-value store: it does not own, for the destructor
// of a key-value store waits for its executor.
template <class Object>
std::shared_ptr<Object> unowned_pointer(Object& object) {
  return {std::shared_ptr<void>(), &object};
}

// What the async twins of the stores are: a method of `store` (or a function that takes it first), run on
// `executor` with these arguments, which are moved there. `store` is an object or a pointer to one.
//
//   std::future<Result<bool>> exists =
//       run_async(store->executor(), store, &BaseKVStore::exists, std::string("k"), std::string("data"));
template <class Store, class Method, class... Args>
auto run_async(Executor& executor, Store store, Method method, Args... args) {
  return executor.submit([store = std::move(store), method, ... args = std::move(args)]() mutable {
    return std::invoke(method, store, args...);
  });
}

}  // namespace quipu

#endif  // QUIPU_BACKEND_EXECUTOR_H_
