// Writer: the one way in. A batch is one transaction of the server, sent as one pipeline that ends with its
// COMMIT, so that it takes one round trip, or a few where it has many new entries (new_entries.h).
//
// Each session that writes has a row of its own in quipu_changes for each collection, and adds one to it with
// every write. The sums over all sessions are the collections' versions (BaseKVStore::change_version). And
// where the connection is lost before the COMMIT is answered, the row tells on another connection whether the
// transaction has been committed; it is closed with that, so that the lost one cannot be committed any more.
//
// Thread-safety: any. Lifetime: keeps the server.

#ifndef QUIPU_BACKENDS_POSTGRES_WRITE_WRITER_H_
#define QUIPU_BACKENDS_POSTGRES_WRITE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/postgres/database/session.h"
#include "backends/postgres/write/batch.h"
#include "backends/postgres/write/locks.h"
#include "quipu/kv_store.h"
#include "quipu/status.h"

namespace quipu::postgres {

class Writer {
 public:
  explicit Writer(std::shared_ptr<Server> server) : server_(std::move(server)) {}

  // Under the locks of the batch's keys, which the caller may hold.
  Status write(const FinalBatch& batch, const KeyLocks* held);
  // True when the key was there.
  Result<bool> erase(std::string_view collection, std::string_view key);
  // False when there was none.
  Result<bool> drop_collection(std::string_view collection);

  // Puts statements behind those that begin a transaction on this connection, which it may run before, as far
  // as they are then not left. It is called for each try. Errors end the tries, unless the connection is
  // lost.
  using AddStatements = std::function<Status(Connection&, std::vector<Statement>&)>;
  // A transaction over another table than those of collections, from BEGIN on. It is counted as a write to
  // the collection `name`.
  Status write_rows(std::string_view name, const AddStatements& add);

  // The commit of a transaction: under the locks of `used` writes the batch if `check`, which sees the
  // present, does not refuse it. What is changed in other tables goes with it: `tables`, sorted, are the
  // names that it is counted under, `begin` locks them before the check.
  using Check = std::function<Status(Connection&)>;
  struct OtherTables {
    std::vector<std::string_view> names = {};
    AddStatements begin = {};
    AddStatements changes = {};
  };
  Status write_if(const FinalBatch& batch, const LockSet& used, const Check& check,
                  const OtherTables& others);

  Status declare_collection(std::string_view name, const CollectionOptions& options);
  Status declare_file(std::string_view persist_file);

  Result<uint64_t> version(std::span<const std::string_view> collections);
  // Brings the rows of sessions that have long gone together.
  Status tidy_changes();

  // The end of a bulk load's transaction on that connection, which is rolled back when it fails. `names`
  // sorted.
  using Declared = std::pair<std::string, CollectionOptions>;
  Status finish_load(Connection& connection, std::span<const std::string> files,
                     std::span<const Declared> collections, std::span<const std::string_view> names);

 private:
  // One transaction, all of it between BEGIN and COMMIT.
  struct Work {
    std::vector<Statement> statements;
    std::span<const std::string_view> collections;  // that it changes, sorted
    bool counts = false;                            // the last statement gives a number of rows that went
    std::optional<Failure> failure = {};            // of what has been run of it already
  };
  // Makes the work of one try, on this connection, of which it may run a part. What it returns ends the
  // tries, unless the connection is lost.
  using Prepare = std::function<Status(Connection&, Work&)>;
  // Tries until it is committed or cannot be; what the last statement counts, or 0.
  Result<uint64_t> commit(const Prepare& prepare);

  // Those of the batch, before a connection is taken for it.
  Status make_tables(const FinalBatch& batch);
  void add_changes(std::span<const std::string_view> names, const Connection& connection,
                   std::vector<Statement>& statements) const;
  // The batch, behind what the work has, but for the count of the change.
  Status add_batch(const FinalBatch& batch, Connection& connection, Work& work);

  // Whether a lost transaction has been committed, and what it counted.
  struct Fate {
    bool committed;
    uint64_t removed;
  };
  Result<Fate> fate_of(const Connection& connection, std::string_view collection);

  bool is_known(std::string_view collection, const CollectionOptions& options);
  void set_known(std::string_view collection, const CollectionOptions& options);
  void forget(std::string_view collection);
  void forget_all();

  const std::shared_ptr<Server> server_;
  Mutex mutex_;
  // Collections that quipu_collections has, as far as this object knows, with their persist files.
  std::map<std::string, std::string, std::less<>> known_ QUIPU_GUARDED_BY(mutex_);
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_WRITE_WRITER_H_
