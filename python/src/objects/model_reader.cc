#include "python/src/objects/model_reader.h"

#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>

#include <array>
#include <utility>

#include "python/src/convert/text.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

// Names of the slots of a BaseModel.
struct Slots {
  nb::object dict = nb::steal(PyUnicode_InternFromString("__dict__"));
  nb::object fields_set = nb::steal(PyUnicode_InternFromString("__pydantic_fields_set__"));
  nb::object extra = nb::steal(PyUnicode_InternFromString("__pydantic_extra__"));
  nb::object secret = nb::steal(PyUnicode_InternFromString("__pydantic_private__"));
  nb::object no_arguments = nb::steal(PyTuple_New(0));
};

const Slots& slots() {
  static const Slots* const made = new Slots;  // for the life of the process
  return *made;
}

// A list of what `read` makes, up to the closing bracket.
template <class Read>
nb::object read_list(JsonCursor& cursor, Read read) {
  if (!cursor.take("[")) return {};
  nb::object list = nb::steal(PyList_New(0));
  if (!list.is_valid() || cursor.take("]")) return list;
  do {
    const nb::object element = read();
    if (!element.is_valid() || PyList_Append(list.ptr(), element.ptr()) != 0) return {};
  } while (cursor.take(", "));
  return cursor.take("]") ? list : nb::object();
}

}  // namespace

// What has been read of an object.
struct ModelReader::Reading {
  nb::object values;
  size_t next = 0;   // the field that is to come, if all are there in order
  size_t count = 0;  // fields read, and members that must be there
};

std::pair<ModelReader::Kind, bool> ModelReader::kind_of(const std::string& name) {
  static const std::pair<std::string_view, Kind> kKinds[] = {
      {"str", Kind::kString},     {"int", Kind::kInteger}, {"str[]", Kind::kStrings},
      {"float[]", Kind::kFloats}, {"{}", Kind::kObject},   {"null", Kind::kNull},
      {"unset", Kind::kUnset},    {"model", Kind::kModel}, {"models", Kind::kModels}};
  const bool optional = name.ends_with('?');
  const std::string_view plain = std::string_view(name).substr(0, name.size() - (optional ? 1 : 0));
  for (const auto& [known, kind] : kKinds) {
    if (known == plain) return {kind, optional};
  }
  throw nb::value_error(("no kind of field: " + name).c_str());
}

ModelReader::ModelReader(nb::type_object made, const nb::list& fields, const nb::list& beside)
    : made_(std::move(made)), values_(nb::steal(PyDict_New())), set_(nb::steal(PySet_New(nullptr))) {
  for (const nb::handle each : fields) {
    nb::object name = nb::borrow(each[0]);
    const auto [kind, optional] = kind_of(nb::cast<std::string>(each[1]));
    PyObject* interned = name.inc_ref().ptr();
    PyUnicode_InternInPlace(&interned);
    Field field{nb::steal(interned), nb::cast<std::string>(name), kind, optional, nullptr, {}};
    if (kind == Kind::kModel) field.model = nb::cast<std::shared_ptr<ModelReader>>(each[2]);
    if (kind == Kind::kModels) {
      field.keys = nb::cast<nb::dict>(each[2][0]);
      field.model = nb::cast<std::shared_ptr<ModelReader>>(each[2][1]);
    }
    if (PyDict_SetItem(values_.ptr(), field.name.ptr(), Py_None) != 0) throw nb::python_error();
    if (kind != Kind::kUnset) {
      ++wanted_;
      if (PySet_Add(set_.ptr(), field.name.ptr()) != 0) throw nb::python_error();
    }
    fields_.push_back(std::move(field));
  }
  for (const nb::handle each : beside) {
    Beside member{nb::cast<std::string>(each[0]), {}, {}};
    if (!each[1].is_none()) {
      member.value = nb::cast<std::string>(each[1]);
      ++wanted_;
    }
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (!each[2].is_none() && fields_[i].key == nb::cast<std::string>(each[2])) member.same_as = i;
    }
    beside_.push_back(std::move(member));
  }
}

nb::object ModelReader::read(std::string_view text, JsonDecoder& decoder) const {
  JsonCursor cursor(text, decoder);
  nb::object made = read(cursor);
  if (made.is_valid() && cursor.at_end() && !cursor.lone_surrogates()) return made;
  PyErr_Clear();
  return {};
}

nb::object ModelReader::read(JsonCursor& cursor) const {
  if (!cursor.take("{")) return {};
  Reading reading{nb::steal(PyDict_Copy(values_.ptr()))};
  if (!reading.values.is_valid()) return {};
  do {
    if (!read_member(reading, cursor)) return {};
  } while (cursor.take(", "));
  if (!cursor.take("}") || reading.count != wanted_) return {};
  return make(std::move(reading.values));
}

bool ModelReader::read_member(Reading& reading, JsonCursor& cursor) const {
  std::string_view key;
  if (!cursor.plain_key(key)) return false;
  for (size_t tried = 0; tried < fields_.size(); ++tried) {
    const size_t i = (reading.next + tried) % fields_.size();
    const Field& field = fields_[i];
    if (field.key != key) continue;
    reading.next = i + 1;
    ++reading.count;  // no key is there twice
    const nb::object value = read_value(field, cursor);
    return value.is_valid() && PyDict_SetItem(reading.values.ptr(), field.name.ptr(), value.ptr()) == 0;
  }
  return read_beside(reading, key, cursor);
}

