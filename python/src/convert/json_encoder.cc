#include "python/src/convert/json_encoder.h"

#include "python/src/convert/text.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

class Encoder {
 public:
  // `plain`: only objects of the types that JSON is read as.
  explicit Encoder(bool plain, int depth = 0) : plain_(plain), depth_(depth) {}

  void value(PyObject* object) {
    if (object == Py_None) {
      text_ += "null";
    } else if (PyUnicode_CheckExact(object)) {
      string(object);
    } else if (PyBool_Check(object)) {
      text_ += object == Py_True ? "true" : "false";
    } else if (PyLong_CheckExact(object)) {
      integer(object);
    } else if (PyFloat_CheckExact(object)) {
      append_json_double(PyFloat_AS_DOUBLE(object), text_);
    } else if (PyDict_CheckExact(object)) {
      nested([&] { members(object); });
    } else if (PyList_CheckExact(object)) {
      nested([&] { elements(object); });
    } else {
      other(object);
    }
  }

  // An array of what the iterator yields, none of which is kept.
  void items(nb::handle iterator) {
    nested([&] {
      text_ += '[';
      for (bool first = true; const nb::object item = nb::steal(PyIter_Next(iterator.ptr())); first = false) {
        if (!first) text_ += ", ";
        value(item.ptr());
      }
      if (PyErr_Occurred() != nullptr) throw nb::python_error();
      text_ += ']';
    });
  }

  EncodedJson take() && { return {std::move(text_), is_canonical_}; }

 private:
  [[noreturn]] static void refuse(PyObject* object) {
    PyErr_Format(PyExc_TypeError, "Object of type %s is not JSON serializable", Py_TYPE(object)->tp_name);
    throw nb::python_error();
  }

  // Objects of other types: those that json.dumps knows, and those that pydantic does.
  void other(PyObject* object) {
    if (plain_) refuse(object);
    if (PyUnicode_Check(object)) {
      string(object);
    } else if (PyLong_Check(object)) {
      integer(object);
    } else if (PyFloat_Check(object)) {
      append_json_double(PyFloat_AS_DOUBLE(object), text_);
    } else if (PyDict_Check(object)) {
      nested([&] { members(object); });
    } else if (PyList_Check(object) || PyTuple_Check(object)) {
      nested([&] { elements(object); });
    } else {
      nested([&] { value(jsonable(object).ptr()); });
    }
  }

  static nb::object jsonable(nb::handle object) {
    return nb::module_::import_("quipu.convert.json_values").attr("jsonable")(object);
  }

  template <class Write>
  void nested(Write write) {
    if (Py_EnterRecursiveCall(" while encoding a JSON object") != 0) throw nb::python_error();
    if (++depth_ >= kMaxJsonDepth) is_canonical_ = false;
    try {
      write();
    } catch (...) {
      Py_LeaveRecursiveCall();
      throw;
    }
    --depth_;
    Py_LeaveRecursiveCall();
  }

  void string(PyObject* object) {
    Text text;
    if (!to_text(object, text)) throw nb::python_error();
    if (text.kept.ptr() != object) is_canonical_ = false;  // surrogates, which may be those of a character
    append_json_string(text.view, text_);
  }

  void integer(PyObject* object) {
    int overflow = 0;
    if (const long long small = PyLong_AsLongLongAndOverflow(object, &overflow); overflow == 0) {
      text_ += std::to_string(small);
      return;
    }
    const nb::object digits = nb::steal(PyLong_Type.tp_repr(object));  // an IntEnum's own repr is no number
    if (!digits.is_valid()) throw nb::python_error();
    Text text;
    if (!to_text(digits, text)) throw nb::python_error();
    text_ += text.view;
    if (text.view.size() > static_cast<size_t>(kMaxJsonIntDigits)) is_canonical_ = false;
  }

  void key(PyObject* object) {
    if (PyUnicode_CheckExact(object)) return string(object);
    if (plain_) refuse(object);
    is_canonical_ = false;  // 1 and "1" are one key of JSON
    if (PyUnicode_Check(object)) return string(object);
    if (!PyLong_Check(object) && !PyFloat_Check(object) && object != Py_None) {
      nb::dict single;
      single[nb::handle(object)] = nb::none();
      for (const nb::handle name : nb::cast<nb::dict>(jsonable(single)).keys()) string(name.ptr());
      return;
    }
    text_ += '"';
    value(object);
    text_ += '"';
  }

  void members(PyObject* dict) {
    text_ += '{';
    Py_ssize_t position = 0;
    PyObject* name = nullptr;
    PyObject* member = nullptr;
    for (bool first = true; PyDict_Next(dict, &position, &name, &member) != 0; first = false) {
      if (!first) text_ += ", ";
      key(name);
      text_ += ": ";
      value(member);
    }
    text_ += '}';
  }

  void elements(PyObject* sequence) {
    text_ += '[';
    PyObject** const items = PySequence_Fast_ITEMS(sequence);
    const Py_ssize_t size = PySequence_Fast_GET_SIZE(sequence);
    for (Py_ssize_t i = 0; i < size; ++i) {
      if (i != 0) text_ += ", ";
      value(items[i]);
    }
    text_ += ']';
  }

  const bool plain_;
  int depth_;
  std::string text_;
  bool is_canonical_ = true;
};

}  // namespace

Json EncodedJson::json() && {
  return is_canonical_ ? Json::from_canonical(std::move(text_)) : parse_json(text_);
}

EncodedJson encode_json(nb::handle object, int depth) {
  Encoder encoder(false, depth);
  encoder.value(object.ptr());
  return std::move(encoder).take();
}

EncodedJson encode_items(nb::handle iterable, bool plain) {
  const nb::iterator items = nb::iter(iterable);
  Encoder encoder(plain);
  encoder.items(items);
  return std::move(encoder).take();
}

std::string to_json(nb::handle object) { return std::move(encode_json(object)).text(); }

std::string to_plain_json(nb::handle object) {
  Encoder encoder(true);
  encoder.value(object.ptr());
  return std::move(encoder).take().text();
}

}  // namespace quipu::python
