#include "quipu/index_store.h"

#include <algorithm>
#include <array>

#include "engine/node/node_class.h"
#include "engine/python/python_text.h"

namespace quipu {
namespace {

// Source: llama_index/core/data_structs/registry.py.
constexpr std::array<std::string_view, 11> kTypes = {
    "tree", "list",       "keyword_table", "vector_store",     "sql",       "pandas",
    "kg",   "simple_lpg", "empty",         "document_summary", "multimodal"};

Status key_error(std::string_view key) {
  std::string repr;
  append_string_repr(key, repr);
  return Status::invalid_argument("KeyError: " + repr);
}

Json stored_form(std::string_view type, const Json& data) {
  return Json::from_canonical("{\"__type__\": " + Json::from_string(type).text() +
                              ", \"__data__\": " + Json::from_string(data.text()).text() + "}");
}

}  // namespace

std::span<const std::string_view> IndexStruct::types() { return kTypes; }

Result<IndexStruct> IndexStruct::from_json(Json stored) {
  if (!stored.view().is_object())
    return Status::invalid_argument("TypeError: an index struct is not an object");
  const std::optional<JsonView> type = stored.view().find("__type__");
  if (!type) return key_error("__type__");
  const std::optional<JsonView> data = stored.view().find("__data__");
  if (!data) return key_error("__data__");
  const std::string type_name = python_str(*type);
  if (!type->is_string() || std::ranges::find(kTypes, type_name) == kTypes.end()) return key_error(type_name);

  const bool is_text = data->is_string();
  Result<Json> inner =
      is_text ? Json::parse_owned(data->string()) : Json::from_canonical(std::string(data->text()));
  if (!inner) return Status::invalid_argument("JSONDecodeError: " + inner.error().message());
  if (!inner->view().is_object()) return Status::invalid_argument("TypeError: __data__ is no object");
  const std::optional<JsonView> id = inner->view().find("index_id");
  std::string index_id = id && id->is_string() ? id->string() : random_uuid();
  Json json = is_text ? std::move(stored) : stored_form(type_name, *inner);
  return IndexStruct(std::move(json), type_name, *std::move(inner), std::move(index_id));
}

Result<IndexStruct> IndexStruct::create(std::string_view type, const Json& data) {
  const std::optional<JsonView> id = data.view().find("index_id");
  if (!id || !id->is_string()) {
    return Status::invalid_argument("ValueError: an index struct's data has no index_id");
  }
  return from_json(stored_form(type, data));
}

std::optional<std::string> IndexStruct::summary() const {
  const std::optional<JsonView> summary = data().find("summary");
  return summary && summary->is_string() ? std::optional(summary->string()) : std::nullopt;
}

}  // namespace quipu
