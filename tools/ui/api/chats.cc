// Chat histories.

#include <vector>

#include "quipu/chat_store.h"
#include "tools/ui/api/json.h"
#include "tools/ui/api/page.h"
#include "tools/ui/api/table.h"

namespace quipu::ui {
namespace {

// The texts of its blocks, and of a message of an older form its content.
std::string text_of(JsonView message) {
  std::string text;
  if (const auto content = message.find("content"); content && content->is_string()) text = content->string();
  const auto blocks = message.find("blocks");
  if (!blocks || !blocks->is_array()) return text;
  for (const JsonView block : blocks->elements()) {
    const auto part = block.find("text");
    if (!part || !part->is_string()) continue;
    if (!text.empty()) text += '\n';
    text += part->string();
  }
  return text;
}

std::string message_json(JsonView message) {
  const auto role = message.find("role");
  JsonText row;
  row.add("role", role && role->is_string() ? role->string() : std::string());
  add_beginning(row, "text", text_of(message), kValueBytes / 8);
  add_beginning(row, "value", message.text(), kValueBytes / 8);
  return row.object();
}

}  // namespace

Result<std::string> get_chats(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  const KVChatStore chats(unowned(*store));
  return page_of(*store, "chat_store/chats", params, Values::kLeft,
                 [&](std::string_view key, JsonView) -> Result<std::string> {
                   QUIPU_ASSIGN_OR_RETURN(const uint64_t messages, chats.count_messages(key));
                   return JsonText().add_key(key).add("messages", messages).object();
                 });
}

Result<std::string> get_chat(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const std::string key, params.required_bytes("key"));
  QUIPU_ASSIGN_OR_RETURN(const uint64_t offset, params.number("offset", 0, INT64_MAX));
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  const KVChatStore chats(unowned(*store));
  QUIPU_ASSIGN_OR_RETURN(const bool there, store->exists(key, "chat_store/chats"));
  if (!there) return Status::not_found("there is no chat of this key");
  QUIPU_ASSIGN_OR_RETURN(const uint64_t count, chats.count_messages(key));
  QUIPU_ASSIGN_OR_RETURN(const uint64_t archived, chats.count_messages(key, MessageStatus::kArchived));
  QUIPU_ASSIGN_OR_RETURN(
      const std::vector<Json> messages,
      chats.get_messages(key, {.offset = static_cast<int64_t>(offset), .limit = kPageEntries}));
  std::vector<std::string> rows;
  for (const Json& message : messages) rows.push_back(message_json(message));
  JsonText answer;
  answer.add_key(key).add("messages", count).add("archived", archived).add("offset", offset);
  return answer.add_raw("rows", JsonText::array(rows)).object();
}

}  // namespace quipu::ui
