// Chat stores: the messages of chats, as LlamaIndex's chat engines and Memory keep them.
//
//   KVChatStore chats(kv);
//   QUIPU_RETURN_IF_ERROR(chats.add_message("session-1", chat_message("user", "Hello")));
//   QUIPU_RETURN_IF_ERROR(chats.add_message("session-1", chat_message("assistant", "Hello, Ann")));
//   auto all = chats.get_messages("session-1");                    // Result<std::vector<Json>>
//   auto last = chats.get_messages("session-1", {.offset = -20});  // the last 20
//   auto gone = chats.delete_last_message("session-1");            // Result<std::optional<Json>>
//
// A message is a JSON object, as the reference's ChatMessage.model_dump(mode="json") makes it, and is kept as
// it is given. Methods and behaviour are those of the reference's BaseChatStore and AsyncDBChatStore: each
// message is active or archived, and a chat has one order, whatever the status. get_keys() has the chats in
// the order in which they began. Strings are UTF-8, a lone surrogate its three bytes.
//
// A message's id is its number in its chat, from 1 on; it stays while the message is there, but where one is
// inserted before it.
//
// Thread-safety: any number of threads; each change is one atomic batch, and whoever reads a chat sees all of
// a change or nothing. Errors: kInvalidArgument for a message that is no object, kCorruption where what is
// stored of a chat does not fit together (verify_stores() says what), and those of the key-value store.
// Cost: a call reads or writes the chat's record and the messages that it is about, whatever else there is;
// the record has a part for each stretch of messages of one status, or of ids without a message.

#ifndef QUIPU_CHAT_STORE_H_
#define QUIPU_CHAT_STORE_H_

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/file_system.h"
#include "quipu/json.h"
#include "quipu/kv_store.h"
#include "quipu/status.h"

namespace quipu {

inline constexpr std::string_view CHAT_STORE_PERSIST_FNAME = "chat_store.json";

enum class MessageStatus { kActive, kArchived };

// Which messages of a chat are meant: of those of a status (nothing: of all), in order, `limit` (nothing: all
// that there are) from `offset` on. An offset below 0 counts from the end.
struct MessageWindow {
  int64_t offset = 0;
  std::optional<uint64_t> limit = std::nullopt;
  std::optional<MessageStatus> status = std::nullopt;
};

// {"role": role, "additional_kwargs": {}, "blocks": [{"block_type": "text", "text": text}]}
Json chat_message(std::string_view role, std::string_view text);

class BaseChatStore {
 public:
  virtual ~BaseChatStore() = default;

  // Replaces a chat's messages, whatever their status, by these. A chat that is there keeps its place.
  virtual Status set_messages(std::string_view key, std::span<const Json> messages,
                              MessageStatus status = MessageStatus::kActive) = 0;
  // None for a chat that is not known.
  virtual Result<std::vector<Json>> get_messages(std::string_view key,
                                                 const MessageWindow& window = {}) const = 0;
  virtual Result<uint64_t> count_messages(std::string_view key,
                                          std::optional<MessageStatus> status = std::nullopt) const = 0;
  // Adds one or several at a chat's end.
  virtual Status add_message(std::string_view key, JsonView message,
                             MessageStatus status = MessageStatus::kActive) = 0;
  virtual Status add_messages(std::string_view key, std::span<const Json> messages,
                              MessageStatus status = MessageStatus::kActive) = 0;
  // Removes a chat and returns its messages; nothing when it is not known.
  virtual Result<std::optional<std::vector<Json>>> delete_messages(std::string_view key) = 0;
  // Removes the messages of a status (nothing: all), and the chat once it has none left, without reading
  // them.
  virtual Status delete_messages_of(std::string_view key, std::optional<MessageStatus> status) = 0;
  // Removes the message of an index and returns it; nothing when there is none. An index below 0 counts from
  // the end; one that is before the first message is kInvalidArgument "IndexError: ...".
  virtual Result<std::optional<Json>> delete_message(std::string_view key, int64_t idx) = 0;
  // The same by its id; a chat that has no other goes, too, as it does when its oldest are removed.
  virtual Result<std::optional<Json>> delete_message_of_id(std::string_view key, uint64_t id) = 0;
  // kInvalidArgument "IndexError: ..." for a chat without messages; nothing for one that is not known.
  virtual Result<std::optional<Json>> delete_last_message(std::string_view key) = 0;
  // Removes, or makes archived, the first `n` active messages, as many as there are, and returns them.
  virtual Result<std::vector<Json>> delete_oldest_messages(std::string_view key, uint64_t n) = 0;
  virtual Result<std::vector<Json>> archive_oldest_messages(std::string_view key, uint64_t n) = 0;
  // All chats, those without messages, which set_messages() and delete_message() can leave, among them.
  virtual Result<std::vector<std::string>> get_keys() const = 0;

