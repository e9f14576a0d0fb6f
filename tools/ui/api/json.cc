#include "tools/ui/api/json.h"

namespace quipu::ui {

std::string beginning_of(std::string_view text, size_t at_most) {
  if (text.size() <= at_most) return std::string(text);
  while (at_most != 0 && (text[at_most] & '\xC0') == '\x80') --at_most;
  return std::string(text.substr(0, at_most));
}

void add_beginning(JsonText& object, std::string_view name, std::string_view text, size_t at_most) {
  object.add(name, beginning_of(text, at_most));
  if (text.size() > at_most) object.add(std::string(name) + "_bytes", static_cast<uint64_t>(text.size()));
}

std::string content_of(const BaseNode& node) { return node.get_content().value_or(""); }

std::string node_row(const BaseNode& node) {
  JsonText row;
  row.add_key(node.node_id()).add("type", node.class_name());
  add_beginning(row, "text", content_of(node), kPreviewBytes);
  add_beginning(row, "metadata", node.metadata().text(), kValueBytes);
  return row.object();
}

std::shared_ptr<BaseKVStore> unowned(BaseKVStore& store) { return {std::shared_ptr<void>(), &store}; }

}  // namespace quipu::ui
