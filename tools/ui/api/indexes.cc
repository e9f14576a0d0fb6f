// Index structs: what an index remembers of its nodes.

#include <optional>
#include <vector>

#include "quipu/backend/features.h"
#include "quipu/index_store.h"
#include "tools/ui/api/json.h"
#include "tools/ui/api/page.h"
#include "tools/ui/api/table.h"

namespace quipu::ui {
namespace {

constexpr std::string_view kIndexStructs = "index_store/data";

std::string type_of(JsonView stored) {
  const std::optional<JsonView> type = stored.find("__type__");
  return type && type->is_string() ? type->string() : "";
}

// Without reading the parts of one that is long.
Result<std::string> type_of_struct(BaseKVStore& store, std::string_view id) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<ComposedValues::Info> composed,
                         store.composed_values().composed_info(kIndexStructs, id));
  if (composed) {
    std::string text;
    for (const std::string& part : composed->texts) text += part;
    return type_of(JsonView::from_canonical(text));
  }
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> value, store.get(id, kIndexStructs));
  return value ? type_of(*value) : std::string();
}

uint64_t size_of(JsonView value) {
  uint64_t size = 0;
  if (value.is_object()) {
    for ([[maybe_unused]] const JsonMember& member : value.members()) ++size;
  } else if (value.is_array()) {
    for ([[maybe_unused]] const JsonView element : value.elements()) ++size;
  }
  return size;
}

std::string row_of(const std::string& key, JsonView value) {
  return JsonText().add("key", key).add("value", beginning_of(value.text(), kPreviewBytes)).object();
}

// A page of a dict's or list's members.
std::string members_json(JsonView value, uint64_t offset) {
  std::vector<std::string> rows;
  uint64_t place = 0;
  const auto add = [&](const std::string& key, JsonView member) {
    if (place++ >= offset && rows.size() < kPageEntries) rows.push_back(row_of(key, member));
    return rows.size() < kPageEntries;
  };
  if (value.is_object()) {
    for (const JsonMember& member : value.members()) {
      if (!add(member.key(), member.value)) break;
    }
  } else {
    for (const JsonView element : value.elements()) {
      if (!add(std::to_string(place), element)) break;
    }
  }
  return JsonText::array(rows);
}

}  // namespace

Result<std::string> get_indexes(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  return page_of(*store, std::string(kIndexStructs), params, Values::kLeft,
                 [&](std::string_view id, JsonView) -> Result<std::string> {
                   QUIPU_ASSIGN_OR_RETURN(const std::string type, type_of_struct(*store, id));
                   return JsonText().add_key(id).add("type", type).object();
                 });
}

Result<std::string> get_index(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const std::string id, params.required_bytes("id"));
  QUIPU_ASSIGN_OR_RETURN(const uint64_t offset, params.number("offset", 0, UINT64_MAX));
  const std::optional<std::string> chosen = params.find("field");
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  QUIPU_ASSIGN_OR_RETURN(const std::optional<IndexStruct> found,
                         KVIndexStore(unowned(*store)).get_index_struct(id));
  if (!found) return Status::not_found("there is no index struct of this id");
  std::vector<std::string> fields;
  for (const JsonMember& member : found->data().members()) {
    JsonText field;
    field.add("name", member.key());
    if (!member.value.is_object() && !member.value.is_array()) {
      add_beginning(field, "value", member.value.text(), kPreviewBytes);
    } else {
      field.add("size", size_of(member.value));
      if (chosen && member.key_is(*chosen)) {
        field.add("offset", offset).add_raw("members", members_json(member.value, offset));
      }
    }
    fields.push_back(field.object());
  }
  JsonText answer;
  answer.add_key(id).add("type", found->type()).add("summary", found->summary().value_or(""));
  return answer.add_raw("fields", JsonText::array(fields)).object();
}

}  // namespace quipu::ui
