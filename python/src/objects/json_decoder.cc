#include "python/src/objects/json_decoder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "python/src/convert/text.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;
constexpr size_t kKeptKey = 64;    // bytes of a key that is worth keeping
constexpr ptrdiff_t kDigits = 18;  // of an integer that surely is an int64_t

// Whether any of eight bytes is `byte`.
uint64_t any_is(uint64_t bytes, char byte) {
  const uint64_t differing = bytes ^ (kOnes * static_cast<unsigned char>(byte));
  return (differing - kOnes) & ~differing & kHighBits;
}

// Where the next escape begins, or `to`.
const char* find_escape(const char* from, const char* to) {
  const void* const found = std::memchr(from, '\\', static_cast<size_t>(to - from));
  return found == nullptr ? to : static_cast<const char*>(found);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_high_surrogate(uint32_t point) { return point >= 0xD800 && point < 0xDC00; }
bool is_low_surrogate(uint32_t point) { return point >= 0xDC00 && point < 0xE000; }

// Held while what is nested is read, as json.loads holds it.
class Nested {
 public:
  explicit Nested(const char* where) : entered_(Py_EnterRecursiveCall(where) == 0) {}
  ~Nested() {
    if (entered_) Py_LeaveRecursiveCall();
  }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;
  explicit operator bool() const { return entered_; }

 private:
  const bool entered_;
};

nb::object ascii(const char* from, const char* to) {
  return nb::steal(make_ascii({from, static_cast<size_t>(to - from)}));
}

}  // namespace

nb::object JsonDecoder::value(std::string_view text) {
  JsonCursor cursor(text, *this);
  nb::object made = cursor.value();
  if (made.is_valid() && cursor.at_end()) return made;
  if (PyErr_Occurred() != nullptr) throw nb::python_error();
  return nb::module_::import_("json").attr("loads")(to_str(text));
}

// The closing quote, or null: a control character or one beyond ASCII is none of canonical text.
const char* JsonCursor::end_of_string(const char* from, bool& escapes) const {
  escapes = false;
  for (;;) {
    while (end_ - from >= 8) {
      uint64_t bytes = 0;
      std::memcpy(&bytes, from, 8);
      const uint64_t control = (bytes - kOnes * 0x20) & ~bytes & kHighBits;
      if ((any_is(bytes, '"') | any_is(bytes, '\\') | control | (bytes & kHighBits)) != 0) break;
      from += 8;
    }
    for (int i = 0; i < 8; ++i, ++from) {
      if (from == end_ || (*from & 0x80) != 0 || *from < 0x20) return nullptr;
      if (*from == '"') return from;
      if (*from != '\\') continue;
      escapes = true;
      if (++from == end_) return nullptr;
    }
  }
}

bool JsonCursor::plain_key(std::string_view& key) {
  if (next() != '"') return false;
  bool escapes = false;
  const char* const close = end_of_string(at_ + 1, escapes);
  if (close == nullptr || escapes) return false;
  key = {at_ + 1, static_cast<size_t>(close - at_ - 1)};
  at_ = close + 1;
  return take(": ");
}

nb::object JsonCursor::string() {
  if (next() != '"') return {};
  bool escapes = false;
  const char* const close = end_of_string(at_ + 1, escapes);
  if (close == nullptr) return {};
  const char* const from = at_ + 1;
  at_ = close + 1;
  return escapes ? escaped(from, close) : ascii(from, close);
}

// The code point at `from`, which may be written as a pair of surrogates; false where none is.
bool JsonCursor::code_point(const char*& from, const char* to, uint32_t& point) {
  const auto unit = [to](const char* at, uint32_t& value) {
    return to - at >= 6 && at[0] == '\\' && at[1] == 'u' &&
           std::from_chars(at + 2, at + 6, value, 16).ptr == at + 6;
  };
  if (*from != '\\') return point = static_cast<unsigned char>(*from++), true;
  static constexpr std::string_view kEscapes = "\"\\/bfnrt";
  static constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
  if (const size_t escape = kEscapes.find(from[1]); escape != std::string_view::npos) {
    point = static_cast<unsigned char>(kMeant[escape]);
    from += 2;
    return true;
  }
  if (!unit(from, point)) return false;
  from += 6;
  uint32_t low = 0;
  if (is_high_surrogate(point) && unit(from, low) && is_low_surrogate(low)) {
    point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    from += 6;
  }
  lone_surrogates_ = lone_surrogates_ || is_high_surrogate(point) || is_low_surrogate(point);
  return true;
}

