// Locks whose use clang checks: which lock guards which member, and which functions want it held.
//
//     Mutex mutex_;
//     std::deque<Task> queue_ QUIPU_GUARDED_BY(mutex_);
//     void forget() QUIPU_REQUIRES(mutex_);
//     ...
//     MutexLock lock(mutex_);  // from here on queue_ may be touched and forget() called
//
// `tools/dev check` runs clang with -Wthread-safety over engine and backends; what is touched without its
// lock is an error there. To other compilers the macros say nothing, and the classes are the standard ones:
// no cost.
//
// A function object that is called under a lock does not know of it, so conditions are waited for in a loop:
//     while (queue_.empty()) changed_.wait(lock.native());

#ifndef QUIPU_BACKEND_THREAD_ANNOTATIONS_H_
#define QUIPU_BACKEND_THREAD_ANNOTATIONS_H_

#include <mutex>
#include <shared_mutex>

#if defined(__clang__)
#define QUIPU_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define QUIPU_THREAD_ANNOTATION(x)
#endif

// ---- of members ----
#define QUIPU_GUARDED_BY(lock) QUIPU_THREAD_ANNOTATION(guarded_by(lock))

// ---- of functions ----
// The lock must be held by the caller; for reading at least; it must not be held.
#define QUIPU_REQUIRES(lock) QUIPU_THREAD_ANNOTATION(requires_capability(lock))
#define QUIPU_REQUIRES_SHARED(lock) QUIPU_THREAD_ANNOTATION(requires_shared_capability(lock))
#define QUIPU_EXCLUDES(lock) QUIPU_THREAD_ANNOTATION(locks_excluded(lock))
// It is not checked; a comment says why.
#define QUIPU_UNCHECKED QUIPU_THREAD_ANNOTATION(no_thread_safety_analysis)
// It returns this lock.
#define QUIPU_RETURNS(lock) QUIPU_THREAD_ANNOTATION(lock_returned(lock))

// ---- of the classes below ----
#define QUIPU_CAPABILITY(noun) QUIPU_THREAD_ANNOTATION(capability(noun))
#define QUIPU_SCOPED_CAPABILITY QUIPU_THREAD_ANNOTATION(scoped_lockable)
#define QUIPU_ACQUIRE(...) QUIPU_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define QUIPU_ACQUIRE_SHARED(...) QUIPU_THREAD_ANNOTATION(acquire_shared_capability(__VA_ARGS__))
#define QUIPU_RELEASE(...) QUIPU_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define QUIPU_RELEASE_SHARED(...) QUIPU_THREAD_ANNOTATION(release_shared_capability(__VA_ARGS__))
#define QUIPU_RELEASE_GENERIC(...) QUIPU_THREAD_ANNOTATION(release_generic_capability(__VA_ARGS__))
#define QUIPU_ASSERT_HELD(...) QUIPU_THREAD_ANNOTATION(assert_capability(__VA_ARGS__))

namespace quipu {

// std::mutex.
class QUIPU_CAPABILITY("mutex") Mutex {
 public:
  void lock() QUIPU_ACQUIRE() { mutex_.lock(); }
  void unlock() QUIPU_RELEASE() { mutex_.unlock(); }
  // Tells clang what it cannot see: it is held, by an object that lives longer than a block.
  void assert_held() const QUIPU_ASSERT_HELD() {}

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

// std::shared_mutex.
class QUIPU_CAPABILITY("shared_mutex") SharedMutex {
 public:
  void lock() QUIPU_ACQUIRE() { mutex_.lock(); }
  void unlock() QUIPU_RELEASE() { mutex_.unlock(); }
  void lock_shared() QUIPU_ACQUIRE_SHARED() { mutex_.lock_shared(); }
  void unlock_shared() QUIPU_RELEASE_SHARED() { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

// Holds a Mutex until the end of its block, or until unlock().
class QUIPU_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) QUIPU_ACQUIRE(mutex) : lock_(mutex.mutex_) {}
  ~MutexLock() QUIPU_RELEASE() = default;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void lock() QUIPU_ACQUIRE() { lock_.lock(); }
  void unlock() QUIPU_RELEASE() { lock_.unlock(); }
  // For a std::condition_variable.
  std::unique_lock<std::mutex>& native() { return lock_; }

 private:
  std::unique_lock<std::mutex> lock_;
};

// Holds a SharedMutex alone.
class QUIPU_SCOPED_CAPABILITY WriterLock {
 public:
  explicit WriterLock(SharedMutex& mutex) QUIPU_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~WriterLock() QUIPU_RELEASE() { mutex_.unlock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;

 private:
  SharedMutex& mutex_;
};

// Holds a SharedMutex beside other readers.
class QUIPU_SCOPED_CAPABILITY ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mutex) QUIPU_ACQUIRE_SHARED(mutex) : mutex_(mutex) {
    mutex_.lock_shared();
  }
  ~ReaderLock() QUIPU_RELEASE_GENERIC() { mutex_.unlock_shared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;

 private:
  SharedMutex& mutex_;
};

}  // namespace quipu

#endif  // QUIPU_BACKEND_THREAD_ANNOTATIONS_H_
