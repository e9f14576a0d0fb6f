// Random values, each written twice: as json.dumps writes it, and with everything that JSON leaves open
// chosen at random. Parsing the second has to give the first.

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/json.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

struct Written {
  std::string canonical;
  std::string other;
};

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Written value(int depth) {
    switch (random_.below(depth < 5 ? 9 : 5)) {
      case 0: return word();
      case 1: return number();
      case 2: return fraction();
      case 3:
      case 4: return string();
      case 5:
      case 6: return array(depth);
      default: return object(depth);
    }
  }

  std::string white_space() {
    std::string space;
    if (random_.one_in(3)) {
      for (uint64_t n = random_.below(4); n > 0; --n) space += " \t\r\n"[random_.below(4)];
    }
    return space;
  }

 private:
  Written word() {
    const std::string& text = random_.pick(words_);
    return {text, text};
  }

  Written number() {
    std::string digits(1, static_cast<char>('1' + random_.below(9)));
    for (uint64_t n = random_.below(30); n > 0; --n) digits += static_cast<char>('0' + random_.below(10));
    if (random_.one_in(8)) return {"0", random_.one_in(2) ? "-0" : "0"};
    if (random_.one_in(2)) digits = joined({"-", digits});
    return {digits, digits};
  }

  // A decimal of a few digits, which is its own repr; the other with more zeros or an exponent.
  Written fraction() {
    const std::string whole = std::to_string(1 + random_.below(1000000));
    const std::string decimals =
        std::to_string(random_.below(1000)) + static_cast<char>('1' + random_.below(9));
    const std::string text = whole + "." + decimals;
    switch (random_.below(4)) {
      case 0: return {text, text + std::string(random_.below(30), '0')};
      case 1: return {text, whole + decimals + "E-" + std::to_string(decimals.size())};
      case 2: return {text, joined({"0.000", whole, decimals, "e+00", std::to_string(whole.size() + 3)})};
      default: return {text, text};
    }
  }

  // One code point; a quarter each of plain, control or quote, beyond ASCII, and surrogate or beyond the
  // plane.
  uint32_t code_point() {
    constexpr std::string_view kAwkward = "\"\\/\b\f\n\r\t\x1f\x7f";
    switch (random_.below(8)) {
      case 0: return static_cast<unsigned char>(kAwkward[random_.below(kAwkward.size())]);
      case 1: return static_cast<uint32_t>(random_.below(0x20));
      case 2: return static_cast<uint32_t>(0x7f + random_.below(0xd800 - 0x7f));
      case 3: return static_cast<uint32_t>(0x10000 + random_.below(0x100000));
      default: return static_cast<uint32_t>(0x20 + random_.below(0x5f));
    }
  }

  std::string hex_escape(uint32_t unit, bool lower) {
    const std::string_view digits = lower ? "0123456789abcdef" : "0123456789ABCDEF";
    std::string text = "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) text += digits[unit >> shift & 15];
    return text;
  }

  std::string hex_escapes(uint32_t code, bool lower) {
    if (code < 0x10000) return hex_escape(code, lower);
    const uint32_t rest = code - 0x10000;
    return hex_escape(0xd800 + rest / 0x400, lower) + hex_escape(0xdc00 + rest % 0x400, lower);
  }

  std::string utf8(uint32_t code) {
    const auto byte = [](uint32_t bits) { return static_cast<char>(bits); };
    if (code < 0x80) return {byte(code)};
    if (code < 0x800) return {byte(0xc0 + code / 0x40), byte(0x80 + code % 0x40)};
    if (code < 0x10000)
      return {byte(0xe0 + code / 0x1000), byte(0x80 + code / 0x40 % 0x40), byte(0x80 + code % 0x40)};
    return {byte(0xf0 + code / 0x40000), byte(0x80 + code / 0x1000 % 0x40), byte(0x80 + code / 0x40 % 0x40),
            byte(0x80 + code % 0x40)};
  }

  void append_character(uint32_t code, Written& string) {
    constexpr std::string_view kNamed = "\"\\\b\f\n\r\t";
    constexpr std::string_view kNames = "\"\\bfnrt";
    const size_t named = code < 0x80 ? kNamed.find(static_cast<char>(code)) : std::string_view::npos;
    std::string canonical;
    if (named != std::string_view::npos) {
      canonical = {'\\', kNames[named]};
    } else {
      canonical =
          code >= 0x20 && code < 0x7f ? std::string(1, static_cast<char>(code)) : hex_escapes(code, true);
    }
    string.canonical += canonical;
    const bool needs_escape = code < 0x20 || code == '"' || code == '\\';
    switch (random_.below(4)) {
      case 0: string.other += hex_escapes(code, random_.one_in(2)); break;
      case 1: string.other += needs_escape ? canonical : utf8(code); break;
      case 2: string.other += code == '/' ? "\\/" : canonical; break;
      default: string.other += canonical;
    }
  }

  Written string() {
    Written string{"\"", "\""};
    for (uint64_t n = random_.one_in(8) ? random_.below(100) : random_.below(12); n > 0; --n) {
      append_character(random_.one_in(16) ? 0xd800 : code_point(), string);
      // A half of a pair stands alone, or it would not be one.
      if (string.canonical.ends_with("\\ud800")) append_character('x', string);
    }
    string.canonical += '"';
    string.other += '"';
    return string;
  }

  Written array(int depth) {
    Written array{"[", joined({"[", white_space()})};
    for (uint64_t n = random_.below(5), i = 0; i < n; ++i) {
      const Written element = value(depth + 1);
      array.canonical += (i > 0 ? ", " : "") + element.canonical;
      array.other += joined({i > 0 ? "," : "", white_space(), element.other, white_space()});
    }
    array.canonical += ']';
    array.other += ']';
    return array;
  }

  struct Member {
    std::string canonical_key;
    std::string canonical_value;
  };

  Written object(int depth) {
    std::vector<Member> dict;
    std::string other = joined({"{", white_space()});
    const uint64_t count = depth < 2 && random_.one_in(10) ? 60 : random_.below(6);
    for (uint64_t i = 0; i < count; ++i) {
      const Written key =
          random_.one_in(4) ? Written{"\"a\"", random_.one_in(2) ? "\"a\"" : "\"\\u0061\""} : string();
      const Written member = value(depth + 2);
      other += joined({i > 0 ? "," : "", white_space(), key.other, white_space(), ":", white_space(),
                       member.other, white_space()});
      const auto place = std::find_if(dict.begin(), dict.end(),
                                      [&](const Member& m) { return m.canonical_key == key.canonical; });
      if (place == dict.end()) {
        dict.push_back({key.canonical, member.canonical});
      } else {
        place->canonical_value = member.canonical;
      }
    }
    std::string canonical = "{";
    for (const Member& member : dict) {
      if (canonical.size() > 1) canonical += ", ";
      canonical += member.canonical_key + ": " + member.canonical_value;
    }
    return {canonical + "}", other + "}"};
  }

  const std::vector<std::string> words_ = {"null", "true", "false", "NaN", "Infinity", "-Infinity"};
  Random random_;
};

