// The rows of LlamaIndex's tables as streams: nodes with their vectors, chats with their messages.
//
// Thread-safety: one thread at a time. Errors: those of the session; kCorruption for what is no such row.

#ifndef QUIPU_BACKENDS_POSTGRES_COPIES_TABLE_STREAMS_H_
#define QUIPU_BACKENDS_POSTGRES_COPIES_TABLE_STREAMS_H_

#include <memory>
#include <string>
#include <vector>

#include "backends/postgres/read/row_stream.h"
#include "quipu/backend/shared_tables.h"

namespace quipu::postgres {

// `table`: with its schema, quoted.
Result<TableReads::VectorCounts> count_rows_of_vectors(Session& session, const std::string& schema,
                                                       const std::string& table);
Result<std::unique_ptr<TableRows<StoredVectorRow>>> vector_rows(std::shared_ptr<PinnedSession> session,
                                                                const std::string& table,
                                                                const TableReads::VectorScan& scan);

// `tables`: at least one.
Result<TableReads::ChatCounts> count_rows_of_chats(Session& session, const std::vector<std::string>& tables);
Result<std::unique_ptr<TableRows<TableReads::Chat>>> chat_rows(std::shared_ptr<PinnedSession> session,
                                                               const std::vector<std::string>& tables,
                                                               std::optional<std::string_view> key);
Result<std::unique_ptr<TableRows<TableReads::ChatMessage>>> message_rows(
    std::shared_ptr<PinnedSession> session, const std::vector<std::string>& tables);
Result<std::vector<Json>> messages_between(Session& session, const std::vector<std::string>& tables,
                                           std::string_view key, uint64_t first, uint64_t last);

// Rows as COPY's text form has them, without the end of the line.
Result<std::unique_ptr<TableRows<std::string>>> text_rows(std::shared_ptr<PinnedSession> session,
                                                          const std::string& select);

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_COPIES_TABLE_STREAMS_H_
