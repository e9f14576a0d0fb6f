// RawBuffer: uninitialised memory that grows in place where the system can move pages instead of bytes.

#ifndef QUIPU_ENGINE_BASE_RAW_BUFFER_H_
#define QUIPU_ENGINE_BASE_RAW_BUFFER_H_

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

namespace quipu {

template <class T>
class RawBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  T* data() const { return data_.get(); }
  size_t capacity() const { return capacity_; }

  // Keeps what fits.
  void resize(size_t capacity) {
    // From malloc: realloc moves a large block without a second copy of it in memory.
    auto* const moved = static_cast<T*>(std::realloc(data_.get(), capacity * sizeof(T)));
    if (moved == nullptr) throw std::bad_alloc();
    static_cast<void>(data_.release());
    data_.reset(moved);
    capacity_ = capacity;
  }
  void clear() {
    data_.reset();
    capacity_ = 0;
  }

 private:
  struct Free {
    void operator()(T* data) const { std::free(data); }
  };

  std::unique_ptr<T, Free> data_;
  size_t capacity_ = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_BASE_RAW_BUFFER_H_
