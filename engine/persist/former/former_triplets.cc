#include "engine/persist/former/former_triplets.h"

#include <optional>
#include <unordered_set>

#include "engine/layout/storage_layout.h"

namespace quipu {
namespace {

// What stands for a rel_map that is not empty, within a string or not.
bool may_have_triplets(JsonView stored_struct) {
  const std::string_view text = stored_struct.text();
  return text.find("rel_map\\\": {\\\"") != std::string_view::npos ||
         text.find("rel_map\": {\"") != std::string_view::npos;
}

// The struct's data; it has been an object and is a string.
std::optional<Json> data_of(JsonView stored_struct) {
  const std::optional<JsonView> type = stored_struct.find("__type__");
  const std::optional<JsonView> data = stored_struct.find("__data__");
  if (!type || type->text() != "\"kg\"" || !data) return std::nullopt;
  if (!data->is_string()) return Json::from_canonical(std::string(data->text()));
  Result<Json> parsed = Json::parse(data->string());
  return parsed ? std::optional(*std::move(parsed)) : std::nullopt;
}

struct Pair {
  std::string_view first;  // canonical text of a string
  std::string_view second;
};

std::optional<Pair> pair_of(JsonView value) {
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string_view> parts;
  for (const JsonView part : value.elements()) {
    if (!part.is_string()) return std::nullopt;
    parts.push_back(part.text());
  }
  return parts.size() == 2 ? std::optional(Pair{parts[0], parts[1]}) : std::nullopt;
}

}  // namespace

bool FormerTriplets::take(JsonView stored_struct) {
  if (!may_have_triplets(stored_struct)) return true;
  const std::optional<Json> data = data_of(stored_struct);
  if (!data || !data->view().is_object()) return true;  // of another index, or nothing that can be read
  const std::optional<JsonView> rel_map = data->view().find("rel_map");
  if (!rel_map || !rel_map->is_object()) return true;

  std::unordered_set<std::string_view> keywords;
  if (const auto table = data->view().find("table"); table && table->is_object()) {
    for (const JsonMember& member : table->members()) keywords.insert(member.raw_key);
  }
  std::vector<std::pair<std::string, Pair>> found;
  int64_t object_first = 0;
  for (const JsonMember& member : rel_map->members()) {
    if (!member.value.is_array()) return false;
    for (const JsonView each : member.value.elements()) {
      const std::optional<Pair> pair = pair_of(each);
      if (!pair) return false;
      object_first += (keywords.contains(pair->first) ? 1 : 0) - (keywords.contains(pair->second) ? 1 : 0);
      found.emplace_back(member.key(), *pair);
    }
  }
  // Where the table does not tell, data that is an object is of a version that is known.
  const bool is_object = stored_struct.find("__data__")->is_object();
  const bool swap = object_first > 0 || (object_first == 0 && is_object);
  for (auto& [subject, pair] : found) {
    add(std::move(subject), swap ? pair.second : pair.first, swap ? pair.first : pair.second);
  }
  return true;
}

void FormerTriplets::add(std::string subject, std::string_view relation, std::string_view object) {
  const auto [place, added] = places_.try_emplace(subject, subjects_.size());
  if (added) subjects_.emplace_back(std::move(subject), "");
  std::string& edges = subjects_[place->second].second;
  if (!edges.empty()) edges += ", ";
  edges.append("[").append(relation).append(", ").append(object).append("]");
  ++triplets_;
}

Status FormerTriplets::give_to(PersistFileHandler& graph_store) const {
  QUIPU_RETURN_IF_ERROR(graph_store.begin_collection(kGraphDict, JsonKind::kObject));
  for (const auto& [subject, edges] : subjects_) {
    QUIPU_RETURN_IF_ERROR(graph_store.entry(subject, JsonView::from_canonical("[" + edges + "]")));
  }
  return graph_store.end_collection();
}

}  // namespace quipu
