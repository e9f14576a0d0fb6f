// The metadata of a ref doc as the reference merges it (_get_kv_pairs_for_insert, _merge_ref_doc_kv_pairs):
// metadata that is stored and not empty stays as it is; otherwise that of all nodes of one call is merged as
// dict.update does, later values winning at the first one's place.

#ifndef QUIPU_ENGINE_LAYOUT_REF_DOC_METADATA_H_
#define QUIPU_ENGINE_LAYOUT_REF_DOC_METADATA_H_

#include <string>

#include "quipu/json.h"
#include "quipu/ordered_map.h"

namespace quipu {

class RefDocMetadata {
 public:
  RefDocMetadata() = default;
  explicit RefDocMetadata(JsonView stored) : text_(stored.text()), fixed_(stored.truthy()) {}

  void merge(JsonView metadata) {
    if (fixed_ || !metadata.truthy()) return;
    changed_ = true;
    for (const JsonMember& member : metadata.members()) {
      members_[member.raw_key] = member.value.text();
    }
  }

  std::string text() const {
    if (!changed_) return text_;
    std::string merged = "{";
    for (const auto& [raw_key, value] : members_) {
      if (merged.size() > 1) merged += ", ";
      merged += raw_key + ": " + value;
    }
    return merged + "}";
  }
  bool changed() const { return changed_; }

 private:
  std::string text_ = "{}";  // as it is stored
  bool fixed_ = false;
  bool changed_ = false;
  OrderedMap<std::string> members_;  // merged so far: the keys with their quotes, and the values' texts
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_LAYOUT_REF_DOC_METADATA_H_