  // The reference's async twins: each call of the same name, on threads of the store; see backend/executor.h.
  std::future<Status> aset_messages(std::string key, std::vector<Json> messages,
                                    MessageStatus status = MessageStatus::kActive);
  std::future<Result<std::vector<Json>>> aget_messages(std::string key, MessageWindow window = {});
  std::future<Status> async_add_message(std::string key, Json message,
                                        MessageStatus status = MessageStatus::kActive);
  std::future<Result<std::optional<std::vector<Json>>>> adelete_messages(std::string key);
  std::future<Result<std::optional<Json>>> adelete_message(std::string key, int64_t idx);
  std::future<Result<std::optional<Json>>> adelete_last_message(std::string key);
  std::future<Result<std::vector<std::string>>> aget_keys();

  // Writes chat_store.json, replacing the file atomically; makes its directory when missing. The file has the
  // form that it was imported with; else that of the reference today. Archived messages have one more member,
  // "message_status", which the reference passes over. Errors: kIoError; kInvalidArgument for a lone
  // surrogate, which the reference's form of today cannot hold.
  virtual Status persist(const std::string& persist_path = "chat_store.json",
                         const FileSystem& fs = local_file_system()) const = 0;

 protected:
  // What the async twins run on: a store like this one that does not own its key-value store, and threads.
  virtual std::shared_ptr<BaseChatStore> unowned() const = 0;
  virtual Executor& executor() const = 0;
};

class KVChatStore : public BaseChatStore {
 public:
  // In the collections chat_store/chats and chat_store/messages.
  explicit KVChatStore(std::shared_ptr<BaseKVStore> kvstore);

  Status set_messages(std::string_view key, std::span<const Json> messages,
                      MessageStatus status = MessageStatus::kActive) override;
  Result<std::vector<Json>> get_messages(std::string_view key,
                                         const MessageWindow& window = {}) const override;
  Result<uint64_t> count_messages(std::string_view key,
                                  std::optional<MessageStatus> status = std::nullopt) const override;
  Status add_message(std::string_view key, JsonView message,
                     MessageStatus status = MessageStatus::kActive) override;
  Status add_messages(std::string_view key, std::span<const Json> messages,
                      MessageStatus status = MessageStatus::kActive) override;
  // Adds one before the message of an index, whatever that one's status, as Python's list.insert does: an
  // index below 0 counts from the end, one beyond either end is that end. The messages from there on are
  // written anew, under other ids.
  Status insert_message(std::string_view key, int64_t idx, JsonView message,
                        MessageStatus status = MessageStatus::kActive);
  Result<std::optional<std::vector<Json>>> delete_messages(std::string_view key) override;
  Status delete_messages_of(std::string_view key, std::optional<MessageStatus> status) override;
  Result<std::optional<Json>> delete_message(std::string_view key, int64_t idx) override;
  Result<std::optional<Json>> delete_message_of_id(std::string_view key, uint64_t id) override;
  Result<std::optional<Json>> delete_last_message(std::string_view key) override;
  Result<std::vector<Json>> delete_oldest_messages(std::string_view key, uint64_t n) override;
  Result<std::vector<Json>> archive_oldest_messages(std::string_view key, uint64_t n) override;
  Result<std::vector<std::string>> get_keys() const override;
  Status persist(const std::string& persist_path = "chat_store.json",
                 const FileSystem& fs = local_file_system()) const override;

