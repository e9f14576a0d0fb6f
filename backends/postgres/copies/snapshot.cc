#include "backends/postgres/copies/snapshot.h"

#include <utility>

#include "backends/postgres/copies/table_streams.h"
#include "quipu/backend/limits.h"

namespace quipu::postgres {
namespace {

template <class Row>
class NoRows : public TableRows<Row> {
 public:
  bool next() override { return false; }
  const Row& row() const override { return row_; }
  Status status() const override { return Status::ok(); }

 private:
  Row row_;
};

// Whether rows may have this key.
bool may_be_there(const std::optional<std::string_view>& key) { return !key || is_text(*key); }

}  // namespace

Result<std::vector<SharedTables::Named>> tables_beside(Session& session) {
  QUIPU_ASSIGN_OR_RETURN(const ResultSet rows, session.run(session.sql().look_for_others()));
  std::vector<SharedTables::Named> tables;
  for (size_t row = 0; row < rows.rows(); ++row) {
    tables.push_back({std::string(rows.text(row, 0)), std::string(rows.text(row, 1)),
                      std::string(rows.text(row, 2)), rows.number(row, 3) != 0});
  }
  return tables;
}

std::string PostgresSnapshot::in_schema(const std::string& table) const {
  return quoted(session_->sql().schema()) + "." + quoted(table);
}

std::vector<std::string> PostgresSnapshot::in_schema(TableList tables) const {
  std::vector<std::string> names;
  for (const std::string& table : tables) names.push_back(in_schema(table));
  return names;
}

Result<TableReads::VectorCounts> PostgresSnapshot::count_vectors(const std::string& table) const {
  return count_rows_of_vectors(*session_, session_->sql().schema(), table);
}

Result<std::unique_ptr<TableRows<StoredVectorRow>>> PostgresSnapshot::scan_vectors(
    const std::string& table, const VectorScan& scan) const {
  if (!may_be_there(scan.node_id)) {
    return std::unique_ptr<TableRows<StoredVectorRow>>(std::make_unique<NoRows<StoredVectorRow>>());
  }
  return vector_rows(session_, in_schema(table), scan);
}

Result<TableReads::ChatCounts> PostgresSnapshot::count_chats(TableList tables) const {
  return count_rows_of_chats(*session_, in_schema(tables));
}

Result<std::unique_ptr<TableRows<TableReads::Chat>>> PostgresSnapshot::scan_chats(
    TableList tables, std::optional<std::string_view> key) const {
  if (!may_be_there(key)) return std::unique_ptr<TableRows<Chat>>(std::make_unique<NoRows<Chat>>());
  return chat_rows(session_, in_schema(tables), key);
}

Result<std::unique_ptr<TableRows<TableReads::ChatMessage>>> PostgresSnapshot::scan_messages(
    TableList tables) const {
  return message_rows(session_, in_schema(tables));
}

Result<std::vector<Json>> PostgresSnapshot::messages(TableList tables, std::string_view key, uint64_t first,
                                                     uint64_t last) const {
  return messages_between(*session_, in_schema(tables), key, first, last);
}

Result<TableDefinition> PostgresSnapshot::definition(const std::string& table) const {
  return TableDefinition::of(*session_, session_->sql().schema(), table);
}

Result<std::string> PostgresSnapshot::columns(const std::string& table) const {
  QUIPU_ASSIGN_OR_RETURN(const TableDefinition definition, this->definition(table));
  return definition.text();
}

Result<std::unique_ptr<TableRows<std::string>>> PostgresSnapshot::scan_rows(const std::string& table) const {
  // Reading it sets what makes texts the same, until the session ends.
  QUIPU_ASSIGN_OR_RETURN(const TableDefinition definition, this->definition(table));
  return text_rows(session_, select_rows_as_text(definition, session_->sql().schema(), table));
}

}  // namespace quipu::postgres
