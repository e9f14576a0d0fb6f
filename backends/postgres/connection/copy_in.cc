#include "backends/postgres/connection/copy_in.h"

#include <cstddef>

namespace quipu::postgres {
namespace {

// The server begins with a message when it has all of it.
constexpr size_t kMessageBytes = size_t{64} << 10;

void append_big_endian(uint64_t value, int bytes, std::string& out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

}  // namespace

void CopyIn::begin(std::string_view sql) {
  failure_ = connection_.begin_copy(sql);
  is_open_ = !failure_;
  buffer_.assign("PGCOPY\n\377\r\n\0", 11);
  append_big_endian(0, 8, buffer_);  // no flags, no more header
}

void CopyIn::send() {
  if (!failure_) failure_ = connection_.copy(buffer_);
  buffer_.clear();
}

void CopyIn::row(uint16_t fields) {
  if (buffer_.size() >= kMessageBytes) send();
  append_big_endian(fields, 2, buffer_);
}

void CopyIn::field(std::string_view bytes) {
  append_big_endian(bytes.size(), 4, buffer_);
  buffer_ += bytes;
}

void CopyIn::json(std::string_view text, bool is_jsonb) {
  append_big_endian(text.size() + (is_jsonb ? 1 : 0), 4, buffer_);
  if (is_jsonb) buffer_ += '\1';  // its version comes first
  buffer_ += text;
}

std::optional<Failure> CopyIn::end() {
  if (!is_open_) return failure_;
  append_big_endian(0xffff, 2, buffer_);
  send();
  std::optional<Failure> refused = connection_.end_copy();
  return failure_ ? failure_ : refused;
}

}  // namespace quipu::postgres
