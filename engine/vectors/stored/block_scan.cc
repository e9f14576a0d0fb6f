#include "engine/vectors/stored/block_scan.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "engine/base/threads.h"

namespace quipu {
namespace {

// Ranges of blocks that threads take in turn, for blocks are not spread evenly over their numbers.
constexpr uint64_t kPartsOfAThread = 16;

// Numbers of blocks, part by part.
class Parts {
 public:
  Parts(std::pair<uint64_t, uint64_t> numbers, size_t parts)
      : first_(numbers.first), last_(numbers.second), width_((last_ - first_) / parts + 1) {}

  // The next; nothing once all are taken.
  std::optional<std::pair<uint64_t, uint64_t>> next() {
    const uint64_t part = next_.fetch_add(1);
    if (part > (last_ - first_) / width_) return std::nullopt;
    const uint64_t begin = first_ + part * width_;
    return std::pair(begin, begin + std::min(width_ - 1, last_ - begin));
  }

 private:
  const uint64_t first_;
  const uint64_t last_;
  const uint64_t width_;
  std::atomic<uint64_t> next_ = 0;
};

}  // namespace

Status scan_on_threads(const CodeReader& reader, size_t dimensions, size_t threads,
                       const std::function<Status(size_t thread, const CodeBlock&)>& use) {
  constexpr uint64_t kMoved = CodeBlock::kFirstMoved;
  for (const auto& [first, last] : {std::pair(uint64_t{0}, kMoved - 1), std::pair(kMoved, UINT64_MAX)}) {
    QUIPU_ASSIGN_OR_RETURN(const auto numbers, reader.block_numbers(dimensions, first, last));
    if (!numbers) continue;
    Parts parts(*numbers, threads * kPartsOfAThread);
    std::mutex mutex;
    Status failure;
    std::atomic<bool> failed = false;
    std::atomic<size_t> started = 0;
    run_on_threads(threads, [&] {
      const size_t thread = started.fetch_add(1);
      const auto use_here = [&](const CodeBlock& block) { return use(thread, block); };
      while (!failed) {
        const auto part = parts.next();
        if (!part) return;
        const Status read = reader.scan_blocks(dimensions, part->first, part->second, use_here);
        if (read.is_ok()) continue;
        const std::lock_guard lock(mutex);
        if (failure.is_ok()) failure = read;
        failed = true;
      }
    });
    QUIPU_RETURN_IF_ERROR(failure);
  }
  return Status::ok();
}

}  // namespace quipu
