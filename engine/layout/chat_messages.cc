#include "engine/layout/chat_messages.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace quipu {
namespace {

constexpr uint64_t kLookUpAtOnce = 100;

Status missing(std::string_view chat, uint64_t id) {
  return Status::corruption("chat store: chat " + Json::from_string(chat).text() + " has no message " +
                            std::to_string(id) + ", which its record names; verify has all that is wrong");
}

Status scan_messages(const KVReader& store, std::string_view chat, ChatRecord::Ids ids,
                     const UseMessage& use) {
  ScanOptions range;
  range.start = message_key(chat, ids.begin);
  range.end = message_key(chat, ids.end);
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan(range, kChatMessages));
  uint64_t id = ids.begin;
  for (; it->next(); ++id) {
    if (id == ids.end || it->key() != message_key(chat, id)) return missing(chat, id);
    QUIPU_RETURN_IF_ERROR(use(id, it->val()));
  }
  QUIPU_RETURN_IF_ERROR(it->status());
  return id == ids.end ? Status::ok() : missing(chat, id);
}

Status look_up_messages(const KVReader& store, std::string_view chat, ChatRecord::Ids ids,
                        const UseMessage& use) {
  for (uint64_t first = ids.begin; first < ids.end;) {
    const uint64_t end = std::min(ids.end, first + kLookUpAtOnce);
    std::vector<std::string> keys;
    for (uint64_t id = first; id < end; ++id) keys.push_back(message_key(chat, id));
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<Json>> found,
                           store.multi_get(views, kChatMessages));
    for (const std::optional<Json>& message : found) {
      if (!message) return missing(chat, first);
      QUIPU_RETURN_IF_ERROR(use(first++, *message));
    }
  }
  return Status::ok();
}

}  // namespace

Status for_each_message(const KVReader& store, std::string_view chat, std::span<const ChatRecord::Ids> ids,
                        bool by_scan, const UseMessage& use) {
  for (const ChatRecord::Ids& stretch : ids) {
    QUIPU_RETURN_IF_ERROR(by_scan ? scan_messages(store, chat, stretch, use)
                                  : look_up_messages(store, chat, stretch, use));
  }
  return Status::ok();
}

}  // namespace quipu
