// Json and JsonView: checked JSON text in the one form that Python's json.dumps writes.
//
// Quipu keeps values as text and never as a tree. "Checked" means: one complete value of Python's
// JSON dialect, in canonical form, which is what json.dumps(value) prints with its defaults:
//   * ", " and ": " between items, no other white space;
//   * ASCII only: \" \\ \n \r \t \b \f, other control characters and everything from U+007F on as
//     \uXXXX with lower-case digits (pairs beyond U+FFFF; a lone surrogate is one \udXXX);
//   * integers of at most 4,300 digits as int prints them, floats as float.__repr__ prints them,
//     and the words NaN, Infinity and -Infinity;
//   * no key twice in an object (the last value wins, at the first one's place).
// Two values are equal in Python (types strict, NaN equal to itself, key order included) exactly
// when their canonical texts are the same bytes.
//
// Thread-safety: values are immutable once made; share them freely between threads.
// Source of the form: CPython 3.11, Lib/json/encoder.py and Modules/_json.c.

#ifndef QUIPU_JSON_H_
#define QUIPU_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "quipu/status.h"

namespace quipu {

// Deeper nesting than this is refused, as Python's default recursion limit refuses it.
inline constexpr int kMaxJsonDepth = 1000;
// Longer integers are refused, as Python's int() refuses them (sys.int_info).
inline constexpr int kMaxJsonIntDigits = 4300;

enum class JsonKind { kNull, kBool, kInt, kFloat, kString, kArray, kObject };

class JsonMembers;
class JsonElements;

// A view of canonical JSON text that somebody else owns and keeps unchanged while it is used.
// Reading costs a walk over the text: find() is O(text before the member), never a parse into a tree.
class JsonView {
 public:
  JsonView() : text_("null") {}
  // REQUIRES: `text` is canonical (from a Json, or from a store).
  static JsonView from_canonical(std::string_view text) { return JsonView(text); }

  std::string_view text() const { return text_; }
  JsonKind kind() const;
  bool is_null() const { return kind() == JsonKind::kNull; }
  bool is_string() const { return kind() == JsonKind::kString; }
  bool is_array() const { return kind() == JsonKind::kArray; }
  bool is_object() const { return kind() == JsonKind::kObject; }

  // The members of an object, the elements of an array, for range-for. REQUIRES: the right kind.
  // Views returned by the iterators live as long as the text.
  JsonMembers members() const;
  JsonElements elements() const;

  // The value of a member of an object; nothing when absent or when this is no object.
  // `key` is the decoded key (see decode_string).
  std::optional<JsonView> find(std::string_view key) const;

  // A string decoded: UTF-8, where a lone surrogate is its three bytes (Python's "surrogatepass").
  // REQUIRES: is_string().
  std::string string() const;
  // True when Python's bool(value) is true: not null, false, 0, 0.0, "", [] or {}.
  bool truthy() const;
  // REQUIRES: kind() is kBool.
  bool boolean() const { return text_ == "true"; }
  // An int that fits, else nothing.
  std::optional<int64_t> int64() const;
  // An int or float as the nearest double (NaN and infinities included), else nothing.
  std::optional<double> number() const;

  friend bool operator==(JsonView a, JsonView b) { return a.text_ == b.text_; }

 private:
  explicit JsonView(std::string_view text) : text_(text) {}
  std::string_view text_;
};

// Canonical JSON text that it owns.
class Json {
 public:
  Json() : text_("null") {}

  // Checks any JSON text that Python's json.loads takes from bytes in UTF-8 (a leading byte order
  // mark and surrogates as three bytes included) and brings it into canonical form; text that is
  // canonical already is copied as it stands, in one pass.
  // Error: kInvalidArgument with what is wrong and the byte offset ("... at byte 17").
  static Result<Json> parse(std::string_view text);
  // The same, of a text that it may keep: a long one that is canonical is not copied.
  static Result<Json> parse_owned(std::string text);

  // Takes text that is known to be canonical, unchecked: what this library or json.dumps wrote.
  // Text that is not canonical makes later reads return nonsense (but never crash the process).
  static Json from_canonical(std::string text) { return Json(std::move(text)); }

  // The canonical text of a string given as in JsonView::string(). Invalid UTF-8 becomes U+FFFD.
  static Json from_string(std::string_view utf8);
  static Json from_double(double value);
  static Json from_int(int64_t value);

  const std::string& text() const { return text_; }
  JsonView view() const { return JsonView::from_canonical(text_); }
  operator JsonView() const { return view(); }  // NOLINT(google-explicit-constructor)
  std::string release() && { return std::move(text_); }

  friend bool operator==(const Json& a, const Json& b) = default;

 private:
  explicit Json(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// Appends the canonical text of a string, quotes included, to `out`.
void append_json_string(std::string_view utf8, std::string& out);
// Appends float.__repr__(value): "1.0", "1e-05", "-0.0", "NaN", "Infinity".
void append_json_double(double value, std::string& out);
// Decodes the canonical text of a string, quotes included, onto the end of `out`.
void append_decoded_string(std::string_view canonical, std::string& out);

struct JsonMember {
  std::string_view raw_key;  // the key's canonical text with its quotes
  JsonView value;

  bool key_is(std::string_view key) const;  // compares decoded, without allocating for plain keys
  std::string key() const;                  // decoded
};

// Ranges over canonical text; single pass, forward only.
class JsonMembers {
 public:
  explicit JsonMembers(std::string_view object) : object_(object) {}
  class iterator {
   public:
    explicit iterator(std::string_view rest);
    const JsonMember& operator*() const { return member_; }
    const JsonMember* operator->() const { return &member_; }
    iterator& operator++();
    bool operator!=(const iterator& other) const { return rest_.data() != other.rest_.data(); }

   private:
    void read();
    std::string_view rest_;  // from the current member to the closing brace; data() null at the end
    JsonMember member_;
  };
  iterator begin() const { return iterator(object_); }
  iterator end() const { return iterator({}); }

 private:
  std::string_view object_;
};

class JsonElements {
 public:
  explicit JsonElements(std::string_view array) : array_(array) {}
  class iterator {
   public:
    explicit iterator(std::string_view rest);
    const JsonView& operator*() const { return element_; }
    const JsonView* operator->() const { return &element_; }
    iterator& operator++();
    bool operator!=(const iterator& other) const { return rest_.data() != other.rest_.data(); }

   private:
    void read();
    std::string_view rest_;
    JsonView element_;
  };
  iterator begin() const { return iterator(array_); }
  iterator end() const { return iterator({}); }

 private:
  std::string_view array_;
};

}  // namespace quipu

#endif  // QUIPU_JSON_H_
