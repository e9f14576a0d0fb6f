#include "engine/persist/logical_scan.h"

#include <optional>
#include <utility>

#include "engine/layout/chat_record.h"

namespace quipu {
namespace {

class Records : public KVIterator {
 public:
  explicit Records(std::unique_ptr<KVIterator> stored) : stored_(std::move(stored)) {}

  bool next() override { return stored_->next(); }
  std::string_view key() const override { return stored_->key(); }
  JsonView val() const override { return JsonView::from_canonical("{}"); }
  Status status() const override { return stored_->status(); }

 private:
  const std::unique_ptr<KVIterator> stored_;
};

class NumberedMessages : public KVIterator {
 public:
  NumberedMessages(const KVReader& store, std::unique_ptr<KVIterator> stored)
      : store_(store), stored_(std::move(stored)) {}

  bool next() override { return status_.is_ok() && stored_->next() && go_to_stored(); }
  std::string_view key() const override { return key_; }
  JsonView val() const override { return is_archived_ ? archived_.view() : stored_->val(); }
  Status status() const override { return status_.is_ok() ? stored_->status() : status_; }

 private:
  // A key that is none of a message stands as it is.
  bool go_to_stored() {
    key_ = stored_->key();
    is_archived_ = false;
    const std::optional<MessagePlace> place = parse_message_key(key_);
    if (!place) return true;
    if (chat_ != place->chat) {
      chat_ = place->chat;
      number_ = 0;
      status_ = load_record();
      if (!status_.is_ok()) return false;
    }
    key_ = message_key(*chat_, ++number_);
    is_archived_ = record_.status(place->id) == MessageStatus::kArchived;
    if (is_archived_) archived_ = Json::from_canonical(archived_message_text(stored_->val()));
    return true;
  }

  Status load_record() {
    record_ = {};
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored, store_.get(*chat_, kChats));
    if (!stored) return Status::ok();
    QUIPU_ASSIGN_OR_RETURN(record_, ChatRecord::parse(*chat_, *stored));
    return Status::ok();
  }

  const KVReader& store_;
  const std::unique_ptr<KVIterator> stored_;
  Status status_;
  std::optional<std::string> chat_;
  ChatRecord record_;
  uint64_t number_ = 0;
  std::string key_;
  bool is_archived_ = false;
  Json archived_;
};

}  // namespace

Result<std::unique_ptr<KVIterator>> logical_scan(const KVReader& store, const std::string& collection) {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> stored, store.scan({}, collection));
  if (collection == kChats) return std::make_unique<Records>(std::move(stored));
  if (collection == kChatMessages) return std::make_unique<NumberedMessages>(store, std::move(stored));
  return stored;
}

bool has_order(const std::string& collection) { return collection != kChatMessages; }

}  // namespace quipu
