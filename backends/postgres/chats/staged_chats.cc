#include "backends/postgres/chats/staged_chats.h"

#include <algorithm>

#include "quipu/backend/limits.h"

namespace quipu::postgres {
namespace {

using Messages = std::vector<Json>;
constexpr auto kOnce = Statement::Use::kOnce;

}  // namespace

Status StagedChats::active() const {
  return session_ ? Status::ok() : Status::invalid_argument("the transaction has ended");
}

void StagedChats::end() {
  session_.reset();
  changes_.clear();
}

Result<std::optional<Messages>> StagedChats::messages(std::string_view key) const {
  QUIPU_RETURN_IF_ERROR(active());
  const auto change = changes_.find(key);
  if (change != changes_.end()) return change->second.messages;
  QUIPU_ASSIGN_OR_RETURN(const std::optional<ChatSql> sql, table_->sql());
  if (!sql || !is_text(key)) return std::optional<Messages>();
  read_keys_.emplace(key);
  return PostgresChatTable::read(*session_, *sql, key);
}

Result<std::vector<std::string>> StagedChats::keys() const {
  QUIPU_RETURN_IF_ERROR(active());
  read_all_ = true;
  QUIPU_ASSIGN_OR_RETURN(const std::optional<ChatSql> sql, table_->sql());
  std::vector<std::string> keys;
  if (sql) {
    QUIPU_ASSIGN_OR_RETURN(keys, PostgresChatTable::read_keys(*session_, *sql));
  }
  std::vector<std::pair<uint64_t, std::string>> new_keys;
  std::erase_if(keys, [&](const std::string& key) {
    const auto change = changes_.find(key);
    return change != changes_.end() && (change->second.erased || !change->second.messages);
  });
  for (const auto& [key, chat] : changes_) {
    if (chat.messages && std::ranges::find(keys, key) == keys.end()) new_keys.emplace_back(chat.place, key);
  }
  std::ranges::sort(new_keys);
  for (auto& [place, key] : new_keys) keys.push_back(std::move(key));
  return keys;
}

Status StagedChats::append(std::string_view key, std::span<const Json> messages) {
  return change(key, [&](std::optional<Messages>& all) {
    if (!all) all.emplace();
    all->insert(all->end(), messages.begin(), messages.end());
    return Status::ok();
  });
}

Status StagedChats::change(std::string_view key, const Change& change) {
  QUIPU_RETURN_IF_ERROR(table_->writable());
  QUIPU_ASSIGN_OR_RETURN(std::optional<Messages> messages, this->messages(key));
  const bool was_there = messages.has_value();
  QUIPU_RETURN_IF_ERROR(change(messages));
  if (!messages && !was_there) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const ChatSql sql, table_->make());
  QUIPU_RETURN_IF_ERROR(message_bytes(messages.value_or(Messages()), key, sql.table).status());
  Chat& chat = changes_[std::string(key)];
  if (!messages) chat.erased = true;
  if (messages && !was_there) chat.place = ++next_place_;
  chat.messages = std::move(messages);
  return Status::ok();
}

// ---- the commit ----

Result<bool> StagedChats::is_used() const {
  if (!read_all_ && read_keys_.empty() && !has_changes()) return false;
  QUIPU_ASSIGN_OR_RETURN(const std::optional<ChatSql> sql, table_->sql());
  return sql.has_value();
}

std::string StagedChats::lock_sql() const {
  const Result<std::optional<ChatSql>> sql = table_->sql();
  return "LOCK TABLE " + (sql && *sql ? (*sql)->table : quoted(name())) + " IN SHARE ROW EXCLUSIVE MODE";
}

Result<std::string> StagedChats::fingerprint(Session& session, const ChatSql& sql) const {
  std::vector<std::string_view> keys(read_keys_.begin(), read_keys_.end());
  for (const auto& [key, chat] : changes_) keys.emplace_back(key);
  Statement fingerprint(sql.fingerprint, kOnce);
  fingerprint.text(read_all_ ? "all" : "").texts(keys);
  QUIPU_ASSIGN_OR_RETURN(const ResultSet result, session.run(fingerprint));
  return std::string(result.text(0, 0));
}

Status StagedChats::check(Session& present) const {
  QUIPU_ASSIGN_OR_RETURN(const bool used, is_used());
  if (!used) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(const std::optional<ChatSql> sql, table_->sql());
  QUIPU_ASSIGN_OR_RETURN(const std::string then, fingerprint(*session_, *sql));
  QUIPU_ASSIGN_OR_RETURN(const std::string now, fingerprint(present, *sql));
  if (then == now) return Status::ok();
  return Status::busy("the transaction conflicts with another write: chats of " + sql->table +
                      " have been changed since it began; nothing was written, begin again");
}

Status StagedChats::add_changes(Connection& /*connection*/, std::vector<Statement>& statements) {
  if (!has_changes()) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(sql_, table_->make());
  std::vector<const std::pair<const std::string, Chat>*> written;
  for (const auto& entry : changes_) {
    if (entry.second.erased) statements.emplace_back(sql_->erase, kOnce).text(entry.first);
    if (entry.second.messages) written.push_back(&entry);
  }
  std::ranges::sort(written, {}, [](const auto* entry) { return entry->second.place; });
  for (const auto* const entry : written) {
    QUIPU_ASSIGN_OR_RETURN(bytes_.emplace_back(),
                           message_bytes(*entry->second.messages, entry->first, sql_->table));
    statements.emplace_back(sql_->set, kOnce).text(entry->first).text(bytes_.back());
  }
  return Status::ok();
}

}  // namespace quipu::postgres
