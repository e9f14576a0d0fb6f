// What checks find, for Python.

#ifndef QUIPU_PYTHON_CONVERT_FAULTS_H_
#define QUIPU_PYTHON_CONVERT_FAULTS_H_

#include <nanobind/nanobind.h>

#include <string>

#include "python/src/convert/text.h"
#include "quipu/verify.h"

namespace quipu::python {

// Text of a database or file that may be damaged.
inline nanobind::str to_readable(const std::string& text) {
  try {
    return to_str(text);
  } catch (const nanobind::python_error&) {
    return nanobind::steal<nanobind::str>(
        PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace"));
  }
}

// (file, line, byte, collection, key, message, severity)
inline nanobind::tuple to_tuple(const Fault& fault) {
  return nanobind::make_tuple(to_readable(fault.file), fault.line, fault.byte, to_readable(fault.collection),
                              to_readable(fault.key), to_readable(fault.message),
                              fault.severity == Severity::kNote ? "note" : "fault");
}

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_CONVERT_FAULTS_H_
