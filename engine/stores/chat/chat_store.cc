#include "quipu/chat_store.h"

#include <utility>

#include "engine/layout/chat_record.h"
#include "engine/stores/chat/chat_change.h"
#include "quipu/backend/executor.h"

namespace quipu {
namespace {

using Decision = std::optional<ChatChange>;

// Of the first active messages, as many as there are; nothing when there is none.
std::vector<ChatRecord::Ids> oldest(const ChatRecord& record, uint64_t n) {
  return record.select({.limit = n, .status = MessageStatus::kActive});
}

// The one message of a change of one; nothing where nothing was done.
Result<std::optional<Json>> only_message(Result<ChangedMessages> changed) {
  if (!changed) return changed.error();
  return *changed ? std::optional<Json>(std::move((*changed)->front())) : std::optional<Json>();
}

Decision removal_of(std::vector<ChatRecord::Ids> ids) {
  if (ids.empty()) return std::nullopt;
  return ChatChange{.removed = std::move(ids)};
}

}  // namespace

Json chat_message(std::string_view role, std::string_view text) {
  std::string message = "{\"role\": ";
  append_json_string(role, message);
  message += R"(, "additional_kwargs": {}, "blocks": [{"block_type": "text", "text": )";
  append_json_string(text, message);
  return Json::from_canonical(message + "}]}");
}

KVChatStore::KVChatStore(std::shared_ptr<BaseKVStore> kvstore) : kvstore_(std::move(kvstore)) {}

Status KVChatStore::declare() {
  for (const std::string_view collection : {kChatMessages, kChats}) {
    QUIPU_RETURN_IF_ERROR(
        kvstore_->declare_collection(collection, {std::string(CHAT_STORE_PERSIST_FNAME), ""}));
  }
  return Status::ok();
}

Status KVChatStore::set_messages(std::string_view key, std::span<const Json> messages, MessageStatus status) {
  QUIPU_RETURN_IF_ERROR(declare());
  return change_chat(
             *kvstore_, key, /*wants_messages=*/false,
             [&](const ChatRecord& record, bool /*exists*/) -> Result<Decision> {
               return ChatChange{
                   .removed = record.select({}), .starts_anew = true, .added = messages, .status = status};
             })
      .status();
}

Result<std::vector<Json>> KVChatStore::get_messages(std::string_view key, const MessageWindow& window) const {
  return read_chat(*kvstore_, key, window);
}

Result<uint64_t> KVChatStore::count_messages(std::string_view key,
                                             std::optional<MessageStatus> status) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored, kvstore_->get(key, kChats));
  if (!stored) return uint64_t{0};
  QUIPU_ASSIGN_OR_RETURN(const ChatRecord record, ChatRecord::parse(key, *stored));
  return record.count(status);
}

Status KVChatStore::add_message(std::string_view key, JsonView message, MessageStatus status) {
  const Json copy = Json::from_canonical(std::string(message.text()));
  return add_messages(key, {&copy, 1}, status);
}

Status KVChatStore::add_messages(std::string_view key, std::span<const Json> messages, MessageStatus status) {
  if (messages.empty()) return Status::ok();
  QUIPU_RETURN_IF_ERROR(declare());
  return change_chat(*kvstore_, key, /*wants_messages=*/false,
                     [&](const ChatRecord& /*record*/, bool /*exists*/) -> Result<Decision> {
                       return ChatChange{.added = messages, .status = status};
                     })
      .status();
}

Status KVChatStore::insert_message(std::string_view key, int64_t idx, JsonView message,
                                   MessageStatus status) {
  QUIPU_RETURN_IF_ERROR(declare());
  const Json copy = Json::from_canonical(std::string(message.text()));
  return change_chat(*kvstore_, key, /*wants_messages=*/false,
                     [&](const ChatRecord& record, bool /*exists*/) -> Result<Decision> {
                       return ChatChange{
                           .added = {&copy, 1}, .status = status, .moved = record.select({.offset = idx})};
                     })
      .status();
}

