#include "engine/stores/chat/chat_change.h"

#include <utility>

#include "engine/layout/chat_messages.h"
#include "quipu/backend/key_locks.h"
#include "quipu/write_batch.h"

namespace quipu {
namespace {

constexpr int kTries = 4;                      // before everything is locked
constexpr uint64_t kMaxKeysLockedApart = 200;  // of more, most stripes are locked anyway

Status read_into(BaseKVStore& store, std::string_view key, std::span<const ChatRecord::Ids> ids,
                 std::vector<Json>& messages) {
  const KVCapabilities can = store.capabilities();
  // A transaction that scanned would have gone through the chats of all.
  return for_each_message(store, key, ids, can.streams && !can.in_transaction,
                          [&](uint64_t /*id*/, JsonView message) {
                            messages.push_back(Json::from_canonical(std::string(message.text())));
                            return Status::ok();
                          });
}

template <class Use>
void for_each_id(std::span<const ChatRecord::Ids> ids, const Use& use) {
  for (const ChatRecord::Ids& stretch : ids) {
    for (uint64_t id = stretch.begin; id < stretch.end; ++id) use(id);
  }
}

// One call of change_chat().
class Changing {
 public:
  Changing(BaseKVStore& store, std::string_view key, bool wants_messages, const DecideChange& decide)
      : store_(store), key_(key), wants_messages_(wants_messages), decide_(decide) {}

  // The ids of a change, and so the keys to lock, are known from the record alone, which may change until
  // they are locked: then it is done again.
  Result<ChangedMessages> run() {
    for (int tries = 0; tries < kTries; ++tries) {
      QUIPU_RETURN_IF_ERROR(decide());
      if (!change_) return ChangedMessages();
      QUIPU_ASSIGN_OR_RETURN(const KeyLocks locks, store_.lock(keys()));
      QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored, store_.get(key_, kChats));
      if (stored == stored_) return carry_out(locks);
    }
    LockSet everything;
    everything.add_all();
    QUIPU_ASSIGN_OR_RETURN(const KeyLocks locks, store_.lock(everything));
    QUIPU_RETURN_IF_ERROR(decide());
    return change_ ? carry_out(locks) : Result<ChangedMessages>(ChangedMessages());
  }

 private:
  Status decide() {
    QUIPU_ASSIGN_OR_RETURN(stored_, store_.get(key_, kChats));
    record_ = {};
    if (stored_) {
      QUIPU_ASSIGN_OR_RETURN(record_, ChatRecord::parse(key_, *stored_));
    }
    QUIPU_ASSIGN_OR_RETURN(change_, decide_(record_, stored_.has_value()));
    if (!change_) return Status::ok();
    for (const Json& message : change_->added) {
      if (!message.view().is_object()) return Status::invalid_argument("a message is a JSON object");
    }
    changed_ = record_;
    changed_.remove(change_->removed);
    changed_.archive(change_->archived);
    changed_.remove(change_->moved);
    if (change_->starts_anew) changed_ = {};
    first_added_ = changed_.append(change_->added.size(), change_->status);
    for_each_id(change_->moved, [&](uint64_t id) { changed_.append(1, *record_.status(id)); });
    return Status::ok();
  }

  LockSet keys() const {
    LockSet keys;
    const std::vector<ChatRecord::Ids> added = {{first_added_, first_added_ + added_count()}};
    uint64_t count = 0;
    for (const auto* const ids : {&change_->removed, &change_->moved, &added}) {
      for (const ChatRecord::Ids& stretch : *ids) count += stretch.size();
    }
    if (count > kMaxKeysLockedApart) {
      keys.add_all();
      return keys;
    }
    keys.add(kChats, key_);
    const auto add = [&](uint64_t id) { keys.add(kChatMessages, message_key(key_, id)); };
    for (const auto* const ids : {&change_->removed, &change_->moved, &added}) for_each_id(*ids, add);
    return keys;
  }

  uint64_t added_count() const {
    uint64_t count = change_->added.size();
    for (const ChatRecord::Ids& stretch : change_->moved) count += stretch.size();
    return count;
  }

  Result<ChangedMessages> carry_out(const KeyLocks& locks) {
    std::vector<Json> messages;
    if (wants_messages_) {
      QUIPU_RETURN_IF_ERROR(read_into(store_, key_, change_->removed, messages));
      QUIPU_RETURN_IF_ERROR(read_into(store_, key_, change_->archived, messages));
    }
    std::vector<Json> moved;
    QUIPU_RETURN_IF_ERROR(read_into(store_, key_, change_->moved, moved));
    WriteBatch batch;
    for (const auto* const ids : {&change_->removed, &change_->moved}) {
      for_each_id(*ids, [&](uint64_t id) { batch.delete_(kChatMessages, message_key(key_, id)); });
    }
    uint64_t id = first_added_;
    for (const std::span<const Json> messages : {change_->added, std::span<const Json>(moved)}) {
      for (const Json& message : messages) batch.put(kChatMessages, message_key(key_, id++), message);
    }
    if (change_->removes_chat && changed_.empty()) {
      batch.delete_(kChats, key_);
    } else {
      batch.put(kChats, key_, changed_.to_json());
    }
    QUIPU_RETURN_IF_ERROR(store_.write(batch, {.held = &locks}));
    return ChangedMessages(std::move(messages));
  }

  BaseKVStore& store_;
  const std::string_view key_;
  const bool wants_messages_;
  const DecideChange& decide_;
  std::optional<Json> stored_;
  ChatRecord record_;
  std::optional<ChatChange> change_;
  ChatRecord changed_;
  uint64_t first_added_ = 0;
};

}  // namespace

Result<ChangedMessages> change_chat(BaseKVStore& store, std::string_view key, bool wants_messages,
                                    const DecideChange& decide) {
  return Changing(store, key, wants_messages, decide).run();
}

Result<std::vector<Json>> read_chat(BaseKVStore& store, std::string_view key, const MessageWindow& window) {
  LockSet record_only;  // all who change the chat hold it
  record_only.add(kChats, key);
  QUIPU_ASSIGN_OR_RETURN(const KeyLocks locks, store.lock(record_only));
  std::vector<Json> messages;
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored, store.get(key, kChats));
  if (!stored) return messages;
  QUIPU_ASSIGN_OR_RETURN(const ChatRecord record, ChatRecord::parse(key, *stored));
  QUIPU_RETURN_IF_ERROR(read_into(store, key, record.select(window), messages));
  return messages;
}

}  // namespace quipu
