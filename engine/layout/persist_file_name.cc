#include "engine/layout/persist_file_name.h"

#include "quipu/json.h"

namespace quipu {

Status check_file_name(std::string_view name) {
  const bool plain = !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
                     name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
  if (plain) return Status::ok();
  return Status::invalid_argument("not a plain file name: " + Json::from_string(name).text());
}

}  // namespace quipu
