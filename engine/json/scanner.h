// JsonScanner: checks text of Python's JSON dialect in one pass and tells whether it is canonical already.
//
// The common case, text that json.dumps wrote, costs one look at each byte (sixteen at a time inside strings)
// and no allocation. What may hold a key twice is reported as not canonical; rewriting settles it.
//
// Each function takes where to begin and where the input ends, and returns where it stopped: behind what it
// scanned, or null with the error in the JsonScan.
//
// Source of the grammar and of the messages: CPython 3.11, Lib/json/decoder.py, Modules/_json.c.

#ifndef QUIPU_ENGINE_JSON_SCANNER_H_
#define QUIPU_ENGINE_JSON_SCANNER_H_

#include <algorithm>
#include <array>
#include <cstddef>

#include "engine/json/byte_scan.h"
#include "engine/json/key_repeats.h"
#include "quipu/json.h"

namespace quipu {

// What a scan has found out so far.
struct JsonScan {
  bool any_float =
      false;  // set before: floats count as canonical however they are spelt, for who only reads them
  bool canonical = true;  // the text is what json.dumps writes
  bool cut_off = false;   // with an error: the input may only end too early
  const char* error = nullptr;
  const char* error_at = nullptr;

  const char* fail(const char* message, const char* at) {
    error = message;
    error_at = at;
    return nullptr;
  }
  const char* fail_cut_off(const char* message, const char* at) {
    cut_off = true;
    return fail(message, at);
  }
};

// Past a backslash and what belongs to it, or a byte that json.dumps would have escaped.
const char* scan_special_byte(const char* at, const char* end, JsonScan& scan);

// A string; `begin` is its opening quote.
inline const char* scan_json_string(const char* begin, const char* end, JsonScan& scan) {
  const char* at = begin + 1;
  while (true) {
    at = find_special_byte(at, end);
    if (at == end) return scan.fail_cut_off("Unterminated string", begin);
    if (*at == '"') return at + 1;
    at = scan_special_byte(at, end, scan);
    if (at == nullptr) return nullptr;
  }
}

// A number or one of the words null, true, false, NaN, Infinity, -Infinity; `at` is not `end`.
const char* scan_json_scalar(const char* at, const char* end, JsonScan& scan);

inline constexpr const char* kTooManyDigits = "Exceeds the limit (4300 digits) for integer string conversion";

inline bool is_json_white_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

inline const char* skip_json_white_space(const char* at, const char* end) {
  while (at < end && is_json_white_space(*at)) ++at;
  return at;
}

inline constexpr const char* kInvalidUtf8 = "Invalid UTF-8";
inline constexpr const char* kNestedTooDeeply = "nested too deeply";

class JsonScanner {
 public:
  // Nesting beyond `max_depth`, at most kMaxJsonDepth, is refused.
  explicit JsonScanner(int max_depth = kMaxJsonDepth)
      : max_depth_(static_cast<size_t>(std::clamp(max_depth, 0, kMaxJsonDepth))) {}

  // One value of any kind with no white space before it.
  const char* scan_value(const char* at, const char* end, JsonScan& scan);

 private:
  struct Frame {
    char close;  // the bracket that ends it
    KeyRepeats::Object keys;
  };

  const char* open(const char* at, const char* end, JsonScan& scan);
  void close(JsonScan& scan);
  const char* scan_key(const char* at, const char* end, JsonScan& scan);
  const char* go_to_next_value(const char* at, const char* end, JsonScan& scan);

  const size_t max_depth_;
  // Not initialised: only the first depth_ frames mean something.
  std::array<Frame, kMaxJsonDepth> frames_;
  size_t depth_ = 0;
  KeyRepeats keys_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_SCANNER_H_
