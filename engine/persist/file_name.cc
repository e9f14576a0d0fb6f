#include "engine/persist/file_name.h"

#include <string>

#include "quipu/json.h"

namespace quipu {

Status check_file_name(std::string_view name) {
  const bool plain = !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
                     name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
  if (plain) return Status::ok();
  return Status::invalid_argument("not a plain file name: " + Json::from_string(name).text());
}

std::optional<std::string> vector_store_namespace(std::string_view name) {
  constexpr std::string_view kEnd = "__vector_store.json";
  if (!name.ends_with(kEnd)) return std::nullopt;
  name.remove_suffix(kEnd.size());
  return std::string(name);
}

bool is_other_store_file(std::string_view name) {
  return name == "graph_store.json" || name == "property_graph_store.json" || name == "image_store.json" ||
         name.ends_with("vector_store.json");
}

}  // namespace quipu
