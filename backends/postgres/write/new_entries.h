// Many entries on their way into a table. Those that are there already are found first, and the others go by
// COPY, which takes half of what statements over arrays do.
//
// Thread-safety: none to be had.

#ifndef QUIPU_BACKENDS_POSTGRES_WRITE_NEW_ENTRIES_H_
#define QUIPU_BACKENDS_POSTGRES_WRITE_NEW_ENTRIES_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "backends/postgres/connection/connection.h"
#include "backends/postgres/database/tables.h"
#include "backends/postgres/write/batch.h"

namespace quipu::postgres {

// Fewer are not worth two more round trips.
inline constexpr size_t kFewEntries = 64;

// Runs `statements`, which begin a transaction under the locks of the entries, so that none is left, and
// brings those of `rows` to the table that are not there. `present` becomes the others. Where somebody
// without locks inserts the same meanwhile it is a unique violation. A failure is to be rolled back.
std::optional<Failure> copy_new_entries(const TableSql& sql, bool is_jsonb, const FinalBatch::Rows& rows,
                                        Connection& connection, std::vector<Statement>& statements,
                                        FinalBatch::Rows& present);

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_WRITE_NEW_ENTRIES_H_
