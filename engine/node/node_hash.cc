// The reference's node.hash, class by class (schema.py).

#include "engine/base/sha256.h"
#include "engine/base/utf8.h"
#include "engine/node/node_class.h"
#include "engine/python/python_text.h"

namespace quipu {
namespace {

bool has_surrogate(std::string_view text) {
  for (size_t at = text.find('\xed'); at != std::string_view::npos; at = text.find('\xed', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xa0) return true;
  }
  return false;
}

Status encode_error() {
  return Status::invalid_argument(
      "UnicodeEncodeError: 'utf-8' codec can't encode a surrogate: surrogates not allowed");
}

void append_or_none(JsonView value, std::string& out) {
  const size_t before = out.size();
  if (value.is_string()) append_decoded_string(value.text(), out);
  if (out.size() == before) out += "None";
}

}  // namespace

Result<std::string> hash_text_node(const NodeFields& fields) {
  thread_local std::string identity;  // kept, so that hashing many nodes allocates nothing
  identity.clear();
  append_decoded_string(fields.values[kText].text(), identity);
  append_repr(fields.values[kMetadata], identity);
  return sha256_hex(identity);
}

Result<std::string> hash_image_node(const NodeFields& fields) {
  std::string identity;
  for (const size_t part : {kImage, kImage + 1, kImage + 2}) {
    append_or_none(fields.values[part], identity);
    identity += '-';
  }
  append_or_none(fields.values[kText], identity);
  return sha256_hex(identity);
}

Result<std::string> hash_resource_node(const NodeFields& fields) {
  QUIPU_ASSIGN_OR_RETURN(std::string identity, metadata_str(fields, MetadataMode::ALL));
  bool first = identity.empty();
  for (const size_t part : {kAudioResource, kImageResource, kTextResource, kVideoResource}) {
    if (fields.values[part].is_null()) continue;
    QUIPU_ASSIGN_OR_RETURN(const std::string hash, parse_resource(fields.values[part]).hash());
    if (!first) identity += '-';
    first = false;
    identity += hash;
  }
  return sha256_hex(identity);
}

Result<std::string> MediaResource::hash() const {
  std::string identity;
  if (text) identity += text->empty() ? "<empty_string>" : *text;
  for (const std::optional<std::string>* part : {&path, &url}) {
    if (!*part) continue;
    if (has_surrogate(**part)) return encode_error();
    identity += sha256_hex(**part);
  }
  if (!text && !path && !url) return std::string();
  if (has_surrogate(identity)) return encode_error();
  return sha256_hex(identity);
}

}  // namespace quipu
