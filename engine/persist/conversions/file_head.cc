#include "engine/persist/conversions/file_head.h"

#include <memory>

#include "engine/json/encoding.h"
#include "engine/json/scanner.h"
#include "quipu/json.h"

namespace quipu {

std::string_view FileHead::bytes() {
  if (bytes_) return *bytes_;
  bytes_.emplace();
  const Result<std::unique_ptr<InputFile>> file = fs_.open(path_);
  if (!file) return *bytes_;
  std::string read(kBytes, '\0');
  while (bytes_->size() < kBytes) {
    const Result<size_t> got = (*file)->read(read.data(), kBytes - bytes_->size());
    if (!got || *got == 0) break;
    bytes_->append(read, 0, *got);
  }
  return *bytes_;
}

bool FileHead::begins_with_member(std::string_view name) {
  std::string_view text = bytes();
  text.remove_prefix(byte_order_mark_size(text));
  const auto pass_white_space = [&] {
    while (!text.empty() && is_json_white_space(text.front())) text.remove_prefix(1);
  };
  pass_white_space();
  if (!text.starts_with('{')) return false;
  text.remove_prefix(1);
  pass_white_space();
  std::string quoted;
  append_json_string(name, quoted);
  return text.starts_with(quoted);
}

}  // namespace quipu
