// Strings between Python and the library. A Python str is UTF-8 here; a lone surrogate is its three bytes, as
// in the library's keys, so every str goes in and comes back.

#ifndef QUIPU_PYTHON_CONVERT_TEXT_H_
#define QUIPU_PYTHON_CONVERT_TEXT_H_

#include <nanobind/nanobind.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/json.h"

namespace quipu::python {

// A str argument. Views the str's own bytes, or those it had to be encoded to; either is kept alive here.
struct Text {
  std::string_view view;
  nanobind::object kept;
};

// False, with Python's error set, for what is no str.
bool to_text(nanobind::handle value, Text& text);

// A new str of bytes that are ASCII; null, with Python's error set, where there is no memory for it.
PyObject* make_ascii(std::string_view text);

// Error: UnicodeDecodeError for bytes that are no text, which only other programs can have stored.
nanobind::str to_str(std::string_view text);

// The bytes of a list of str. Error: TypeError.
std::vector<std::string> to_strings(nanobind::handle list);
nanobind::list to_list(const std::vector<std::string>& texts);

// JSON text that json.dumps wrote. Called without the GIL. Errors: those of Json::parse.
Json parse_json(std::string_view text);

}  // namespace quipu::python

namespace nanobind::detail {

template <>
struct type_caster<quipu::python::Text> {
  NB_TYPE_CASTER(quipu::python::Text, const_name("str"))
  bool from_python(handle source, uint8_t, cleanup_list*) noexcept {
    if (!PyUnicode_Check(source.ptr())) return false;
    if (quipu::python::to_text(source, value)) return true;
    PyErr_Clear();
    return false;
  }
};

}  // namespace nanobind::detail

#endif  // QUIPU_PYTHON_CONVERT_TEXT_H_
