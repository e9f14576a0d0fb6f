#include "quipu/index_store.h"

namespace quipu {
namespace {

std::string quoted(std::string_view key) {
  std::string text;
  append_json_string(key, text);
  return text.substr(1, text.size() - 2);
}

}  // namespace

void IndexStructChange::put(std::string_view field, std::string_view key, JsonView value) {
  steps_.push_back(
      {Step::Kind::kPut, std::string(field), quoted(key), Json::from_canonical(std::string(value.text()))});
}

void IndexStructChange::erase(std::string_view field, std::string_view key) {
  steps_.push_back({Step::Kind::kErase, std::string(field), quoted(key), {}});
}

void IndexStructChange::append(std::string_view field, JsonView value) {
  steps_.push_back(
      {Step::Kind::kAppend, std::string(field), {}, Json::from_canonical(std::string(value.text()))});
}

}  // namespace quipu
