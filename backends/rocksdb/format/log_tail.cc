#include "backends/rocksdb/format/log_tail.h"

#include <rocksdb/file_checksum.h>

#include <algorithm>
#include <memory>
#include <string>

namespace quipu::rocks {
namespace {

constexpr uint64_t kBlock = 32 << 10;
constexpr size_t kHeader = 4 + 2 + 1;
constexpr size_t kWindow = 1 << 20;  // read at a time

enum FragmentType : uint8_t { kPadding = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

uint8_t byte_of(std::string_view text, size_t i) { return static_cast<uint8_t>(text[i]); }

uint32_t u32_of(std::string_view text, size_t i) {
  return byte_of(text, i) | byte_of(text, i + 1) << 8U | byte_of(text, i + 2) << 16U |
         static_cast<uint32_t>(byte_of(text, i + 3)) << 24U;
}

// As the log has it: CRC32C, rotated and shifted.
uint32_t checksum(std::string_view text) {
  const std::unique_ptr<rocksdb::FileChecksumGenerator> crc =
      rocksdb::GetFileChecksumGenCrc32cFactory()->CreateFileChecksumGenerator({});
  crc->Update(text.data(), text.size());
  crc->Finalize();
  const std::string bytes = crc->GetChecksum();  // high byte first
  uint32_t sum = 0;
  for (size_t i = 0; i < 4; ++i) sum = sum << 8U | byte_of(bytes, i);
  return ((sum >> 15U) | (sum << 17U)) + 0xa282ead8U;
}

// The bytes of a file, in windows.
class Window {
 public:
  explicit Window(const PinnedFile& file) : file_(file) {}

  // The bytes from an offset on, at least `count` unless the file ends before.
  std::string_view at(uint64_t offset, size_t count) {
    if (offset < begin_ || offset + count > begin_ + bytes_.size()) {
      begin_ = offset;
      bytes_.resize(std::max(count, kWindow));
      bytes_.resize(
          static_cast<size_t>(std::max<int64_t>(file_.read(offset, bytes_.data(), bytes_.size()), 0)));
    }
    return std::string_view(bytes_).substr(static_cast<size_t>(offset - begin_));
  }

 private:
  const PinnedFile& file_;
  uint64_t begin_ = 0;
  std::string bytes_;
};

}  // namespace

bool LogTail::read(const PinnedFile& file, const std::function<bool(std::string_view batch)>& use) {
  Window window(file);
  std::string record;
  bool open = false;  // a first fragment was read, and not the last
  for (uint64_t next = offset_;;) {
    const uint64_t left = kBlock - next % kBlock;
    if (left < kHeader) next += left;
    const std::string_view header = window.at(next, kHeader);
    if (header.size() < kHeader) return true;
    const size_t size = byte_of(header, 4) | static_cast<size_t>(byte_of(header, 5)) << 8U;
    const uint8_t type = byte_of(header, 6);
    const bool begins = type == kFull || type == kFirst;
    if (type == kPadding || type > kLast || begins == open) return false;
    const std::string_view fragment = window.at(next, kHeader + size).substr(0, kHeader + size);
    if (fragment.size() < kHeader + size) return true;
    if (checksum(fragment.substr(kHeader - 1)) != u32_of(fragment, 0)) return false;
    next += fragment.size();
    open = type == kFirst || type == kMiddle;
    if (begins) record.clear();
    record.append(fragment.substr(kHeader));
    if (open) continue;
    if (!use(record)) return false;
    offset_ = next;
  }
}

}  // namespace quipu::rocks
