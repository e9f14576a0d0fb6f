#ifndef QUIPU_ENGINE_LAYOUT_DOCUMENT_METADATA_H_
#define QUIPU_ENGINE_LAYOUT_DOCUMENT_METADATA_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "quipu/json.h"

namespace quipu {

// What a document store keeps of a node in <ns>/metadata.
inline Json document_metadata(std::string_view doc_hash, const std::optional<std::string>& ref_doc_id) {
  std::string text;
  text.reserve(64 + doc_hash.size() + (ref_doc_id ? ref_doc_id->size() : 0));
  text += "{\"doc_hash\": ";
  append_json_string(doc_hash, text);
  if (ref_doc_id) {
    text += ", \"ref_doc_id\": ";
    append_json_string(*ref_doc_id, text);
  }
  return Json::from_canonical(std::move(text += "}"));
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_LAYOUT_DOCUMENT_METADATA_H_