TEST(JsonRandomTest, ParsingAnyFormGivesTheCanonicalOne) {
  Generator generator(test_seed());
  for (int i = 0; i < 20000; ++i) {
    const Written value = generator.value(0);
    const std::string text = generator.white_space() + value.other + generator.white_space();
    const Result<Json> json = Json::parse(text);
    ASSERT_TRUE(json) << json.error().to_string() << "\n" << text;
    ASSERT_EQ(json->text(), value.canonical) << text;
    const Result<Json> again = Json::parse(value.canonical);
    ASSERT_TRUE(again) << again.error().to_string() << "\n" << value.canonical;
    ASSERT_EQ(again->text(), value.canonical);
  }
}

// What json.dumps would write anew: each member and element found by walking, put together again.
std::string rewritten(JsonView value) {
  std::string text;
  if (value.is_object()) {
    for (const JsonMember& member : value.members()) {
      text += text.empty() ? "{" : ", ";
      append_json_string(member.key(), text);
      text += joined({": ", rewritten(member.value)});
    }
    return text.empty() ? "{}" : text + "}";
  }
  if (value.is_array()) {
    for (const JsonView element : value.elements())
      text += joined({text.empty() ? "[" : ", ", rewritten(element)});
    return text.empty() ? "[]" : text + "]";
  }
  if (value.is_string()) return Json::from_string(value.string()).text();
  if (value.kind() == JsonKind::kFloat) return Json::from_double(*value.number()).text();
  return std::string(value.text());
}

TEST(JsonRandomTest, WalkingFindsAllThereIs) {
  Generator generator(test_seed() + 1);
  for (int i = 0; i < 5000; ++i) {
    const std::string canonical = generator.value(0).canonical;
    ASSERT_EQ(rewritten(JsonView::from_canonical(canonical)), canonical);
  }
}

}  // namespace
}  // namespace quipu::testing
