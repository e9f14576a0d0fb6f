// PostgresSnapshot: a schema as it is in one moment: its collections, and the tables beside them.
//
// Thread-safety: any, a stream of rows one thread at a time. Lifetime: keeps its session.

#ifndef QUIPU_BACKENDS_POSTGRES_COPIES_SNAPSHOT_H_
#define QUIPU_BACKENDS_POSTGRES_COPIES_SNAPSHOT_H_

#include <memory>
#include <string>
#include <vector>

#include "backends/postgres/copies/table_definition.h"
#include "backends/postgres/read/reader.h"
#include "quipu/backend/shared_tables.h"

namespace quipu::postgres {

// SharedTables::other_tables().
Result<std::vector<SharedTables::Named>> tables_beside(Session& session);

class PostgresSnapshot : public PostgresReader, public TableReads {
 public:
  explicit PostgresSnapshot(std::shared_ptr<PinnedSession> session)
      : PostgresReader(session), session_(std::move(session)) {}

  Result<std::vector<SharedTables::Named>> tables() const override { return tables_beside(*session_); }
  Result<VectorCounts> count_vectors(const std::string& table) const override;
  Result<std::unique_ptr<TableRows<StoredVectorRow>>> scan_vectors(const std::string& table,
                                                                   const VectorScan& scan) const override;
  Result<ChatCounts> count_chats(TableList tables) const override;
  Result<std::unique_ptr<TableRows<Chat>>> scan_chats(TableList tables,
                                                      std::optional<std::string_view> key) const override;
  Result<std::unique_ptr<TableRows<ChatMessage>>> scan_messages(TableList tables) const override;
  Result<std::vector<Json>> messages(TableList tables, std::string_view key, uint64_t first,
                                     uint64_t last) const override;
  Result<std::string> columns(const std::string& table) const override;
  Result<std::unique_ptr<TableRows<std::string>>> scan_rows(const std::string& table) const override;

  Result<TableDefinition> definition(const std::string& table) const;

 private:
  std::string in_schema(const std::string& table) const;
  std::vector<std::string> in_schema(TableList tables) const;

  const std::shared_ptr<PinnedSession> session_;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_COPIES_SNAPSHOT_H_