Result<std::optional<std::vector<Json>>> KVChatStore::delete_messages(std::string_view key) {
  return change_chat(*kvstore_, key, /*wants_messages=*/true,
                     [&](const ChatRecord& record, bool exists) -> Result<Decision> {
                       if (!exists) return Decision();
                       return ChatChange{.removed = record.select({}), .removes_chat = true};
                     });
}

Status KVChatStore::delete_messages_of(std::string_view key, std::optional<MessageStatus> status) {
  return change_chat(*kvstore_, key, /*wants_messages=*/false,
                     [&](const ChatRecord& record, bool exists) -> Result<Decision> {
                       if (!exists) return Decision();
                       return ChatChange{.removed = record.select({.status = status}), .removes_chat = true};
                     })
      .status();
}

Result<std::optional<Json>> KVChatStore::delete_message(std::string_view key, int64_t idx) {
  return only_message(change_chat(*kvstore_, key, /*wants_messages=*/true,
                                  [&](const ChatRecord& record, bool exists) -> Result<Decision> {
                                    if (!exists) return Decision();
                                    const uint64_t count = record.count(std::nullopt);
                                    if (idx < 0 && uint64_t{0} - static_cast<uint64_t>(idx) > count) {
                                      return Status::invalid_argument(
                                          count == 0 ? "IndexError: pop from empty list"
                                                     : "IndexError: pop index out of range");
                                    }
                                    return removal_of(record.select({.offset = idx, .limit = 1}));
                                  }));
}

Result<std::optional<Json>> KVChatStore::delete_message_of_id(std::string_view key, uint64_t id) {
  return only_message(change_chat(*kvstore_, key, /*wants_messages=*/true,
                                  [&](const ChatRecord& record, bool /*exists*/) -> Result<Decision> {
                                    Decision removal = removal_of(record.select_id(id));
                                    if (removal) removal->removes_chat = true;
                                    return removal;
                                  }));
}

Result<std::optional<Json>> KVChatStore::delete_last_message(std::string_view key) {
  return delete_message(key, -1);
}

Result<std::vector<Json>> KVChatStore::delete_oldest_messages(std::string_view key, uint64_t n) {
  QUIPU_ASSIGN_OR_RETURN(ChangedMessages changed,
                         change_chat(*kvstore_, key, /*wants_messages=*/true,
                                     [&](const ChatRecord& record, bool /*exists*/) -> Result<Decision> {
                                       Decision removal = removal_of(oldest(record, n));
                                       if (removal) removal->removes_chat = true;
                                       return removal;
                                     }));
  return std::move(changed).value_or(std::vector<Json>());
}

Result<std::vector<Json>> KVChatStore::archive_oldest_messages(std::string_view key, uint64_t n) {
  QUIPU_ASSIGN_OR_RETURN(ChangedMessages changed,
                         change_chat(*kvstore_, key, /*wants_messages=*/true,
                                     [&](const ChatRecord& record, bool /*exists*/) -> Result<Decision> {
                                       std::vector<ChatRecord::Ids> ids = oldest(record, n);
                                       if (ids.empty()) return Decision();
                                       return ChatChange{.archived = std::move(ids)};
                                     }));
  return std::move(changed).value_or(std::vector<Json>());
}

Result<std::vector<std::string>> KVChatStore::get_keys() const {
  ScanOptions keys;
  keys.keys_only = true;
  keys.order = ScanOptions::Order::kInsertion;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, kvstore_->scan(keys, kChats));
  std::vector<std::string> chats;
  while (it->next()) chats.emplace_back(it->key());
  QUIPU_RETURN_IF_ERROR(it->status());
  return chats;
}

std::shared_ptr<BaseChatStore> KVChatStore::unowned() const {
  return std::make_shared<KVChatStore>(unowned_pointer(*kvstore_));
}

}  // namespace quipu
