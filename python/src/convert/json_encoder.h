// Python objects as JSON text, to the byte as json.dumps writes them, in one pass without its intermediate
// strings.

#ifndef QUIPU_PYTHON_CONVERT_JSON_ENCODER_H_
#define QUIPU_PYTHON_CONVERT_JSON_ENCODER_H_

#include <nanobind/nanobind.h>

#include <string>
#include <utility>

#include "quipu/json.h"

namespace quipu::python {

// What was encoded, for the library.
class EncodedJson {
 public:
  EncodedJson(std::string text, bool is_canonical) : text_(std::move(text)), is_canonical_(is_canonical) {}
  // Checked only where objects had keys that are no str, or were nested as deep as the library refuses.
  // Called without the GIL, once. Errors: those of Json::parse.
  Json json() &&;
  std::string text() && { return std::move(text_); }
  // Whether json() has nothing to check.
  bool is_canonical() const { return is_canonical_; }

 private:
  std::string text_;
  bool is_canonical_;
};

// What json.dumps does not know, such as a date, becomes what pydantic's mode "json" makes of it. Errors:
// NotJSONError, a TypeError, for what that does not know either; ValueError for an int that is too long to
// print; RecursionError for what contains itself.
// `depth`: in so many objects and arrays it will stand.
std::string to_json(nanobind::handle object);
EncodedJson encode_json(nanobind::handle object, int depth = 0);
// The same for objects of the types alone that json.loads gives; TypeError for others, subclasses included,
// whose str() may be another than that of what their JSON is read as.
std::string to_plain_json(nanobind::handle object);
// An array of what an iterable yields; `plain`: of these types alone. An object that is made by it goes when
// it has been encoded, so that Python has no garbage to look for among all of them.
EncodedJson encode_items(nanobind::handle iterable, bool plain);

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_CONVERT_JSON_ENCODER_H_
