#include "engine/vectors/codes/page_buffer.h"

#include <algorithm>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace quipu {
namespace {

constexpr size_t kPage = 4096;
// From here on large pages are asked for: what is read in turn comes faster from them.
constexpr size_t kLarge = size_t{8} << 20;

size_t whole_pages(size_t size) { return (size + kPage - 1) / kPage * kPage; }

}  // namespace

void PageBuffer::resize(size_t size) {
  if (size > capacity_) {
    const size_t ample = whole_pages(std::max(size, capacity_ + capacity_ / 2));
    if (!move_to(ample) && !move_to(whole_pages(size))) throw std::bad_alloc();
  } else if (size < capacity_ / 2) {
    (void)move_to(whole_pages(size));  // where it cannot be had, what there is does, too
  }
  const size_t written = std::min(size_, capacity_);
  if (size < written) std::memset(data_ + size, 0, written - size);
  size_ = size;
}

#if defined(__linux__)

// Pages that nothing was written to take no memory, so what is reserved costs nothing.
bool PageBuffer::move_to(size_t capacity) {
  if (capacity == 0) {
    if (data_ != nullptr) ::munmap(data_, capacity_);
    data_ = nullptr;
    capacity_ = 0;
    return true;
  }
  void* const moved =
      data_ == nullptr ? ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                       : ::mremap(data_, capacity_, capacity, MREMAP_MAYMOVE);
  if (moved == MAP_FAILED) return false;
  data_ = static_cast<uint8_t*>(moved);
  capacity_ = capacity;
  if (capacity_ >= kLarge) (void)::madvise(data_, capacity_, MADV_HUGEPAGE);
  return true;
}

#else

bool PageBuffer::move_to(size_t capacity) {
  constexpr std::align_val_t kAlignment{kPage};
  uint8_t* moved = nullptr;
  if (capacity != 0) {
    moved = static_cast<uint8_t*>(::operator new(capacity, kAlignment, std::nothrow));
    if (moved == nullptr) return false;
    const size_t kept = std::min(size_, capacity);
    if (kept != 0) std::memcpy(moved, data_, kept);
    std::memset(moved + kept, 0, capacity - kept);
  }
  if (data_ != nullptr) ::operator delete(data_, kAlignment);
  data_ = moved;
  capacity_ = capacity;
  return true;
}

#endif

}  // namespace quipu
