// How a chat store keeps its chats (docs/FORMAT.md): a record for each chat, and each message under a key of
// its own.

#ifndef QUIPU_ENGINE_LAYOUT_CHAT_RECORD_H_
#define QUIPU_ENGINE_LAYOUT_CHAT_RECORD_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/chat_store.h"
#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

inline constexpr std::string_view kChats = "chat_store/chats";
inline constexpr std::string_view kChatMessages = "chat_store/messages";
// Has one key, "form", there where the file has another form than the reference's of today.
inline constexpr std::string_view kChatState = "chat_store/state";
inline constexpr std::string_view kChatForm = "form";

// A message's key: the chat's as a JSON string, a space, and the message's id in 16 digits. The keys of a
// chat stand together, in the order of its messages.
std::string message_key(std::string_view chat, uint64_t id);
// Back; nothing for what is no such key.
struct MessagePlace {
  std::string chat;
  uint64_t id;
};
std::optional<MessagePlace> parse_message_key(std::string_view key);

// ChatRecord: which ids of a chat have a message, and of which status. Ids are given in order, from 1 on, and
// those at the end that have lost their message are given again.
//
// Cost: each call O(runs), a run being a stretch of ids of the same kind.
class ChatRecord {
 public:
  // Ids from `begin` up to `end`, left out.
  struct Ids {
    uint64_t begin;
    uint64_t end;
    uint64_t size() const { return end - begin; }
  };

  // Of a new chat.
  ChatRecord() = default;
  // Errors: kCorruption.
  static Result<ChatRecord> parse(std::string_view chat, JsonView value);
  Json to_json() const;

  uint64_t count(std::optional<MessageStatus> status) const;
  bool empty() const { return runs_.empty(); }
  // The ids of messages in order, each stretch as long as can be. Of a window, and of the one id; empty when
  // it has no message.
  std::vector<Ids> select(const MessageWindow& window) const;
  std::vector<Ids> select_id(uint64_t id) const;
  // The status of the message of an id; nothing when it has none.
  std::optional<MessageStatus> status(uint64_t id) const;
  // The id of the next message.
  uint64_t end() const;

  // Enters the message of an id. REQUIRES: no message behind it.
  void enter(uint64_t id, MessageStatus status);
  // Gives the next `n` ids and returns the first.
  uint64_t append(uint64_t n, MessageStatus status);
  // Of the ids that select() has given: takes their messages away; makes them archived.
  void remove(std::span<const Ids> ids) { change(ids, Kind::kNone); }
  void archive(std::span<const Ids> ids) { change(ids, Kind::kArchived); }

 private:
  enum class Kind { kActive, kArchived, kNone };
  struct Run {
    Kind kind;
    uint64_t size;
  };
  static std::string_view name_of(Kind kind);
  static bool matches(Kind kind, std::optional<MessageStatus> status);
  static void add_run(std::vector<Run>& runs, Kind kind, uint64_t size);

  void change(std::span<const Ids> ids, Kind kind);

  uint64_t begin_ = 1;
  std::vector<Run> runs_;  // no two neighbours of one kind; neither the first nor the last is kNone
};

// What a file of chats looks like.
struct ChatFileForm {
  bool spaces = false;     // as json.dumps writes it, up to LlamaIndex 0.14.0; else as pydantic does
  bool in_string = false;  // and that text as one JSON string, up to 0.10
  friend bool operator==(const ChatFileForm&, const ChatFileForm&) = default;

  // Nothing where it is no form.
  static std::optional<ChatFileForm> parse(JsonView value);
  Json to_json() const;
};

// A message as a file has it: archived ones have a last member more. And back: the message without that
// member, where it is archived; else nothing.
std::string archived_message_text(JsonView message);
std::optional<std::string> without_archived_status(JsonView message);

}  // namespace quipu

#endif  // QUIPU_ENGINE_LAYOUT_CHAT_RECORD_H_
