#include "backends/postgres/chats/chat_table.h"

#include <utility>

#include "backends/postgres/write/locks.h"
#include "quipu/backend/limits.h"

namespace quipu::postgres {
namespace {

using Messages = std::vector<Json>;
constexpr auto kOnce = Statement::Use::kOnce;

Result<std::optional<Messages>> messages_in(const ResultSet& rows, std::string_view key, const ChatSql& sql) {
  if (rows.rows() == 0) return std::optional<Messages>();
  if (rows.is_null(0, 0)) return std::optional(Messages());
  QUIPU_ASSIGN_OR_RETURN(Messages messages, messages_of(rows.text(0, 0), key, sql.table));
  return std::optional(std::move(messages));
}

}  // namespace

PostgresChatTable::PostgresChatTable(std::shared_ptr<Server> server, std::shared_ptr<Writer> writer,
                                     const std::string& table_name, bool read_only)
    : server_(std::move(server)), writer_(std::move(writer)), name_(table_name), read_only_(read_only) {}

Result<std::shared_ptr<PostgresChatTable>> PostgresChatTable::of(std::shared_ptr<Server> server,
                                                                 std::shared_ptr<Writer> writer,
                                                                 const std::string& table_name,
                                                                 bool read_only) {
  QUIPU_RETURN_IF_ERROR(check_chat_table_name(table_name));
  return std::shared_ptr<PostgresChatTable>(
      new PostgresChatTable(std::move(server), std::move(writer), table_name, read_only));
}

Status PostgresChatTable::writable() const {
  if (!read_only_) return Status::ok();
  return Status::not_supported(server_->shown() + ": it is open for reading only");
}

// ---- the table itself ----

Result<std::optional<ChatSql>> PostgresChatTable::sql() const {
  {
    const MutexLock lock(mutex_);
    if (known_) return known_;
  }
  const std::string& schema = server_->address().schema;
  const std::string former_name = "data_" + name_;
  QUIPU_ASSIGN_OR_RETURN(const ResultSet looked, server_->run(look_for_chats(schema, name_, former_name)));
  QUIPU_ASSIGN_OR_RETURN(std::optional<ChatSql> found, chats_found(looked, schema));
  const MutexLock lock(mutex_);
  known_ = found;
  return found;
}

void PostgresChatTable::forget() const {
  const MutexLock lock(mutex_);
  known_.reset();
}

Result<ChatSql> PostgresChatTable::make() {
  QUIPU_ASSIGN_OR_RETURN(std::optional<ChatSql> found, sql());
  if (found) return *std::move(found);
  QUIPU_RETURN_IF_ERROR(server_->make_tables(kNoTable).status());
  const ChatSql made(server_->address().schema, name_, "json");
  std::vector<Statement> statements;
  statements.emplace_back("BEGIN", kOnce);
  statements.emplace_back("SELECT pg_advisory_xact_lock($1::bigint)", kOnce)
      .number(server_->sql().making_lock());
  for (const std::string& each : made.create) statements.emplace_back(each, kOnce);
  statements.emplace_back("COMMIT", kOnce);
  const Status created = server_->run(statements).status();
  QUIPU_ASSIGN_OR_RETURN(found, sql());  // somebody else may have been faster
  return found ? Result<ChatSql>(*std::move(found)) : Result<ChatSql>(created);
}

// ---- reads ----

Result<std::optional<Messages>> PostgresChatTable::read(Session& session, const ChatSql& sql,
                                                        std::string_view key) {
  if (!is_text(key)) return std::optional<Messages>();
  Statement get(sql.get, kOnce);
  get.text(key);
  QUIPU_ASSIGN_OR_RETURN(const ResultSet rows, session.run(get));
  return messages_in(rows, key, sql);
}

Result<std::vector<std::string>> PostgresChatTable::read_keys(Session& session, const ChatSql& sql) {
  QUIPU_ASSIGN_OR_RETURN(const ResultSet rows, session.run(Statement(sql.keys, kOnce)));
  std::vector<std::string> keys;
  for (size_t row = 0; row < rows.rows(); ++row) keys.emplace_back(rows.text(row, 0));
  return keys;
}

Result<std::optional<Messages>> PostgresChatTable::messages(std::string_view key) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<ChatSql> found, sql());
  if (!found) return std::optional<Messages>();
  Result<std::optional<Messages>> read_messages = read(*server_, *found, key);
  if (!read_messages) forget();
  return read_messages;
}

Result<std::vector<std::string>> PostgresChatTable::keys() const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<ChatSql> found, sql());
  if (!found) return std::vector<std::string>();
  Result<std::vector<std::string>> keys = read_keys(*server_, *found);
  if (!keys) forget();
  return keys;
}

// ---- writes ----

Status PostgresChatTable::write(std::string_view key, const Writer::AddStatements& add) {
  LockSet keys;
  keys.add(name_, key);
  const Status written =
      writer_->write_rows(name_, [&](Connection& connection, std::vector<Statement>& work) -> Status {
        work.emplace_back("BEGIN", kOnce);
        for (Statement& each : lock_statements(server_->sql(), keys)) work.push_back(std::move(each));
        return add(connection, work);
      });
  if (!written.is_ok()) forget();
  return written;
}

Status PostgresChatTable::append(std::string_view key, std::span<const Json> messages) {
  QUIPU_RETURN_IF_ERROR(writable());
  QUIPU_ASSIGN_OR_RETURN(const ChatSql table, make());
  QUIPU_ASSIGN_OR_RETURN(const std::string bytes, message_bytes(messages, key, table.table));
  return write(key, [&](Connection& /*connection*/, std::vector<Statement>& work) {
    work.emplace_back(table.append, kOnce).text(key).text(bytes);
    return Status::ok();
  });
}

Status PostgresChatTable::change(std::string_view key, const Change& change) {
  QUIPU_RETURN_IF_ERROR(writable());
  QUIPU_ASSIGN_OR_RETURN(const ChatSql table, make());
  if (!is_text(key)) return message_bytes({}, key, table.table).status();
  const std::string get_locked = table.get + " FOR UPDATE";  // LlamaIndex's writers wait, too
  std::string bytes;
  return write(key, [&](Connection& connection, std::vector<Statement>& work) -> Status {
    work.emplace_back(get_locked, kOnce).text(key);
    const Reply reply = connection.run(work);
    if (reply.failure) return reply.failure->status(server_->shown());
    work.clear();
    QUIPU_ASSIGN_OR_RETURN(std::optional<Messages> messages, messages_in(reply.results.back(), key, table));
    const bool was_there = messages.has_value();
    QUIPU_RETURN_IF_ERROR(change(messages));
    if (messages) {
      QUIPU_ASSIGN_OR_RETURN(bytes, message_bytes(*messages, key, table.table));
      work.emplace_back(table.set, kOnce).text(key).text(bytes);
    } else if (was_there) {
      work.emplace_back(table.erase, kOnce).text(key);
    }
    return Status::ok();
  });
}

}  // namespace quipu::postgres
