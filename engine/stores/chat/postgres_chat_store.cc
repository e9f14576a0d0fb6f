#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/layout/table_name.h"
#include "quipu/backend/executor.h"
#include "quipu/backend/shared_tables.h"
#include "quipu/chat_store.h"

namespace quipu {
namespace {

using Messages = std::vector<Json>;

Result<std::shared_ptr<ChatTable>> table_of(BaseKVStore& store, const std::string& name) {
  SharedTables* const tables = SharedTables::of(store);
  if (tables != nullptr) return tables->chat_table(name);
  return Status::not_supported("this store has no tables of chats: they are in PostgreSQL");
}

Status no_archive() { return Status::not_supported("a table of PostgresChatStore has no archived messages"); }

// Whether messages of this status are those that there are.
bool are_there(std::optional<MessageStatus> status) { return status != MessageStatus::kArchived; }

// Takes messages from `begin` on out, `count` of them or as many as there are.
Messages take(Messages& messages, uint64_t begin, uint64_t count) {
  const auto first = messages.begin() + static_cast<int64_t>(std::min<uint64_t>(begin, messages.size()));
  const auto left = static_cast<uint64_t>(messages.end() - first);
  const auto last = first + static_cast<int64_t>(std::min(count, left));
  Messages taken(std::make_move_iterator(first), std::make_move_iterator(last));
  messages.erase(first, last);
  return taken;
}

// Where a window begins.
uint64_t begin_of(const MessageWindow& window, uint64_t count) {
  if (window.offset >= 0) return std::min(static_cast<uint64_t>(window.offset), count);
  const uint64_t from_end = uint64_t{0} - static_cast<uint64_t>(window.offset);
  return count - std::min(from_end, count);
}

}  // namespace

PostgresChatStore::PostgresChatStore(std::shared_ptr<BaseKVStore> kvstore, std::string_view table_name)
    : kvstore_(std::move(kvstore)),
      table_name_(lower_table_name(table_name)),
      table_(table_of(*kvstore_, table_name_)) {}

Status PostgresChatStore::set_messages(std::string_view key, std::span<const Json> messages,
                                       MessageStatus status) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<ChatTable> table, table_);
  if (!are_there(status)) return no_archive();
  return table->change(key, [&](std::optional<Messages>& all) {
    all.emplace(messages.begin(), messages.end());
    return Status::ok();
  });
}

Result<Messages> PostgresChatStore::get_messages(std::string_view key, const MessageWindow& window) const {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<ChatTable> table, table_);
  if (!are_there(window.status)) return Messages();
  QUIPU_ASSIGN_OR_RETURN(std::optional<Messages> all, table->messages(key));
  if (!all) return Messages();
  return take(*all, begin_of(window, all->size()), window.limit.value_or(UINT64_MAX));
}

Result<uint64_t> PostgresChatStore::count_messages(std::string_view key,
                                                   std::optional<MessageStatus> status) const {
  QUIPU_ASSIGN_OR_RETURN(const Messages all, get_messages(key, {.status = status}));
  return all.size();
}

Status PostgresChatStore::add_message(std::string_view key, JsonView message, MessageStatus status) {
  const Json copy = Json::from_canonical(std::string(message.text()));
  return add_messages(key, {&copy, 1}, status);
}

Status PostgresChatStore::add_messages(std::string_view key, std::span<const Json> messages,
                                       MessageStatus status) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<ChatTable> table, table_);
  if (messages.empty()) return Status::ok();
  return are_there(status) ? table->append(key, messages) : no_archive();
}

Result<std::optional<Messages>> PostgresChatStore::delete_messages(std::string_view key) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<ChatTable> table, table_);
  std::optional<Messages> gone;
  QUIPU_RETURN_IF_ERROR(table->change(key, [&](std::optional<Messages>& all) {
    gone = std::exchange(all, std::nullopt);
    return Status::ok();
  }));
  return gone;
}

Status PostgresChatStore::delete_messages_of(std::string_view key, std::optional<MessageStatus> status) {
  return are_there(status) ? delete_messages(key).status() : table_.status();
}

Result<std::optional<Json>> PostgresChatStore::delete_message(std::string_view key, int64_t idx) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<ChatTable> table, table_);
  Messages gone;
  QUIPU_RETURN_IF_ERROR(table->change(key, [&](std::optional<Messages>& all) {
    gone.clear();
    if (!all) return Status::ok();
    if (idx < 0 && uint64_t{0} - static_cast<uint64_t>(idx) > all->size()) {
      return Status::invalid_argument(all->empty() ? "IndexError: pop from empty list"
                                                   : "IndexError: pop index out of range");
    }
    gone = take(*all, begin_of({.offset = idx}, all->size()), 1);
    return Status::ok();
  }));
  return gone.empty() ? std::optional<Json>() : std::optional(std::move(gone.front()));
}

Result<std::optional<Json>> PostgresChatStore::delete_message_of_id(std::string_view key, uint64_t id) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<ChatTable> table, table_);
  Messages gone;
  QUIPU_RETURN_IF_ERROR(table->change(key, [&](std::optional<Messages>& all) {
    gone.clear();
    if (!all || id == 0 || id > all->size()) return Status::ok();
    gone = take(*all, id - 1, 1);
    if (all->empty()) all.reset();
    return Status::ok();
  }));
  return gone.empty() ? std::optional<Json>() : std::optional(std::move(gone.front()));
}

Result<std::optional<Json>> PostgresChatStore::delete_last_message(std::string_view key) {
  return delete_message(key, -1);
}

Result<Messages> PostgresChatStore::delete_oldest_messages(std::string_view key, uint64_t n) {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<ChatTable> table, table_);
  Messages gone;
  QUIPU_RETURN_IF_ERROR(table->change(key, [&](std::optional<Messages>& all) {
    gone.clear();
    if (!all) return Status::ok();
    gone = take(*all, 0, n);
    if (all->empty() && !gone.empty()) all.reset();
    return Status::ok();
  }));
  return gone;
}

Result<Messages> PostgresChatStore::archive_oldest_messages(std::string_view /*key*/, uint64_t /*n*/) {
  QUIPU_RETURN_IF_ERROR(table_.status());
  return no_archive();
}

Result<std::vector<std::string>> PostgresChatStore::get_keys() const {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<ChatTable> table, table_);
  return table->keys();
}

Status PostgresChatStore::persist(const std::string& /*persist_path*/, const FileSystem& /*fs*/) const {
  return Status::not_supported("chats in PostgreSQL are not written to files");
}

std::shared_ptr<BaseChatStore> PostgresChatStore::unowned() const {
  return std::make_shared<PostgresChatStore>(unowned_pointer(*kvstore_), table_name_);
}

}  // namespace quipu