  BaseKVStore& kvstore() const { return *kvstore_; }

 protected:
  std::shared_ptr<BaseChatStore> unowned() const override;
  Executor& executor() const override { return kvstore_->executor(); }

 private:
  Status declare();

  std::shared_ptr<BaseKVStore> kvstore_;
};

class ChatTable;

// Chats in a table of a PostgreSQL server, in the layout of LlamaIndex's PostgresChatStore: each reads what
// the other wrote. Over a transaction of the store it is part of that. Methods are as above, but that there
// are no archived messages: they are counted as none, and adding or making one is kNotSupported; and that a
// message's id is its place, so that those behind one that goes move up. Errors: kNotSupported over any other
// store; kInvalidArgument for keys with NUL and for messages that the server refuses. Cost: a change of what
// is there rewrites the chat, as in the reference; add_message() and add_messages() do so on the server.
class PostgresChatStore : public BaseChatStore {
 public:
  // The table is `table_name` in lower case, at most 50 bytes, or "data_" and that where there is such a one.
  // It is made with the first message.
  explicit PostgresChatStore(std::shared_ptr<BaseKVStore> kvstore, std::string_view table_name = "chatstore");

  Status set_messages(std::string_view key, std::span<const Json> messages,
                      MessageStatus status = MessageStatus::kActive) override;
  Result<std::vector<Json>> get_messages(std::string_view key,
                                         const MessageWindow& window = {}) const override;
  Result<uint64_t> count_messages(std::string_view key,
                                  std::optional<MessageStatus> status = std::nullopt) const override;
  Status add_message(std::string_view key, JsonView message,
                     MessageStatus status = MessageStatus::kActive) override;
  Status add_messages(std::string_view key, std::span<const Json> messages,
                      MessageStatus status = MessageStatus::kActive) override;
  Result<std::optional<std::vector<Json>>> delete_messages(std::string_view key) override;
  Status delete_messages_of(std::string_view key, std::optional<MessageStatus> status) override;
  Result<std::optional<Json>> delete_message(std::string_view key, int64_t idx) override;
  Result<std::optional<Json>> delete_message_of_id(std::string_view key, uint64_t id) override;
  Result<std::optional<Json>> delete_last_message(std::string_view key) override;
  Result<std::vector<Json>> delete_oldest_messages(std::string_view key, uint64_t n) override;
  Result<std::vector<Json>> archive_oldest_messages(std::string_view key, uint64_t n) override;
  Result<std::vector<std::string>> get_keys() const override;
  // kNotSupported: the data are where they are.
  Status persist(const std::string& persist_path = "chat_store.json",
                 const FileSystem& fs = local_file_system()) const override;

  BaseKVStore& kvstore() const { return *kvstore_; }
  const std::string& table_name() const { return table_name_; }

 protected:
  std::shared_ptr<BaseChatStore> unowned() const override;
  Executor& executor() const override { return kvstore_->executor(); }

 private:
  std::shared_ptr<BaseKVStore> kvstore_;
  std::string table_name_;
  Result<std::shared_ptr<ChatTable>> table_;
};

// The reference's SimpleChatStore: in memory, saved as one JSON file.
class SimpleChatStore : public KVChatStore {
 public:
  SimpleChatStore();

  // A file in any form that LlamaIndex has written; one that is missing is an empty store, as in the
  // reference. Errors: kIoError, kInvalidArgument.
  static Result<SimpleChatStore> from_persist_path(const std::string& persist_path = "chat_store.json",
                                                   const FileSystem& fs = local_file_system());
};

}  // namespace quipu

#endif  // QUIPU_CHAT_STORE_H_
