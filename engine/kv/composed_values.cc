// How operations on composed values hold what they have: numbers are LEB128.

#include "quipu/backend/features.h"

namespace quipu {
namespace {

void put_number(size_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

size_t take_number(std::string_view& in) {
  size_t value = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<size_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

}  // namespace

std::string ComposedValues::joined_texts(std::span<const std::string_view> texts) {
  std::string joined;
  for (const std::string_view text : texts) {
    put_number(text.size(), joined);
    joined += text;
  }
  return joined;
}

std::vector<std::string_view> ComposedValues::split_texts(std::string_view joined) {
  std::vector<std::string_view> texts;
  while (!joined.empty()) {
    const size_t size = take_number(joined);
    texts.push_back(joined.substr(0, size));
    joined.remove_prefix(texts.back().size());
  }
  return texts;
}

std::string ComposedValues::part_name(size_t slot, std::string_view key) {
  std::string name;
  put_number(slot, name);
  return name += key;
}

size_t ComposedValues::take_slot(std::string_view& name) { return take_number(name); }

}  // namespace quipu
