#include "python/src/objects/chat_message.h"

#include <array>
#include <optional>
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

// The values of an object's members, which must be these in this order.
template <size_t N>
std::optional<std::array<JsonView, N>> values_of(JsonView object,
                                                 const std::array<std::string_view, N>& names) {
  if (!object.is_object()) return std::nullopt;
  std::array<JsonView, N> values;
  size_t count = 0;
  for (const JsonMember& member : object.members()) {
    if (count == N || !member.key_is(names[count])) return std::nullopt;
    values[count++] = member.value;
  }
  return count == N ? std::optional(values) : std::nullopt;
}

nb::object str_of(JsonView string) {
  const std::string_view quoted = string.text();
  if (quoted.find('\\') != std::string_view::npos) return to_str(string.string());
  return to_str(quoted.substr(1, quoted.size() - 2));
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
      loads_(nb::module_::import_("json").attr("loads")),
      message_fields_(set_of({names().role, names().additional_kwargs, names().blocks})),
      block_fields_(set_of({names().block_type, names().text})),
      plain_(plain) {}

nb::object MessageReader::read(JsonView message) const {
  nb::object made = plain_ ? read_plain(message) : nb::object();
  return made.is_valid() ? made : validate_(to_str(message.text()));
}

nb::list MessageReader::read_all(const std::vector<Json>& messages) const {
  nb::list all;
  for (const Json& message : messages) all.append(read(message));
  return all;
}

nb::object MessageReader::read_plain(JsonView message) const {
  const auto values =
      values_of<3>(message, {std::string_view("role"), std::string_view("additional_kwargs"), "blocks"});
  if (!values) return {};
  const auto [role, kwargs, blocks] = *values;
  if (!role.is_string() || !kwargs.is_object() || !blocks.is_array()) return {};
  const nb::object known_role = nb::borrow(PyDict_GetItem(roles_.ptr(), str_of(role).ptr()));
  if (!known_role.is_valid()) return {};
  // Images among the arguments become blocks.
  if (kwargs.text().find("images") != std::string_view::npos) return {};
  const nb::object made_blocks = read_blocks(blocks);
  if (!made_blocks.is_valid()) return {};
  nb::dict fields;
  set_field(fields, names().role, known_role);
  set_field(fields, names().additional_kwargs,
            kwargs.text() == "{}" ? nb::object(nb::dict()) : loads_(to_str(kwargs.text())));
  set_field(fields, names().blocks, made_blocks);
  return make_model(message_type_, fields, message_fields_);
}

nb::object MessageReader::read_blocks(JsonView blocks) const {
  nb::list made;
  for (const JsonView block : blocks.elements()) {
    const auto values = values_of<2>(block, {std::string_view("block_type"), std::string_view("text")});
    if (!values || (*values)[0].text() != "\"text\"" || !(*values)[1].is_string()) return {};
    nb::dict fields;
    set_field(fields, names().block_type, nb::borrow(names().text));
    set_field(fields, names().text, str_of((*values)[1]));
    made.append(make_model(block_type_, fields, block_fields_));
  }
  return made;
}

}  // namespace quipu::python
