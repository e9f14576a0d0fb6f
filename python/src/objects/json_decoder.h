// JSON text of the store as Python objects, to the object as json.loads makes them, without a str of the
// text.
//
//   JsonDecoder decoder;
//   const nb::object value = decoder.value(text);   // text: canonical (quipu/json.h)
//
// One decoder for many texts keeps their keys, as json.loads does for those of one. What is not canonical,
// which only a damaged store can hold, is given to json.loads. Used with the GIL held. Errors: those of
// json.loads, as Python exceptions.

#ifndef QUIPU_PYTHON_OBJECTS_JSON_DECODER_H_
#define QUIPU_PYTHON_OBJECTS_JSON_DECODER_H_

#include <nanobind/nanobind.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu::python {

class JsonDecoder {
 public:
  nanobind::object value(std::string_view text);

 private:
  friend class JsonCursor;
  static constexpr size_t kKeys = 64;
  std::array<nanobind::object, kKeys> keys_;  // by a few of their bytes
};

// Reads canonical text piece by piece, for those who know what it is to hold. Every call returns false, or a
// null object, where the text holds something else; a Python error is set then, or it is not canonical.
class JsonCursor {
 public:
  JsonCursor(std::string_view text, JsonDecoder& decoder)
      : at_(text.data()), end_(text.data() + text.size()), decoder_(decoder) {}

  // Takes these bytes if they are next.
  bool take(std::string_view bytes) {
    if (!starts_with(bytes)) return false;
    at_ += bytes.size();
    return true;
  }
  bool starts_with(std::string_view bytes) const {
    return std::string_view(at_, static_cast<size_t>(end_ - at_)).starts_with(bytes);
  }
  char next() const { return at_ == end_ ? '\0' : *at_; }
  bool at_end() const { return at_ == end_; }

  // The bytes of a string without escapes, between its quotes, with the `: ` behind it.
  bool plain_key(std::string_view& key);
  // A value of any kind.
  nanobind::object value();
  nanobind::object string();
  nanobind::object object();
  nanobind::object array();
  // A float; not an integer.
  nanobind::object real();
  // An integer of at most 18 digits.
  nanobind::object small_integer();

  // Whether a string so far had half of a surrogate pair without the other.
  bool lone_surrogates() const { return lone_surrogates_; }

 private:
  nanobind::object key();
  nanobind::object number();
  nanobind::object escaped(const char* from, const char* to);
  bool code_point(const char*& from, const char* to, uint32_t& point);
  const char* end_of_string(const char* from, bool& escapes) const;

  const char* at_;
  const char* end_;
  JsonDecoder& decoder_;
  bool lone_surrogates_ = false;
};

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_OBJECTS_JSON_DECODER_H_
