// PostgresChatTable: a ChatTable in a schema of a PostgreSQL server.
//
// Thread-safety, errors: as ChatTable. Lifetime: keeps the server and the writer.

#ifndef QUIPU_BACKENDS_POSTGRES_CHATS_CHAT_TABLE_H_
#define QUIPU_BACKENDS_POSTGRES_CHATS_CHAT_TABLE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/postgres/chats/chat_sql.h"
#include "backends/postgres/database/session.h"
#include "backends/postgres/write/writer.h"
#include "quipu/backend/shared_tables.h"
#include "quipu/backend/thread_annotations.h"

namespace quipu::postgres {

class PostgresChatTable : public ChatTable {
 public:
  // Errors: kInvalidArgument for a name that no table can have.
  static Result<std::shared_ptr<PostgresChatTable>> of(std::shared_ptr<Server> server,
                                                       std::shared_ptr<Writer> writer,
                                                       const std::string& table_name, bool read_only);

  Result<std::optional<std::vector<Json>>> messages(std::string_view key) const override;
  Result<std::vector<std::string>> keys() const override;
  Status append(std::string_view key, std::span<const Json> messages) override;
  Status change(std::string_view key, const Change& change) override;

  // For the table in a transaction (staged_chats.h).
  const std::string& table_name() const { return name_; }
  // As it is now, or was when it was looked at; nothing where there is none.
  Result<std::optional<ChatSql>> sql() const;
  Result<ChatSql> make();
  Status writable() const;
  static Result<std::optional<std::vector<Json>>> read(Session& session, const ChatSql& sql,
                                                       std::string_view key);
  static Result<std::vector<std::string>> read_keys(Session& session, const ChatSql& sql);

 private:
  PostgresChatTable(std::shared_ptr<Server> server, std::shared_ptr<Writer> writer,
                    const std::string& table_name, bool read_only);

  void forget() const;
  // A write in a transaction of its own, under the chat's lock.
  Status write(std::string_view key, const Writer::AddStatements& add);

  const std::shared_ptr<Server> server_;
  const std::shared_ptr<Writer> writer_;
  const std::string name_;
  const bool read_only_;
  mutable Mutex mutex_;
  mutable std::optional<ChatSql> known_ QUIPU_GUARDED_BY(mutex_);
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_CHATS_CHAT_TABLE_H_
