#include "python/src/convert/arguments.h"

#include <string_view>

namespace nb = nanobind;

namespace quipu::python {
namespace {

constexpr size_t kShown = 60;  // characters of a wrong value

std::string shown(nb::handle value) {
  std::string text;
  try {
    text = nb::repr(value).c_str();
  } catch (nb::python_error&) {
    return "";
  }
  size_t end = std::min(text.size(), kShown);
  while (end < text.size() && (text[end] & 0xC0) == 0x80) ++end;
  return ": " + text.substr(0, end) + (end < text.size() ? "..." : "");
}

[[noreturn]] void refuse(nb::handle given, const char* name, const char* wanted) {
  const std::string type = nb::type_name(given.type()).c_str();
  const std::string value = given.is_none() ? "" : shown(given);
  throw nb::type_error((std::string(name) + " must be " + wanted + ", not " + type + value).c_str());
}

[[noreturn]] void out_of_range(nb::handle given, const char* name, int64_t least, uint64_t most) {
  throw nb::value_error((std::string(name) + " must be from " + std::to_string(least) + " to " +
                         std::to_string(most) + shown(given))
                            .c_str());
}

}  // namespace

void read_argument(nb::handle given, const char* name, Text& value) {
  if (!PyUnicode_Check(given.ptr())) refuse(given, name, "a str");
  if (!to_text(given, value)) throw nb::python_error();
}

void read_argument(nb::handle given, const char* name, PathText& value) {
  PyObject* bytes = nullptr;
  if (PyUnicode_FSConverter(given.ptr(), &bytes) == 0) {
    if (PyErr_ExceptionMatches(PyExc_TypeError) == 0) throw nb::python_error();
    PyErr_Clear();
    refuse(given, name, "a str, bytes or os.PathLike");
  }
  const nb::object kept = nb::steal(bytes);
  value.text.assign(PyBytes_AS_STRING(bytes), static_cast<size_t>(PyBytes_GET_SIZE(bytes)));
}

void read_argument(nb::handle given, const char* name, Strings& value) {
  nb::list items;
  read_argument(given, name, items);
  value.reserve(items.size());
  for (const nb::handle item : items) {
    if (!PyUnicode_Check(item.ptr())) refuse(item, name, "a list of str");
    Text text;
    if (!to_text(item, text)) throw nb::python_error();
    value.emplace_back(text.view);
  }
}

void read_argument(nb::handle given, const char* name, bool& value) {
  const std::string_view type = Py_TYPE(given.ptr())->tp_name;
  const bool is_bool = PyBool_Check(given.ptr()) || type.starts_with("numpy.bool");
  if (!is_bool) refuse(given, name, "a bool");
  value = PyObject_IsTrue(given.ptr()) == 1;
}

void read_argument(nb::handle given, const char* name, double& value) {
  value = PyFloat_AsDouble(given.ptr());
  if (PyErr_Occurred() == nullptr) return;
  PyErr_Clear();
  refuse(given, name, "a number");
}

void read_argument(nb::handle given, const char* name, nb::list& value) {
  if (!PyList_Check(given.ptr())) refuse(given, name, "a list");
  value = nb::borrow<nb::list>(given);
}

void read_argument(nb::handle given, const char* name, nb::dict& value) {
  if (!PyDict_Check(given.ptr())) refuse(given, name, "a dict");
  value = nb::borrow<nb::dict>(given);
}

int64_t read_integer(nb::handle given, const char* name, int64_t least, uint64_t most) {
  if (PyIndex_Check(given.ptr()) == 0) refuse(given, name, "an int");
  const nb::object number = nb::steal(PyNumber_Index(given.ptr()));
  if (!number.is_valid()) throw nb::python_error();
  int overflow = 0;
  const int64_t value = PyLong_AsLongLongAndOverflow(number.ptr(), &overflow);
  if (overflow == 0 && value >= least && (value < 0 || static_cast<uint64_t>(value) <= most)) return value;
  if (overflow > 0) {  // beyond int64_t, and perhaps not beyond uint64_t
    const uint64_t large = PyLong_AsUnsignedLongLong(number.ptr());
    if (PyErr_Occurred() == nullptr && large <= most) return static_cast<int64_t>(large);
    PyErr_Clear();
  }
  out_of_range(given, name, least, most);
}

}  // namespace quipu::python
