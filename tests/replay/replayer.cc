#include "tests/replay/replayer.h"

namespace quipu::testing {

std::unique_ptr<Replayer> Replayer::make(std::string_view trace, BackendStores& stores) {
  if (trace == "kvstore") return make_kv_replayer(stores);
  if (trace == "docstore") return make_document_store_replayer(stores);
  if (trace == "index_store") return make_index_store_replayer(stores);
  if (trace == "vector_store") return make_vector_store_replayer(stores);
  if (trace == "storage_context") return make_storage_context_replayer();
  if (trace == "graph_store") return make_graph_store_replayer(stores);
  if (trace == "property_graph_store") return make_property_graph_store_replayer(stores);
  return nullptr;
}

std::string string_arg(JsonView args, std::string_view name, std::string_view otherwise) {
  const std::optional<JsonView> value = args.find(name);
  return value && value->is_string() ? value->string() : std::string(otherwise);
}

bool bool_arg(JsonView args, std::string_view name, bool otherwise) {
  const std::optional<JsonView> value = args.find(name);
  return value ? value->truthy() : otherwise;
}

int int_arg(JsonView args, std::string_view name, int otherwise) {
  const std::optional<JsonView> value = args.find(name);
  return value ? static_cast<int>(value->int64().value_or(otherwise)) : otherwise;
}

std::optional<std::vector<std::string>> strings_arg(JsonView args, std::string_view name) {
  const std::optional<JsonView> value = args.find(name);
  if (!value || !value->is_array()) return std::nullopt;
  std::vector<std::string> strings;
  for (const JsonView element : value->elements()) strings.push_back(element.string());
  return strings;
}

std::string json_text(std::string_view string) { return Json::from_string(string).text(); }
std::string json_text(bool value) { return value ? "true" : "false"; }

Result<std::string> store_to_dict(const KVReader& store) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, store.collections());
  std::string text = "{";
  for (const CollectionInfo& info : infos) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<KVEntry> entries, store.get_all(info.name));
    if (entries.empty()) continue;
    text += (text.size() > 1 ? ", " : "") + json_text(info.name) + ": {";
    for (size_t i = 0; i < entries.size(); ++i) {
      text += (i > 0 ? ", " : "") + json_text(entries[i].key) + ": " + entries[i].val.text();
    }
    text += "}";
  }
  return text + "}";
}

}  // namespace quipu::testing
