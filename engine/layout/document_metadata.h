#ifndef QUIPU_ENGINE_LAYOUT_DOCUMENT_METADATA_H_
#define QUIPU_ENGINE_LAYOUT_DOCUMENT_METADATA_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/layout/storage_layout.h"
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

// Appends the hash of such a value; false, and nothing, where it has none.
inline bool append_document_hash(JsonView metadata, std::string& out) {
  constexpr std::string_view kFront = "{\"doc_hash\": \"";
  const std::string_view text = metadata.text();
  if (text.starts_with(kFront)) {
    const std::string_view hash = text.substr(kFront.size(), text.find('"', kFront.size()) - kFront.size());
    if (hash.find('\\') == std::string_view::npos) return out.append(hash), true;
  }
  const std::optional<JsonView> hash = metadata.find(kDocHash);
  if (!hash || !hash->is_string()) return false;
  append_decoded_string(hash->text(), out);
  return true;
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_LAYOUT_DOCUMENT_METADATA_H_
