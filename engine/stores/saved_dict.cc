#include "engine/stores/saved_dict.h"

#include <memory>

namespace quipu {

Status append_collection(const KVReader& store, const std::string& collection, std::string_view field,
                         std::string& text) {
  ScanOptions in_order;
  in_order.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan(in_order, collection));
  text += '{';
  while (it->next()) {
    if (text.back() != '{') text += ", ";
    append_json_string(it->key(), text);
    text += ": ";
    text += field.empty() ? it->val().text() : it->val().find(field).value_or(JsonView()).text();
  }
  text += '}';
  return it->status();
}

}  // namespace quipu
