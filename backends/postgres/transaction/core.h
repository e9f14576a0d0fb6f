// Core: what a store and its transactions share, which may outlive the store's object.
//
// Thread-safety: any.

#ifndef QUIPU_BACKENDS_POSTGRES_TRANSACTION_CORE_H_
#define QUIPU_BACKENDS_POSTGRES_TRANSACTION_CORE_H_

#include <atomic>
#include <memory>

#include "backends/postgres/database/session.h"
#include "backends/postgres/read/field_index.h"
#include "backends/postgres/read/reader.h"
#include "backends/postgres/write/writer.h"

namespace quipu::postgres {

struct Core {
  explicit Core(const PostgresAddress& address)
      : server(std::make_shared<Server>(address)), writer(server), reader(server), fields(reader) {}

  const std::shared_ptr<Server> server;
  Writer writer;
  const PostgresReader reader;
  PostgresFieldIndex fields;
  std::atomic<int> transactions = 0;  // that are open
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_TRANSACTION_CORE_H_
