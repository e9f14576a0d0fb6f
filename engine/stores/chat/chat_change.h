// ChatChange: what a call does to one chat, decided from the chat's record, and carried out in one batch.

#ifndef QUIPU_ENGINE_STORES_CHAT_CHAT_CHANGE_H_
#define QUIPU_ENGINE_STORES_CHAT_CHAT_CHANGE_H_

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/layout/chat_record.h"
#include "quipu/kv_store.h"

namespace quipu {

// In the order in which it happens.
struct ChatChange {
  std::vector<ChatRecord::Ids> removed = {};   // lose their messages
  std::vector<ChatRecord::Ids> archived = {};  // become archived
  bool starts_anew = false;                    // the first id is given again; all must be removed
  std::span<const Json> added = {};
  MessageStatus status = MessageStatus::kActive;  // of those
  std::vector<ChatRecord::Ids> moved = {};  // come behind those, at other ids and of the status they had
  bool removes_chat = false;                // what is left without messages goes, too
};

// The record is that of a new chat where there is none. Nothing: there is nothing to do. May be called again
// with another record.
using DecideChange = std::function<Result<std::optional<ChatChange>>(const ChatRecord& record, bool exists)>;

// The messages that a change has removed or archived.
using ChangedMessages = std::optional<std::vector<Json>>;

// Nothing where the decision was to do nothing. Their messages are read only where `wants_messages`. Errors:
// those of the decision; kInvalidArgument for a message that is no object.
Result<ChangedMessages> change_chat(BaseKVStore& store, std::string_view key, bool wants_messages,
                                    const DecideChange& decide);

// The messages of a window, of one moment. None for a chat that is not known.
Result<std::vector<Json>> read_chat(BaseKVStore& store, std::string_view key, const MessageWindow& window);

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_CHAT_CHAT_CHANGE_H_
