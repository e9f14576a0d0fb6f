#include "quipu/vector_values.h"

namespace quipu {

Json vector_value(std::span<const double> elements) {
  std::string text = "{\"embedding\": [";
  for (size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) text += ", ";
    append_json_double(elements[i], text);
  }
  return Json::from_canonical(text + "]}");
}

bool parse_vector_value(JsonView value, std::vector<double>& elements) {
  elements.clear();
  const std::optional<JsonView> array = value.find("embedding");
  if (!array || !array->is_array()) return false;
  for (const JsonView element : array->elements()) {
    const std::optional<double> number = element.number();
    if (!number) return false;
    elements.push_back(*number);
  }
  return true;
}

}  // namespace quipu
