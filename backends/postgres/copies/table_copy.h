// A table of another schema, of this server or another one, made again in a schema with its rows.
//
// Thread-safety: any.

#ifndef QUIPU_BACKENDS_POSTGRES_COPIES_TABLE_COPY_H_
#define QUIPU_BACKENDS_POSTGRES_COPIES_TABLE_COPY_H_

#include <string>

#include "backends/postgres/copies/snapshot.h"
#include "backends/postgres/database/session.h"
#include "quipu/backend/shared_tables.h"

namespace quipu::postgres {

// SharedTables::copy_table() and check_copy().
Status copy_table(const PostgresSnapshot& from, const std::string& table, Server& target,
                  const SharedTables::WatchRow& watch);
Status check_copy(const PostgresSnapshot& from, const std::string& table, Server& target);
Status drop_table(const std::string& table, Server& target);

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_COPIES_TABLE_COPY_H_