// Once for the size and the widest character, which a str is made of, and once for the characters.
nb::object JsonCursor::escaped(const char* from, const char* to) {
  Py_ssize_t size = 0;
  uint32_t widest = 0x7F;
  for (const char* at = from; at != to;) {
    const char* const escape = find_escape(at, to);
    size += escape - at;
    at = escape;
    uint32_t point = 0;
    if (at == to) break;
    if (!code_point(at, to, point)) return {};
    widest = std::max(widest, point);
    ++size;
  }
  nb::object made = nb::steal(PyUnicode_New(size, widest));
  if (!made.is_valid()) return {};
  const auto kind = PyUnicode_KIND(made.ptr());
  void* const data = PyUnicode_DATA(made.ptr());
  Py_ssize_t i = 0;
  for (const char* at = from; at != to;) {
    const char* const escape = find_escape(at, to);
    if (kind == PyUnicode_1BYTE_KIND) {
      std::memcpy(static_cast<char*>(data) + i, at, static_cast<size_t>(escape - at));
      i += escape - at;
    } else {
      for (; at != escape; ++at) PyUnicode_WRITE(kind, data, i++, static_cast<Py_UCS4>(*at));
    }
    at = escape;
    uint32_t point = 0;
    if (at == to || !code_point(at, to, point)) break;
    PyUnicode_WRITE(kind, data, i++, point);
  }
  return made;
}

// A key of an object, with the `: ` behind it.
nb::object JsonCursor::key() {
  std::string_view text;
  const char* const start = at_;
  if (!plain_key(text)) {
    at_ = start;
    nb::object made = string();
    return made.is_valid() && take(": ") ? made : nb::object();
  }
  if (text.empty() || text.size() > kKeptKey) return ascii(text.data(), text.data() + text.size());
  const size_t place =
      (text.size() * 31 + static_cast<unsigned char>(text.front()) * 7 +
       static_cast<unsigned char>(text.back()) + static_cast<unsigned char>(text[text.size() / 2]) * 3) %
      JsonDecoder::kKeys;
  nb::object& kept = decoder_.keys_[place];
  if (kept.is_valid()) {
    const std::string_view known(static_cast<const char*>(PyUnicode_DATA(kept.ptr())),
                                 static_cast<size_t>(PyUnicode_GET_LENGTH(kept.ptr())));
    if (known == text) return kept;
  }
  nb::object made = ascii(text.data(), text.data() + text.size());
  kept = made;
  return made;
}

nb::object JsonCursor::object() {
  const Nested nested(" while decoding a JSON object from a unicode string");
  if (!nested || !take("{")) return {};
  nb::object made = nb::steal(PyDict_New());
  if (!made.is_valid() || take("}")) return made;
  do {
    const nb::object name = key();
    if (!name.is_valid()) return {};
    const nb::object member = value();
    if (!member.is_valid() || PyDict_SetItem(made.ptr(), name.ptr(), member.ptr()) != 0) return {};
  } while (take(", "));
  return take("}") ? made : nb::object();
}

nb::object JsonCursor::array() {
  const Nested nested(" while decoding a JSON array from a unicode string");
  if (!nested || !take("[")) return {};
  nb::object made = nb::steal(PyList_New(0));
  if (!made.is_valid() || take("]")) return made;
  do {
    const nb::object element = value();
    if (!element.is_valid() || PyList_Append(made.ptr(), element.ptr()) != 0) return {};
  } while (take(", "));
  return take("]") ? made : nb::object();
}

nb::object JsonCursor::small_integer() {
  const char* to = at_ + (next() == '-' ? 1 : 0);
  const char* const digits = to;
  while (to != end_ && is_digit(*to)) ++to;
  if (to == digits || to - digits > kDigits || (to != end_ && (*to == '.' || *to == 'e'))) return {};
  int64_t number = 0;
  std::from_chars(at_, to, number);
  at_ = to;
  return nb::steal(PyLong_FromLongLong(number));
}

nb::object JsonCursor::real() {
  if (take("NaN")) return nb::steal(PyFloat_FromDouble(std::numeric_limits<double>::quiet_NaN()));
  if (take("Infinity")) return nb::steal(PyFloat_FromDouble(HUGE_VAL));
  if (take("-Infinity")) return nb::steal(PyFloat_FromDouble(-HUGE_VAL));
  const char* const digits = at_ + (next() == '-' ? 1 : 0);
  if (digits == end_ || !is_digit(*digits)) return {};
  double number = 0;
  const auto [to, error] = std::from_chars(at_, end_, number);
  if (error != std::errc() || std::all_of(digits, to, is_digit)) return {};
  at_ = to;
  return nb::steal(PyFloat_FromDouble(number));
}

nb::object JsonCursor::number() {
  if (nb::object made = small_integer(); made.is_valid()) return made;
  if (nb::object made = real(); made.is_valid()) return made;
  const char* to = at_ + (next() == '-' ? 1 : 0);
  while (to != end_ && is_digit(*to)) ++to;
  const std::string digits(at_, to);
  if (digits.size() <= static_cast<size_t>(kDigits)) return {};
  at_ = to;
  return nb::steal(PyLong_FromString(digits.c_str(), nullptr, 10));
}

nb::object JsonCursor::value() {
  switch (next()) {
    case '"': return string();
    case '{': return object();
    case '[': return array();
    case 't': return take("true") ? nb::borrow(Py_True) : nb::object();
    case 'f': return take("false") ? nb::borrow(Py_False) : nb::object();
    case 'n': return take("null") ? nb::none() : nb::object();
    default: return number();
  }
}

}  // namespace quipu::python
