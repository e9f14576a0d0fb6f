// StagedTable: a table beside the collections in a transaction: what is written to it is kept until the
// commit.
//
// Thread-safety: one thread at a time.

#ifndef QUIPU_BACKENDS_POSTGRES_WRITE_STAGED_TABLE_H_
#define QUIPU_BACKENDS_POSTGRES_WRITE_STAGED_TABLE_H_

#include <string>
#include <vector>

#include "backends/postgres/connection/connection.h"
#include "backends/postgres/database/session.h"
#include "quipu/status.h"

namespace quipu::postgres {

class StagedTable {
 public:
  virtual ~StagedTable() = default;

  // The transaction has ended.
  virtual void end() = 0;

  // ---- the commit, on its connection ----
  // The table, under which changes are counted, as it stands.
  virtual const std::string& name() const = 0;
  virtual bool has_changes() const = 0;
  // Whether it has been read or changed, and is there.
  virtual Result<bool> is_used() const = 0;
  // Whoever else writes to the table waits.
  virtual std::string lock_sql() const = 0;
  // kBusy where what has been read or is to be written is not what the transaction's snapshot has.
  virtual Status check(Session& present) const = 0;
  // Its statements view this.
  virtual Status add_changes(Connection& connection, std::vector<Statement>& statements) = 0;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_WRITE_STAGED_TABLE_H_
