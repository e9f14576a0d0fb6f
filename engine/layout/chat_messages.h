// The messages of one chat, read by their ids.

#ifndef QUIPU_ENGINE_LAYOUT_CHAT_MESSAGES_H_
#define QUIPU_ENGINE_LAYOUT_CHAT_MESSAGES_H_

#include <functional>
#include <span>
#include <string_view>

#include "engine/layout/chat_record.h"
#include "quipu/kv_store.h"

namespace quipu {

using UseMessage = std::function<Status(uint64_t id, JsonView message)>;

// Hands on the messages of these ids, in order: by a scan where `by_scan`, else by look-ups. Errors:
// kCorruption where one is not there; what `use` returned. REQUIRES: nobody writes to the chat meanwhile.
Status for_each_message(const KVReader& store, std::string_view chat, std::span<const ChatRecord::Ids> ids,
                        bool by_scan, const UseMessage& use);

}  // namespace quipu

#endif  // QUIPU_ENGINE_LAYOUT_CHAT_MESSAGES_H_
