#include "quipu/backend/features.h"

#include "engine/json/number.h"

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
  const std::optional<JsonView> array = value.find("embedding");
  return array && array->is_array() && parse_number_array(array->text(), elements);
}

Result<std::unique_ptr<CodeReader>> VectorValues::codes(std::string_view /*collection*/) const {
  return std::unique_ptr<CodeReader>();
}

}  // namespace quipu
