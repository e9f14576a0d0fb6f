#include "backends/redis/chat_lists.h"

#include <algorithm>
#include <utility>

#include "backends/redis/client/slot.h"
#include "backends/redis/keys.h"

namespace quipu::redis {
namespace {

constexpr uint64_t kAtOnce = 100;

Result<Reply> run(Client& client, std::string_view key, const Command& command) {
  QUIPU_ASSIGN_OR_RETURN(Reply reply, client.run(slot_of(key), command));
  if (is_error(*reply)) return error_of(*reply);
  return reply;
}

Result<uint64_t> length_of(Client& client, const std::string& key) {
  QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(client, key, Command("LLEN").add(key)));
  return static_cast<uint64_t>(reply->integer);
}

// Messages from the place `first` on, as far as there are.
Result<std::vector<Json>> read(Client& client, const std::string& key, uint64_t first, uint64_t last) {
  QUIPU_ASSIGN_OR_RETURN(const Reply reply,
                         run(client, key, Command("LRANGE").add(key).add(first - 1).add(last - 1)));
  std::vector<Json> messages;
  for (const redisReply* const element : elements_of(*reply)) {
    Result<Json> message = Json::parse(text_of(*element));
    if (!message || !message->view().is_object()) {
      return Status::invalid_argument("Redis: message " + std::to_string(first + messages.size()) +
                                      " of the list " + Json::from_string(key).text() + " is no JSON object");
    }
    messages.push_back(*std::move(message));
  }
  return messages;
}

// Of a list's beginning. Nothing is a list that has gone meanwhile.
bool is_chat(const redisReply& beginning) {
  const auto elements = elements_of(beginning);
  if (elements.empty()) return false;
  const Result<Json> message = Json::parse(text_of(*elements.front()));
  if (!message || !message->view().is_object()) return false;
  const std::optional<JsonView> role = message->view().find("role");
  return role && role->is_string();
}

std::string counted_lists(uint64_t count) {
  return std::to_string(count) + (count == 1 ? " list" : " lists");
}

class ChatRows : public TableRows<TableReads::Chat> {
 public:
  ChatRows(Client& client, std::vector<std::string> keys) : client_(client), keys_(std::move(keys)) {}

  bool next() override {
    if (!status_.is_ok() || at_ == keys_.size()) return false;
    chat_.key = keys_[at_++];
    Result<uint64_t> length = length_of(client_, chat_.key);
    if (!length) status_ = length.error();
    if (length) chat_.messages = *length;
    return status_.is_ok();
  }
  const TableReads::Chat& row() const override { return chat_; }
  Status status() const override { return status_; }

 private:
  Client& client_;
  const std::vector<std::string> keys_;
  size_t at_ = 0;
  TableReads::Chat chat_;
  Status status_;
};

class MessageRows : public TableRows<TableReads::ChatMessage> {
 public:
  MessageRows(Client& client, std::vector<std::string> keys) : client_(client), keys_(std::move(keys)) {}

  bool next() override {
    while (status_.is_ok() && at_ == page_.size()) {
      const bool is_last = page_.size() < kAtOnce;
      if (is_last && !next_chat()) return false;
      Result<std::vector<Json>> page = read(client_, row_.key, row_.place + 1, row_.place + kAtOnce);
      if (!page) status_ = page.error();
      page_ = page ? *std::move(page) : std::vector<Json>();
      at_ = 0;
    }
    if (!status_.is_ok()) return false;
    row_.message = std::move(page_[at_++]);
    ++row_.place;
    return true;
  }
  const TableReads::ChatMessage& row() const override { return row_; }
  Status status() const override { return status_; }

 private:
  bool next_chat() {
    if (next_key_ == keys_.size()) return false;
    row_.key = keys_[next_key_++];
    row_.place = 0;
    return true;
  }

  Client& client_;
  const std::vector<std::string> keys_;
  size_t next_key_ = 0;
  std::vector<Json> page_;
  size_t at_ = 0;
  TableReads::ChatMessage row_;
  Status status_;
};

}  // namespace

Result<ChatLists::Found> ChatLists::find() const {
  Found found;
  if (!names_.is_whole_database()) return found;
  std::vector<std::string> lists;
  QUIPU_RETURN_IF_ERROR(client_.on_each_master([&](Connection& server) {
    return for_each_key(server, "list", [&](std::string key) { lists.push_back(std::move(key)); });
  }));
  std::ranges::sort(lists);
  const auto repeated = std::ranges::unique(lists);  // SCAN may tell of a key twice
  lists.erase(repeated.begin(), repeated.end());
  for (std::string& key : lists) {
    const Command read = Command("LRANGE").add(key).add(uint64_t{0}).add(uint64_t{0});
    QUIPU_ASSIGN_OR_RETURN(const Reply beginning, client_.run(slot_of(key), read));
    if (is_error(*beginning)) {
      if (!text_of(*beginning).starts_with("NOPERM")) return error_of(*beginning);
      ++found.forbidden;
    } else if (is_chat(*beginning)) {
      found.chats.push_back(std::move(key));
    } else {
      ++found.others;
    }
  }
  return found;
}

Result<std::vector<SharedTables::Named>> ChatLists::tables() const {
  QUIPU_ASSIGN_OR_RETURN(const Found found, find());
  std::vector<SharedTables::Named> tables;
  if (!found.chats.empty()) tables.push_back({"lists", "chats"});
  if (found.others != 0) tables.push_back({counted_lists(found.others), "no chats"});
  if (found.forbidden != 0) tables.push_back({counted_lists(found.forbidden), "no right to read"});
  return tables;
}

Result<TableReads::ChatCounts> ChatLists::count() const {
  TableReads::ChatCounts counts;
  QUIPU_ASSIGN_OR_RETURN(const Found found, find());
  for (const std::string& key : found.chats) {
    QUIPU_ASSIGN_OR_RETURN(const uint64_t length, length_of(client_, key));
    counts.messages += length;
  }
  counts.chats = found.chats.size();
  return counts;
}

Result<std::unique_ptr<TableRows<TableReads::Chat>>> ChatLists::chats(
    std::optional<std::string_view> key) const {
  QUIPU_ASSIGN_OR_RETURN(Found found, find());
  if (key) std::erase_if(found.chats, [&](const std::string& each) { return each != *key; });
  return std::make_unique<ChatRows>(client_, std::move(found.chats));
}

Result<std::unique_ptr<TableRows<TableReads::ChatMessage>>> ChatLists::messages() const {
  QUIPU_ASSIGN_OR_RETURN(Found found, find());
  return std::make_unique<MessageRows>(client_, std::move(found.chats));
}

Result<std::vector<Json>> ChatLists::messages(std::string_view key, uint64_t first, uint64_t last) const {
  return read(client_, std::string(key), first, last);
}

}  // namespace quipu::redis
