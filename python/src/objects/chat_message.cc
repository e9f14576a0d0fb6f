#include "python/src/objects/chat_message.h"

#include <utility>

#include "python/src/convert/text.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

// Of fields and slots, for the life of the process.
struct Names {
  PyObject* role = PyUnicode_InternFromString("role");
  PyObject* additional_kwargs = PyUnicode_InternFromString("additional_kwargs");
  PyObject* blocks = PyUnicode_InternFromString("blocks");
  PyObject* block_type = PyUnicode_InternFromString("block_type");
  PyObject* text = PyUnicode_InternFromString("text");
  PyObject* dict = PyUnicode_InternFromString("__dict__");
  PyObject* fields_set = PyUnicode_InternFromString("__pydantic_fields_set__");
  PyObject* extra = PyUnicode_InternFromString("__pydantic_extra__");
  PyObject* secret = PyUnicode_InternFromString("__pydantic_private__");
};

const Names& names() {
  static const Names made;
  return made;
}

// An instance of a pydantic model with these fields, all of which count as set.
nb::object make_model(nb::handle type, nb::handle fields, nb::handle fields_set) {
  auto* const as_type = reinterpret_cast<PyTypeObject*>(type.ptr());
  const nb::object model = nb::steal(as_type->tp_alloc(as_type, 0));
  const nb::object own_set = nb::steal(PySet_New(fields_set.ptr()));
  if (!model.is_valid() || !own_set.is_valid()) throw nb::python_error();
  const auto set = [&](PyObject* name, PyObject* value) {
    if (PyObject_GenericSetAttr(model.ptr(), name, value) != 0) throw nb::python_error();
  };
  set(names().dict, fields.ptr());
  set(names().fields_set, own_set.ptr());
  set(names().extra, Py_None);
  set(names().secret, Py_None);
  return model;
}

nb::object set_of(std::initializer_list<PyObject*> fields) {
  nb::set made;
  for (PyObject* const field : fields) made.add(nb::handle(field));
  return made;
}

void set_field(const nb::dict& fields, PyObject* name, const nb::object& value) {
  if (PyDict_SetItem(fields.ptr(), name, value.ptr()) != 0) throw nb::python_error();
}

}  // namespace

MessageReader::MessageReader(nb::object message_type, nb::object block_type, nb::dict roles,
                             nb::object validate, bool plain)
    : message_type_(std::move(message_type)),
      block_type_(std::move(block_type)),
      roles_(std::move(roles)),
      validate_(std::move(validate)),
      message_fields_(set_of({names().role, names().additional_kwargs, names().blocks})),
      block_fields_(set_of({names().block_type, names().text})),
      plain_(plain) {}

nb::object MessageReader::read(JsonView message, JsonDecoder& decoder) const {
  nb::object made = plain_ ? read_plain(message.text(), decoder) : nb::object();
  if (made.is_valid()) return made;
  PyErr_Clear();
  return validate_(to_str(message.text()));
}

nb::list MessageReader::read_all(const std::vector<Json>& messages) const {
  JsonDecoder decoder;
  nb::list all;
  for (const Json& message : messages) all.append(read(message, decoder));
  return all;
}

nb::object MessageReader::read_plain(std::string_view message, JsonDecoder& decoder) const {
  JsonCursor cursor(message, decoder);
  if (!cursor.take("{\"role\": ")) return {};
  const nb::object role = cursor.string();
  if (!role.is_valid() || !cursor.take(", \"additional_kwargs\": ")) return {};
  const nb::object known_role = nb::borrow(PyDict_GetItem(roles_.ptr(), role.ptr()));
  // Images among the arguments become blocks.
  if (!known_role.is_valid() || (!cursor.starts_with("{}") && message.find("images") != message.npos))
    return {};
  const nb::object kwargs = cursor.object();
  if (!kwargs.is_valid() || !cursor.take(", \"blocks\": ")) return {};
  const nb::object blocks = read_blocks(cursor);
  if (!blocks.is_valid() || !cursor.take("}") || !cursor.at_end()) return {};
  nb::dict fields;
  set_field(fields, names().role, known_role);
  set_field(fields, names().additional_kwargs, kwargs);
  set_field(fields, names().blocks, blocks);
  return make_model(message_type_, fields, message_fields_);
}

nb::object MessageReader::read_blocks(JsonCursor& cursor) const {
  if (!cursor.take("[")) return {};
  nb::list made;
  if (cursor.take("]")) return made;
  do {
    if (!cursor.take("{\"block_type\": \"text\", \"text\": ")) return {};
    const nb::object text = cursor.string();
    if (!text.is_valid() || !cursor.take("}")) return {};
    nb::dict fields;
    set_field(fields, names().block_type, nb::borrow(names().text));
    set_field(fields, names().text, text);
    made.append(make_model(block_type_, fields, block_fields_));
  } while (cursor.take(", "));
  return cursor.take("]") ? nb::object(made) : nb::object();
}

}  // namespace quipu::python
