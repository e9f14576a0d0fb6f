#include "python/src/convert/errors.h"

#include <string_view>

#include "python/src/convert/text.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

// Made once, for the life of the process; Python's own exceptions live as long.
PyObject* busy_errors[3] = {};  // by BusyMeans
PyObject* corruption_error = nullptr;
PyObject* read_only_error = nullptr;

// Python's exceptions that the library names at the beginning of a message, where the reference raises them.
// What pydantic and json raise are ValueErrors.
struct Named {
  std::string_view prefix;
  PyObject* type;
};

// The exception that the message begins with, which is then taken off; null when it names none.
PyObject* take_named(std::string_view& message) {
  const Named named[] = {
      {"KeyError: ", PyExc_KeyError},
      {"TypeError: ", PyExc_TypeError},
      {"AttributeError: ", PyExc_AttributeError},
      {"IndexError: ", PyExc_IndexError},
      {"AssertionError: ", PyExc_AssertionError},
      {"RecursionError: ", PyExc_RecursionError},
      {"NotImplementedError: ", PyExc_NotImplementedError},
      {"ValueError: ", PyExc_ValueError},
  };
  for (const Named& each : named) {
    if (!message.starts_with(each.prefix)) continue;
    message.remove_prefix(each.prefix.size());
    return each.type;
  }
  return nullptr;
}

PyObject* type_of_code(const StatusError& error) {
  const std::string& message = error.status().message();
  const bool missing = message.find("No such file or directory") != std::string::npos;
  if (message.ends_with(" is open for reading only")) return read_only_error;
  switch (error.status().code()) {
    case StatusCode::kNotFound: return missing ? PyExc_FileNotFoundError : PyExc_ValueError;
    case StatusCode::kIoError: return missing ? PyExc_FileNotFoundError : PyExc_OSError;
    case StatusCode::kCorruption: return corruption_error;
    case StatusCode::kBusy: return busy_errors[static_cast<size_t>(error.busy())];
    case StatusCode::kNotSupported: return PyExc_NotImplementedError;
    default: return PyExc_ValueError;
  }
}

void raise(const StatusError& error) {
  std::string_view message = error.status().message();
  PyObject* type = take_named(message);
  if (type == PyExc_KeyError && message.size() >= 2 && message.front() == '\'') {
    message = message.substr(1, message.size() - 2);  // a KeyError shows its argument by repr
  }
  if (type == nullptr) type = type_of_code(error);
  const auto decoded = [&](const char* errors) {
    return nb::steal(PyUnicode_DecodeUTF8(message.data(), static_cast<Py_ssize_t>(message.size()), errors));
  };
  nb::object shown = decoded("surrogatepass");
  if (!shown.is_valid()) {  // a path that is no text
    PyErr_Clear();
    shown = decoded("backslashreplace");
  }
  if (shown.is_valid()) PyErr_SetObject(type, shown.ptr());
}

PyObject* define(nb::module_& module, const char* name, PyObject* base) {
  const std::string full = std::string("quipu.") + name;
  PyObject* const type = PyErr_NewException(full.c_str(), base, nullptr);
  if (type == nullptr) throw nb::python_error();
  module.attr(name) = nb::borrow(type);
  return type;
}

}  // namespace

void register_errors(nb::module_& module) {
  PyObject* const busy = define(module, "BusyError", PyExc_RuntimeError);
  busy_errors[static_cast<size_t>(BusyMeans::kBusy)] = busy;
  busy_errors[static_cast<size_t>(BusyMeans::kLocked)] = define(module, "LockedError", busy);
  busy_errors[static_cast<size_t>(BusyMeans::kConflict)] = define(module, "ConflictError", busy);
  corruption_error = define(module, "CorruptionError", PyExc_RuntimeError);
  // As a file that is open for reading only raises it: an OSError and a ValueError.
  read_only_error =
      define(module, "ReadOnlyError", nb::module_::import_("io").attr("UnsupportedOperation").ptr());
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const StatusError& error) {
      raise(error);
    }
  });
}

}  // namespace quipu::python
