// PageBuffer: memory in whole pages that grows without a second copy of itself, where the system can move
// pages. What is new in it is zero.

#ifndef QUIPU_ENGINE_VECTORS_CODES_PAGE_BUFFER_H_
#define QUIPU_ENGINE_VECTORS_CODES_PAGE_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <utility>

namespace quipu {

class PageBuffer {
 public:
  PageBuffer() = default;
  PageBuffer(PageBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  PageBuffer& operator=(PageBuffer&&) = delete;
  ~PageBuffer() { (void)move_to(0); }

  const uint8_t* data() const { return data_; }
  uint8_t* data() { return data_; }

  // Keeps what fits. Throws std::bad_alloc, and has changed nothing then; not where it shrinks. Cost:
  // constant on average.
  void resize(size_t size);

 private:
  // False where there is not so much memory.
  [[nodiscard]] bool move_to(size_t capacity);

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CODES_PAGE_BUFFER_H_
