#include "python/src/convert/text.h"

#include <cstdint>
#include <cstring>

#include "python/src/convert/errors.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

bool is_ascii(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  uint64_t all = 0;
  while (text.size() >= sizeof(uint64_t)) {
    uint64_t bytes = 0;
    std::memcpy(&bytes, text.data(), sizeof(bytes));
    all |= bytes;
    text.remove_prefix(sizeof(bytes));
  }
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return (all & kHighBits) == 0;
}

}  // namespace

PyObject* make_ascii(std::string_view text) {
  PyObject* const made = PyUnicode_New(static_cast<Py_ssize_t>(text.size()), 0x7F);
  if (made != nullptr && !text.empty()) std::memcpy(PyUnicode_1BYTE_DATA(made), text.data(), text.size());
  return made;
}

bool to_text(nb::handle value, Text& text) {
  Py_ssize_t size = 0;
  if (const char* const utf8 = PyUnicode_AsUTF8AndSize(value.ptr(), &size)) {
    text = {{utf8, static_cast<size_t>(size)}, nb::borrow(value)};
    return true;
  }
  if (!PyUnicode_Check(value.ptr())) return false;
  PyErr_Clear();  // a lone surrogate
  nb::object bytes = nb::steal(PyUnicode_AsEncodedString(value.ptr(), "utf-8", "surrogatepass"));
  if (!bytes.is_valid()) return false;
  text.view = {PyBytes_AS_STRING(bytes.ptr()), static_cast<size_t>(PyBytes_GET_SIZE(bytes.ptr()))};
  text.kept = std::move(bytes);
  return true;
}

nb::str to_str(std::string_view text) {
  PyObject* const made =
      is_ascii(text)
          ? make_ascii(text)
          : PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "surrogatepass");
  if (made == nullptr) throw nb::python_error();
  return nb::steal<nb::str>(made);
}

std::vector<std::string> to_strings(nb::handle list) {
  std::vector<std::string> texts;
  for (const nb::handle item : list) {
    Text text;
    if (!to_text(item, text)) throw nb::python_error();
    texts.emplace_back(text.view);
  }
  return texts;
}

nb::list to_list(const std::vector<std::string>& texts) {
  nb::list list;
  for (const std::string& text : texts) list.append(to_str(text));
  return list;
}

Json parse_json(std::string_view text) { return take(Json::parse(text)); }

}  // namespace quipu::python
