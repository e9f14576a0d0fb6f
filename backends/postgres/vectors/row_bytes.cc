#include "backends/postgres/vectors/row_bytes.h"

#include <arpa/inet.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace quipu::postgres {
namespace {

constexpr size_t kMostElements = 16000;

void append_short(uint16_t value, std::string& out) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

// Rounds to the nearest, halfway to even. What is too large becomes infinite.
uint16_t half_bits(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  const float magnitude = std::fabs(value);
  if (magnitude < 0x1p-14F) {  // subnormal: a multiple of 2^-24
    return sign | static_cast<uint16_t>(std::nearbyint(magnitude * 0x1p24F));
  }
  const uint32_t absolute = bits & 0x7fffffff;
  const uint32_t rounded = absolute + 0xfff + ((absolute >> 13) & 1);  // to 10 bits of mantissa
  const uint32_t half = (rounded >> 13) - ((127 - 15) << 10);
  return sign | static_cast<uint16_t>(half > 0x7c00 ? 0x7c00 : half);
}

Status refused(size_t at, double element, bool is_half) {
  std::string text;
  if (std::isnan(element)) {
    text = "NaN";
  } else {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), element).ptr;
    text.assign(digits.data(), end);
  }
  return Status::invalid_argument("its embedding has " + text + " at " + std::to_string(at) + ", which " +
                                  (is_half ? "a halfvec" : "a vector") + " cannot hold");
}

}  // namespace

Status check_vector(std::span<const double> elements, bool is_half) {
  if (elements.empty() || elements.size() > kMostElements) {
    return Status::invalid_argument("its embedding has " + std::to_string(elements.size()) +
                                    " numbers; a vector has 1 to 16000");
  }
  // Half of the distance to what would be the next number rounds to it.
  const float most = is_half ? 65520.0F : std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < elements.size(); ++i) {
    if (!(std::fabs(static_cast<float>(elements[i])) < most)) return refused(i, elements[i], is_half);
  }
  return Status::ok();
}

Status append_vector(std::span<const double> elements, bool is_half, std::string& out) {
  QUIPU_RETURN_IF_ERROR(check_vector(elements, is_half));
  append_short(static_cast<uint16_t>(elements.size()), out);
  append_short(0, out);
  size_t at = out.size();
  out.resize(at + (elements.size() * (is_half ? sizeof(uint16_t) : sizeof(uint32_t))));
  for (const double element : elements) {
    const auto value = static_cast<float>(element);
    if (is_half) {
      const uint16_t bits = htons(half_bits(value));
      std::memcpy(out.data() + at, &bits, sizeof bits);
      at += sizeof bits;
    } else {
      const uint32_t bits = htonl(std::bit_cast<uint32_t>(value));
      std::memcpy(out.data() + at, &bits, sizeof bits);
      at += sizeof bits;
    }
  }
  return Status::ok();
}

bool parse_vector(std::string_view text, std::vector<double>& elements) {
  elements.clear();
  if (!text.starts_with('[') || !text.ends_with(']')) return false;
  const char* at = text.data() + 1;
  const char* const end = text.data() + text.size() - 1;
  while (at < end) {
    float element = 0;
    const auto [next, error] = std::from_chars(at, end, element);
    if (error != std::errc()) return false;
    elements.push_back(element);
    at = next;
    if (at < end && *at++ != ',') return false;
  }
  return true;
}

}  // namespace quipu::postgres
