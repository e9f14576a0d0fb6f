// get_metadata_str and get_content.

#include <algorithm>

#include "engine/node/node_class.h"
#include "engine/python/python_text.h"

namespace quipu {
namespace {

bool is_listed(JsonView keys, std::string_view raw_key) {
  const auto elements = keys.elements();
  for (const JsonView key : elements) {
    if (key.text() == raw_key) return true;
  }
  return false;
}

Result<std::string> fill_template(std::string_view text_template, std::string_view content,
                                  std::string_view metadata) {
  const FormatArgument arguments[] = {{"content", content}, {"metadata_str", metadata}};
  QUIPU_ASSIGN_OR_RETURN(const std::string text, python_format(text_template, arguments));
  return std::string(python_strip(text));
}

}  // namespace

Result<std::string> metadata_str(const NodeFields& fields, MetadataMode mode) {
  std::string text;
  if (mode == MetadataMode::NONE) return text;
  const std::string format = fields.values[kMetadataTemplate].string();
  const std::string separator = fields.values[kMetadataSeparator].string();
  bool first = true;
  for (const JsonMember& member : fields.values[kMetadata].members()) {
    const bool excluded =
        (mode == MetadataMode::LLM && is_listed(fields.values[kExcludedLlmKeys], member.raw_key)) ||
        (mode == MetadataMode::EMBED && is_listed(fields.values[kExcludedEmbedKeys], member.raw_key));
    if (excluded) continue;
    const std::string key = member.key();
    const std::string value = python_str(member.value);
    const FormatArgument arguments[] = {{"key", key}, {"value", value}};
    QUIPU_ASSIGN_OR_RETURN(const std::string line, python_format(format, arguments));
    if (!first) text += separator;
    first = false;
    text += line;
  }
  return text;
}

Result<std::string> BaseNode::get_metadata_str(MetadataMode mode) const {
  return metadata_str(fields_, mode);
}

Result<std::string> TextNode::get_content(MetadataMode mode) const {
  QUIPU_ASSIGN_OR_RETURN(const std::string whole, get_metadata_str(mode));
  const std::string_view metadata = python_strip(whole);
  if (mode == MetadataMode::NONE || metadata.empty()) return text();
  return fill_template(text_template(), text(), metadata);
}

Result<std::string> Node::get_content(MetadataMode mode) const {
  const std::optional<MediaResource> resource = text_resource();
  if (!resource) return std::string();
  const std::string content = resource->text.value_or("");
  QUIPU_ASSIGN_OR_RETURN(const std::string metadata, get_metadata_str(mode));
  if (mode == MetadataMode::NONE || metadata.empty()) return content;
  return fill_template(text_template(), content, metadata);
}

}  // namespace quipu
