#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/checks/store_faults.h"
#include "engine/layout/chat_record.h"
#include "quipu/chat_store.h"

namespace quipu {
namespace {

// A chat's record by the messages that there are: of those that `record` knows, or, where there is none, of
// all.
Result<ChatRecord> record_of_messages(const KVReader& store, const std::string& chat,
                                      const std::optional<ChatRecord>& record) {
  ScanOptions of_chat;
  of_chat.prefix = Json::from_string(chat).text() + " ";
  of_chat.keys_only = true;
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store.scan(of_chat, kChatMessages));
  ChatRecord made;
  while (it->next()) {
    const std::optional<MessagePlace> place = parse_message_key(it->key());
    if (!place) continue;
    const auto status = record ? record->status(place->id) : std::optional(MessageStatus::kActive);
    if (status) made.enter(place->id, *status);
  }
  QUIPU_RETURN_IF_ERROR(it->status());
  return made;
}

class ChatCheck {
 public:
  ChatCheck(const KVReader& store, const TakeFault& take) : store_(store), take_(take) {}

  Status run() {
    QUIPU_RETURN_IF_ERROR(check_records());
    QUIPU_RETURN_IF_ERROR(check_messages());
    return check_state();
  }

 private:
  Status make_anew(const std::string& chat, std::string message,
                   const std::optional<ChatRecord>& record) const {
    return take_({{{records_, chat, std::move(message)}, "made anew from the chat's messages"},
                  [&store = store_, records = records_, chat, record](StoreRepairWriter& writer) -> Status {
                    QUIPU_ASSIGN_OR_RETURN(const ChatRecord made, record_of_messages(store, chat, record));
                    return writer.put(records, chat, made.to_json());
                  }});
  }

  // What is wrong with a record by itself, or with its first message; check_messages() sees to the others.
  Status check_records() const {
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store_.scan({}, records_));
    while (it->next()) {
      const std::string chat(it->key());
      const Result<ChatRecord> record = ChatRecord::parse(chat, it->val());
      if (!record) {
        QUIPU_RETURN_IF_ERROR(make_anew(chat, "not a record of a chat's messages", {}));
        continue;
      }
      const std::vector<ChatRecord::Ids> first = record->select({.limit = 1});
      if (first.empty()) continue;
      QUIPU_ASSIGN_OR_RETURN(const bool there, store_.exists(message_key(chat, first[0].begin), messages_));
      if (!there) QUIPU_RETURN_IF_ERROR(no_message(chat, *record, first[0].begin));
    }
    return it->status();
  }

  Status no_message(const std::string& chat, const ChatRecord& record, uint64_t id) const {
    return make_anew(chat, "there is no message " + std::to_string(id), record);
  }

  // Chat by chat, for the messages of each stand together.
  Status check_messages() {
    ScanOptions keys;
    keys.keys_only = true;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store_.scan(keys, messages_));
    while (it->next()) {
      const std::optional<MessagePlace> place = parse_message_key(it->key());
      if (!place) {
        QUIPU_RETURN_IF_ERROR(take_(quarantine_fault(messages_, it->key(), "not the key of a message")));
        continue;
      }
      if (chat_ != place->chat) {
        QUIPU_RETURN_IF_ERROR(end_chat());
        QUIPU_RETURN_IF_ERROR(begin_chat(place->chat));
      }
      QUIPU_RETURN_IF_ERROR(check_message(it->key(), place->id));
    }
    QUIPU_RETURN_IF_ERROR(it->status());
    return end_chat();
  }

  Status begin_chat(const std::string& chat) {
    chat_ = chat;
    record_.reset();
    named_.clear();
    at_ = 0;
    missing_ = 0;
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored, store_.get(chat, kChats));
    knows_chat_ = stored.has_value();
    if (!stored) return Status::ok();
    Result<ChatRecord> record = ChatRecord::parse(chat, *stored);
    if (!record) return Status::ok();  // reported already
    record_ = *std::move(record);
    named_ = record_->select({});
    next_ = named_.empty() ? 0 : named_.front().begin;
    return Status::ok();
  }

  Status check_message(std::string_view key, uint64_t id) {
    if (!knows_chat_) return take_(quarantine_fault(messages_, key, "there is no such chat"));
    if (!record_) return Status::ok();
    pass_ids_before(id);
    const bool is_named = at_ < named_.size() && next_ == id;
    if (!is_named)
      return take_(quarantine_fault(messages_, key, "the chat's record does not name the message"));
    pass_ids_before(id + 1, /*is_there=*/true);
    return Status::ok();
  }

  // Goes on among the ids that the record names, to the first from `id` on.
  void pass_ids_before(uint64_t id, bool is_there = false) {
    while (at_ < named_.size() && next_ < id) {
      if (!is_there && missing_ == 0) missing_ = next_;
      next_ = std::min(id, named_[at_].end);
      if (next_ == named_[at_].end && ++at_ < named_.size()) next_ = named_[at_].begin;
    }
  }

  Status end_chat() {
    if (!chat_ || !record_) return Status::ok();
    pass_ids_before(record_->end());
    const bool is_reported = !named_.empty() && missing_ == named_.front().begin;
    return missing_ == 0 || is_reported ? Status::ok() : no_message(*chat_, *record_, missing_);
  }

  Status check_state() const {
    const std::string collection(kChatState);
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store_.scan({}, collection));
    while (it->next()) {
      if (it->key() == kChatForm && ChatFileForm::parse(it->val())) continue;
      QUIPU_RETURN_IF_ERROR(
          take_(quarantine_fault(collection, it->key(), "not the form of a file of chats")));
    }
    return it->status();
  }

  const std::string records_{kChats};
  const std::string messages_{kChatMessages};
  const KVReader& store_;
  const TakeFault& take_;
  // The chat under way: its record where it is one, the ids that this names, and where among them.
  std::optional<std::string> chat_;
  bool knows_chat_ = false;
  std::optional<ChatRecord> record_;
  std::vector<ChatRecord::Ids> named_;
  size_t at_ = 0;
  uint64_t next_ = 0;
  uint64_t missing_ = 0;  // the first that is named and not there
};

}  // namespace

Status find_chat_faults(const KVReader& store, const std::vector<CollectionInfo>& infos,
                        const TakeFault& take) {
  const bool has_chats = std::ranges::any_of(
      infos, [](const CollectionInfo& info) { return info.persist_file == CHAT_STORE_PERSIST_FNAME; });
  return has_chats ? ChatCheck(store, take).run() : Status::ok();
}

}  // namespace quipu
