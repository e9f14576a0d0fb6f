// The value of a property graph's triplet: {"target": "id"}, which an index covers, and where a file of the
// reference has the relation under another key than the ids give (it forgets there that quotes in names
// become spaces in ids), also "relation_key".

#ifndef QUIPU_ENGINE_STORES_TRIPLET_VALUE_H_
#define QUIPU_ENGINE_STORES_TRIPLET_VALUE_H_

#include <string>
#include <string_view>

#include "quipu/json.h"

namespace quipu {

inline constexpr std::string_view kTripletTarget = "target";
inline constexpr std::string_view kTripletRelationKey = "relation_key";

// `other_relation_key` empty: the relation is where the ids say.
inline Json triplet_value(std::string_view target, std::string_view other_relation_key = {}) {
  std::string text = "{\"target\": ";
  append_json_string(target, text);
  if (!other_relation_key.empty()) {
    text += ", \"relation_key\": ";
    append_json_string(other_relation_key, text);
  }
  return Json::from_canonical(text + "}");
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_TRIPLET_VALUE_H_
