// Core: what a store and its transactions share, which may outlive the store's object.
//
// Thread-safety: any.

#ifndef QUIPU_BACKENDS_POSTGRES_TRANSACTION_CORE_H_
#define QUIPU_BACKENDS_POSTGRES_TRANSACTION_CORE_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "backends/postgres/chats/chat_table.h"
#include "backends/postgres/database/session.h"
#include "backends/postgres/read/adjacency.h"
#include "backends/postgres/read/field_index.h"
#include "backends/postgres/read/reader.h"
#include "backends/postgres/vectors/vector_table.h"
#include "backends/postgres/write/writer.h"

namespace quipu::postgres {

struct Core : std::enable_shared_from_this<Core> {
  Core(const PostgresAddress& address, uint64_t search_memory)
      : search_memory_bytes(search_memory),
        server(std::make_shared<Server>(address)),
        writer(server),
        reader(server),
        fields(reader),
        adjacency(reader) {}

  // Tables beside the collections, as the store has them.
  Result<std::shared_ptr<PostgresVectorTable>> vector_table(const VectorTableOptions& options,
                                                            bool read_only) {
    return PostgresVectorTable::of(server, std::shared_ptr<Writer>(shared_from_this(), &writer), options,
                                   read_only);
  }

  Result<std::shared_ptr<PostgresChatTable>> chat_table(const std::string& table_name, bool read_only) {
    return PostgresChatTable::of(server, std::shared_ptr<Writer>(shared_from_this(), &writer), table_name,
                                 read_only);
  }

  const uint64_t search_memory_bytes;  // as BaseKVStore's
  const std::shared_ptr<Server> server;
  Writer writer;
  const PostgresReader reader;
  PostgresFieldIndex fields;
  const PostgresAdjacency adjacency;
  std::atomic<int> transactions = 0;  // that are open
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_TRANSACTION_CORE_H_
