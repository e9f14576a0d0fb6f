// StagedChats: a table of chats in a transaction: what is written is kept here, over the table as the
// transaction's snapshot has it, until the commit writes it.
//
// Thread-safety: one thread at a time. Errors: as ChatTable; kInvalidArgument once the transaction has ended.

#ifndef QUIPU_BACKENDS_POSTGRES_CHATS_STAGED_CHATS_H_
#define QUIPU_BACKENDS_POSTGRES_CHATS_STAGED_CHATS_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backends/postgres/chats/chat_table.h"
#include "backends/postgres/write/staged_table.h"

namespace quipu::postgres {

class StagedChats : public ChatTable, public StagedTable {
 public:
  // `session`: the transaction's snapshot.
  StagedChats(std::shared_ptr<PostgresChatTable> table, std::shared_ptr<PinnedSession> session)
      : table_(std::move(table)), session_(std::move(session)) {}

  Result<std::optional<std::vector<Json>>> messages(std::string_view key) const override;
  Result<std::vector<std::string>> keys() const override;
  Status append(std::string_view key, std::span<const Json> messages) override;
  Status change(std::string_view key, const Change& change) override;

  void end() override;
  const std::string& name() const override { return table_->table_name(); }
  bool has_changes() const override { return !changes_.empty(); }
  Result<bool> is_used() const override;
  std::string lock_sql() const override;
  Status check(Session& present) const override;
  Status add_changes(Connection& connection, std::vector<Statement>& statements) override;

 private:
  struct Chat {
    std::optional<std::vector<Json>> messages;  // nothing: the chat goes
    bool erased = false;  // at any time, so that it stands at the end if it has come back
    uint64_t place = 0;   // among what is written
  };

  Status active() const;
  Result<std::string> fingerprint(Session& session, const ChatSql& sql) const;

  const std::shared_ptr<PostgresChatTable> table_;
  std::shared_ptr<PinnedSession> session_;
  std::map<std::string, Chat, std::less<>> changes_;
  uint64_t next_place_ = 0;
  mutable std::set<std::string, std::less<>> read_keys_;
  mutable bool read_all_ = false;
  // Of the commit: what its statements view.
  std::optional<ChatSql> sql_;
  std::list<std::string> bytes_;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_CHATS_STAGED_CHATS_H_