bool ModelReader::read_beside(Reading& reading, std::string_view key, JsonCursor& cursor) const {
  for (const Beside& member : beside_) {
    if (member.key != key) continue;
    const nb::object text = cursor.string();
    if (!text.is_valid()) return false;
    if (member.value) {
      ++reading.count;
      return PyUnicode_CompareWithASCIIString(text.ptr(), member.value->c_str()) == 0;
    }
    if (!member.same_as) return true;
    const nb::handle other = PyDict_GetItem(reading.values.ptr(), fields_[*member.same_as].name.ptr());
    if (other.is_none()) return PyUnicode_GET_LENGTH(text.ptr()) == 0;
    const nb::object same = nb::steal(PyObject_GetAttrString(other.ptr(), "text"));
    return same.is_valid() && PyObject_RichCompareBool(same.ptr(), text.ptr(), Py_EQ) == 1;
  }
  return false;
}

nb::object ModelReader::read_value(const Field& field, JsonCursor& cursor) const {
  if (field.optional && cursor.take("null")) return nb::none();
  switch (field.kind) {
    case Kind::kString: return cursor.string();
    case Kind::kInteger: return cursor.small_integer();
    case Kind::kStrings: return read_list(cursor, [&] { return cursor.string(); });
    case Kind::kFloats: return read_list(cursor, [&] { return cursor.real(); });
    case Kind::kObject: return cursor.object();
    case Kind::kNull: return cursor.take("null") ? nb::none() : nb::object();
    case Kind::kUnset: return {};
    case Kind::kModel: return field.model->read(cursor);
    case Kind::kModels: return read_models(field, cursor);
  }
  return {};
}

nb::object ModelReader::read_models(const Field& field, JsonCursor& cursor) {
  if (!cursor.take("{")) return {};
  nb::object models = nb::steal(PyDict_New());
  if (!models.is_valid() || cursor.take("}")) return models;
  do {
    std::string_view key;
    if (!cursor.plain_key(key)) return {};
    const nb::object name =
        nb::steal(PyUnicode_DecodeASCII(key.data(), static_cast<Py_ssize_t>(key.size()), nullptr));
    if (!name.is_valid()) return {};
    const nb::handle meant = PyDict_GetItemWithError(field.keys.ptr(), name.ptr());
    if (!meant.is_valid()) return {};
    const nb::object value = cursor.next() == '['
                                 ? read_list(cursor, [&] { return field.model->read(cursor); })
                                 : field.model->read(cursor);
    if (!value.is_valid() || PyDict_SetItem(models.ptr(), meant.ptr(), value.ptr()) != 0) return {};
  } while (cursor.take(", "));
  return cursor.take("}") ? models : nb::object();
}

nb::object ModelReader::make(nb::object values) const {
  PyTypeObject* const type = reinterpret_cast<PyTypeObject*>(made_.ptr());
  const Slots& names = slots();
  nb::object object = nb::steal(type->tp_new(type, names.no_arguments.ptr(), nullptr));
  const nb::object fields_set = nb::steal(PySet_New(set_.ptr()));
  if (!object.is_valid() || !fields_set.is_valid()) return {};
  const auto set = [&](const nb::object& name, PyObject* value) {
    return PyObject_GenericSetAttr(object.ptr(), name.ptr(), value) == 0;
  };
  const bool made = set(names.dict, values.ptr()) && set(names.fields_set, fields_set.ptr()) &&
                    set(names.extra, Py_None) && set(names.secret, Py_None);
  return made ? object : nb::object();
}

ObjectReader::ObjectReader(const nb::list& readers, nb::object parsed_to_object)
    : parsed_to_object_(std::move(parsed_to_object)) {
  for (const nb::handle each : readers) {
    readers_.push_back({nb::cast<std::string>(each[0]), nb::cast<std::string>(each[1]),
                        nb::cast<std::shared_ptr<ModelReader>>(each[2])});
  }
}

nb::object ObjectReader::read(std::string_view text, JsonDecoder& decoder) const {
  for (const Reader& each : readers_) {
    const size_t around = each.prefix.size() + each.suffix.size();
    if (text.size() < around || !text.ends_with(each.suffix) || !text.starts_with(each.prefix)) continue;
    nb::object made = each.model->read(text.substr(each.prefix.size(), text.size() - around), decoder);
    if (made.is_valid()) return made;
  }
  return parsed_to_object_(decoder.value(text));
}

void register_model_reader(nb::module_& module) {
  nb::class_<ModelReader>(module, "ModelReader")
      .def(nb::init<nb::type_object, const nb::list&, const nb::list&>(), nb::arg("made"), nb::arg("fields"),
           nb::arg("beside"));
  nb::class_<ObjectReader>(module, "ObjectReader")
      .def(nb::init<const nb::list&, nb::object>(), nb::arg("readers"), nb::arg("parsed_to_object"))
      .def(
          "read",
          [](const ObjectReader& reader, const Text& text) {
            JsonDecoder decoder;
            return reader.read(text.view, decoder);
          },
          nb::arg("text"));
  module.def(
      "parse_json",
      [](const Text& text) {
        JsonDecoder decoder;
        return decoder.value(text.view);
      },
      nb::arg("text"));
}

}  // namespace quipu::python
