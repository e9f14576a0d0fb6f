#include "backends/postgres/transaction/transaction.h"

#include <algorithm>
#include <utility>

#include "backends/postgres/transaction/staged_relations.h"
#include "backends/postgres/write/batch.h"

namespace quipu::postgres {
namespace {

constexpr size_t kMostBytes = size_t{1} << 30;
constexpr size_t kFewValues = 4;

// The present, as the connection of a commit sees it.
class CommitSession : public Session {
 public:
  CommitSession(Server& server, Connection& connection) : server_(server), connection_(connection) {}

  Result<std::vector<ResultSet>> run(std::span<const Statement> statements) override {
    Reply reply = connection_.run(statements);
    if (reply.failure) return reply.failure->status(server_.shown());
    return std::move(reply.results);
  }
  Result<TableState> tables(size_t table) override { return server_.tables(table); }
  const Tables& sql() const override { return server_.sql(); }
  Result<std::shared_ptr<PinnedSession>> pinned() override {
    return Status::not_supported("a commit goes through no collection");
  }

 private:
  Server& server_;
  Connection& connection_;
};

Status changed(std::string_view what) {
  return Status::busy("the transaction conflicts with another write: " + std::string(what) +
                      " has been changed since it began; nothing was written, begin again");
}

std::string name_of(std::string_view collection) {
  return "collection " + Json::from_string(collection).text();
}

}  // namespace

PostgresTransaction::PostgresTransaction(std::shared_ptr<Core> core, std::shared_ptr<PinnedSession> session)
    : core_(std::move(core)), session_(std::move(session)), base_(std::in_place, session_) {
  ++core_->transactions;
}

PostgresTransaction::~PostgresTransaction() {
  finish_async_calls();
  end();
}

void PostgresTransaction::end() {
  if (!base_) return;
  base_.reset();
  session_.reset();
  for (StagedTable* const table : staged_tables()) table->end();
  vectors_.clear();
  chats_.clear();
  staged_ = {};
  reads_ = {};
  --core_->transactions;
}

Status PostgresTransaction::active() const {
  return base_ ? Status::ok() : Status::invalid_argument("the transaction has ended");
}

void PostgresTransaction::rollback() { end(); }

KVCapabilities PostgresTransaction::capabilities() const {
  return {.atomic_batches = true,
          .batched_put_all = true,
          .in_transaction = true,
          .keeps_order = true,
          .round_trips = true,
          .text_keys = true,
          .finite_numbers = true};
}

// ---- what is read ----

void PostgresTransaction::note(std::string_view collection, std::span<const std::string_view> keys) const {
  auto noted = reads_.keys.find(collection);
  if (noted == reads_.keys.end()) noted = reads_.keys.try_emplace(std::string(collection)).first;
  for (const std::string_view key : keys) noted->second.emplace(key);
}

Result<std::optional<Json>> PostgresTransaction::get(std::string_view key,
                                                     std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(active());
  if (const StagedChanges::Change* const change = staged_.find(collection, key)) {
    return change->value ? std::optional(Json::from_canonical(*change->value)) : std::nullopt;
  }
  note(collection, {&key, 1});
  return base_->get(key, collection);
}

Result<std::vector<std::optional<Json>>> PostgresTransaction::multi_get(
    std::span<const std::string_view> keys, std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(active());
  note(collection, keys);
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::optional<Json>> values, base_->multi_get(keys, collection));
  for (size_t i = 0; i < keys.size(); ++i) {
    const StagedChanges::Change* const change = staged_.find(collection, keys[i]);
    if (change == nullptr) continue;
    values[i].reset();
    if (change->value) values[i] = Json::from_canonical(*change->value);
  }
  return values;
}

Result<std::vector<std::optional<uint64_t>>> PostgresTransaction::insertion_order(
    std::span<const std::string_view> keys, std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(active());
  note(collection, keys);
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::optional<uint64_t>> orders,
                         base_->insertion_order(keys, collection));
  for (size_t i = 0; i < keys.size(); ++i) {
    const StagedChanges::Change* const change = staged_.find(collection, keys[i]);
    if (change == nullptr) continue;
    if (!change->value) {
      orders[i].reset();
    } else if (!orders[i] || change->erased) {
      orders[i] = StagedChanges::order_at_end(change->place);
    }
  }
  return orders;
}

Result<std::vector<bool>> PostgresTransaction::keys_exist(std::span<const std::string_view> keys,
                                                          std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const auto orders, insertion_order(keys, collection));
  return with_order(orders);
}

Result<std::vector<std::optional<uint64_t>>> PostgresTransaction::base_orders(
    const StagedChanges::Changes& changes, std::string_view collection) const {
  std::vector<std::string_view> keys;
  for (const auto& [key, change] : changes) keys.emplace_back(key);
  return base_->insertion_order(keys, collection);
}

Result<uint64_t> PostgresTransaction::count(std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(active());
  reads_.collections.emplace(collection);
  QUIPU_ASSIGN_OR_RETURN(uint64_t count, base_->count(collection));
  const StagedChanges::Changes* const changes = staged_.of(collection);
  if (changes == nullptr) return count;
  QUIPU_ASSIGN_OR_RETURN(const auto orders, base_orders(*changes, collection));
  size_t at = 0;
  for (const auto& [key, change] : *changes) {
    count -= orders[at++].has_value() ? 1 : 0;
    count += change.value.has_value() ? 1 : 0;
  }
  return count;
}

Result<std::unique_ptr<KVIterator>> PostgresTransaction::scan_merged(const ScanOptions& options,
                                                                     std::string_view collection) const {
  const StagedChanges::Changes* const changes = staged_.of(collection);
  if (changes == nullptr) return base_->scan(options, collection);
  QUIPU_ASSIGN_OR_RETURN(const auto orders, base_orders(*changes, collection));
  ScanOptions unlimited = options;
  unlimited.limit = 0;
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> base, base_->scan(unlimited, collection));
  return StagedChanges::merged(std::move(base), *changes, orders, options);
}

Result<std::unique_ptr<KVIterator>> PostgresTransaction::scan(const ScanOptions& options,
                                                              std::string_view collection) const {
  QUIPU_RETURN_IF_ERROR(active());
  reads_.collections.emplace(collection);
  return scan_merged(options, collection);
}

Result<std::vector<KVEntry>> PostgresTransaction::get_all(std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> all,
                         scan({.order = ScanOptions::Order::kInsertion}, collection));
  std::vector<KVEntry> entries;
  while (all->next()) {
    entries.push_back({std::string(all->key()), Json::from_canonical(std::string(all->val().text()))});
  }
  QUIPU_RETURN_IF_ERROR(all->status());
  return entries;
}

// The present's, for a transaction makes those that it declares at once; and what it sees in them.
Result<std::vector<CollectionInfo>> PostgresTransaction::collections() const {
  QUIPU_RETURN_IF_ERROR(active());
  QUIPU_ASSIGN_OR_RETURN(std::vector<CollectionInfo> infos, core_->reader.collections());
  for (const auto& [name, changes] : staged_.all()) {
    const bool puts =
        std::ranges::any_of(changes, [](const auto& entry) { return entry.second.value.has_value(); });
    if (puts && std::ranges::find(infos, name, &CollectionInfo::name) == infos.end())
      infos.push_back({name, "", "", 0});
  }
  for (CollectionInfo& info : infos) {
    QUIPU_ASSIGN_OR_RETURN(info.count, count(info.name));
  }
  return infos;
}

Result<std::vector<std::string>> PostgresTransaction::declared_files() const {
  QUIPU_RETURN_IF_ERROR(active());
  return core_->reader.declared_files();
}

// ---- what is written ----

Status PostgresTransaction::stage(std::span<const WriteOp> ops) {
  QUIPU_RETURN_IF_ERROR(active());
  QUIPU_ASSIGN_OR_RETURN(const PlainBatch plain, PlainBatch::of(ops));
  QUIPU_RETURN_IF_ERROR(FinalBatch::of(plain.ops()).status());
  size_t bytes = staged_.bytes();
  for (const WriteOp& op : plain.ops()) bytes += op.key.size() + op.value.size();
  if (bytes > kMostBytes) {
    return Status::invalid_argument("the transaction would hold more than 1 GiB of changes");
  }
  staged_.stage(plain.ops());
  return Status::ok();
}

Status PostgresTransaction::put(std::string_view key, JsonView val, std::string_view collection) {
  const WriteOp op{&WriteOp::kPut, collection, key, val.text()};
  return stage({&op, 1});
}

Result<bool> PostgresTransaction::delete_(std::string_view key, std::string_view collection) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> value, get(key, collection));
  if (!value) return false;
  const WriteOp op{&WriteOp::kDelete, collection, key};
  QUIPU_RETURN_IF_ERROR(stage({&op, 1}));
  return true;
}

Status PostgresTransaction::put_all(std::span<const KVPair> kv_pairs, std::string_view collection,
                                    int /*batch_size*/) {
  std::vector<WriteOp> ops;
  for (const KVPair& pair : kv_pairs) ops.push_back({&WriteOp::kPut, collection, pair.key, pair.val.text()});
  return stage(ops);
}

Status PostgresTransaction::write(const WriteBatch& batch, const WriteOptions& /*options*/) {
  return stage(batch.ops());
}

Status PostgresTransaction::declare_collection(std::string_view name, const CollectionOptions& options) {
  QUIPU_RETURN_IF_ERROR(active());
  return core_->writer.declare_collection(name, options);
}

Status PostgresTransaction::declare_file(std::string_view persist_file) {
  QUIPU_RETURN_IF_ERROR(active());
  return core_->writer.declare_file(persist_file);
}

// ---- its end ----

LockSet PostgresTransaction::used() const {
  LockSet set;
  if (!reads_.collections.empty() || !reads_.values.empty() || !reads_.ends.empty()) set.add_all();
  for (const auto& [collection, keys] : reads_.keys) {
    for (const std::string& key : keys) set.add(collection, key);
  }
  return set;
}

Status PostgresTransaction::check(Connection& connection) const {
  const PostgresReader now(std::make_shared<CommitSession>(*core_->server, connection));
  for (const auto& [collection, noted] : reads_.keys) {
    const std::vector<std::string_view> keys(noted.begin(), noted.end());
    QUIPU_ASSIGN_OR_RETURN(const auto then, base_->versions(keys, collection));
    QUIPU_ASSIGN_OR_RETURN(const auto present, now.versions(keys, collection));
    const auto differs = std::ranges::mismatch(then, present);
    if (differs.in1 == then.end()) continue;
    const std::string_view key = keys[static_cast<size_t>(differs.in1 - then.begin())];
    return changed("key " + Json::from_string(key).text() + " of " + name_of(collection));
  }
  for (const std::string& collection : reads_.collections) {
    QUIPU_ASSIGN_OR_RETURN(const std::string then, base_->digest(collection));
    QUIPU_ASSIGN_OR_RETURN(const std::string present, now.digest(collection));
    if (then != present) return changed(name_of(collection));
  }
  for (const auto& [collection, field, value] : reads_.values) {
    QUIPU_ASSIGN_OR_RETURN(const auto then,
                           PostgresFieldIndex(*base_).keys_with_value(collection, field, value));
    QUIPU_ASSIGN_OR_RETURN(const auto present,
                           PostgresFieldIndex(now).keys_with_value(collection, field, value));
    if (then != present)
      return changed("what has " + field + " " + Json::from_string(value).text() + " in " +
                     name_of(collection));
  }
  for (const auto& [collection, noted] : reads_.ends) {
    const std::vector<std::string_view> ids(noted.begin(), noted.end());
    QUIPU_ASSIGN_OR_RETURN(const auto then, base_->adjacent(ids, collection, 0));
    QUIPU_ASSIGN_OR_RETURN(const auto present, now.adjacent(ids, collection, 0));
    if (then == present) continue;
    const auto differs = std::ranges::mismatch(then, present);
    const std::string_view id = ids[static_cast<size_t>(differs.in1 - then.begin())];
    return changed("what is related to " + Json::from_string(id).text() + " in " + name_of(collection));
  }
  CommitSession present(*core_->server, connection);
  for (const StagedTable* const table : staged_tables()) QUIPU_RETURN_IF_ERROR(table->check(present));
  return Status::ok();
}

std::vector<StagedTable*> PostgresTransaction::staged_tables() const {
  std::vector<StagedTable*> tables;
  for (const auto& [name, vectors] : vectors_) tables.push_back(vectors.get());
  for (const auto& [name, chats] : chats_) tables.push_back(chats.get());
  return tables;
}

Status PostgresTransaction::write_staged(std::span<const WriteOp> ops) {
  QUIPU_ASSIGN_OR_RETURN(const FinalBatch batch, FinalBatch::of(ops));
  const std::vector<StagedTable*> tables = staged_tables();
  std::vector<std::string> locks;
  Writer::OtherTables others;
  for (const StagedTable* const table : tables) {
    QUIPU_ASSIGN_OR_RETURN(const bool is_used, table->is_used());
    if (is_used) locks.push_back(table->lock_sql());
    if (table->has_changes()) others.names.emplace_back(table->name());
  }
  std::ranges::sort(locks);
  std::ranges::sort(others.names);
  const auto repeated = std::ranges::unique(others.names);
  others.names.erase(repeated.begin(), repeated.end());
  others.begin = [&](Connection& /*connection*/, std::vector<Statement>& statements) {
    for (const std::string& lock : locks) statements.emplace_back(lock, Statement::Use::kOnce);
    return Status::ok();
  };
  others.changes = [&](Connection& connection, std::vector<Statement>& statements) {
    for (StagedTable* const table : tables) {
      QUIPU_RETURN_IF_ERROR(table->add_changes(connection, statements));
    }
    return Status::ok();
  };
  return core_->writer.write_if(
      batch, used(), [this](Connection& now) { return check(now); }, others);
}

Status PostgresTransaction::commit(const WriteOptions& /*options*/) {
  QUIPU_RETURN_IF_ERROR(active());
  const std::vector<WriteOp> ops = staged_.ops();
  const bool has_more = std::ranges::any_of(staged_tables(), &StagedTable::has_changes);
  Status done;
  if (!ops.empty() || has_more) {
    for (const auto& [collection, changes] : staged_.all()) {  // which must be as they were, too
      for (const auto& [key, change] : changes) {
        const std::string_view one = key;
        note(collection, {&one, 1});
      }
    }
    done = write_staged(ops);
  }
  end();
  return done;
}

// ---- tables beside the collections ----

Result<std::shared_ptr<VectorTable>> PostgresTransaction::vector_table(const VectorTableOptions& options) {
  QUIPU_RETURN_IF_ERROR(active());
  const auto known = vectors_.find(options.table_name);
  if (known != vectors_.end()) return std::shared_ptr<VectorTable>(known->second);

  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<PostgresVectorTable> table,
                         core_->vector_table(options, /*read_only=*/false));
  auto staged = std::make_shared<StagedVectors>(std::move(table), session_);
  vectors_.emplace(options.table_name, staged);
  return std::shared_ptr<VectorTable>(std::move(staged));
}

Result<std::shared_ptr<ChatTable>> PostgresTransaction::chat_table(const std::string& table_name) {
  QUIPU_RETURN_IF_ERROR(active());
  const auto known = chats_.find(table_name);
  if (known != chats_.end()) return std::shared_ptr<ChatTable>(known->second);
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<PostgresChatTable> table,
                         core_->chat_table(table_name, /*read_only=*/false));
  auto staged = std::make_shared<StagedChats>(std::move(table), session_);
  chats_.emplace(table_name, staged);
  return std::shared_ptr<ChatTable>(std::move(staged));
}

// ---- features ----

Result<std::optional<MemberLists::Info>> PostgresTransaction::Features::list_info(
    std::string_view /*collection*/, std::string_view /*key*/) const {
  QUIPU_RETURN_IF_ERROR(transaction_.active());
  return std::optional<MemberLists::Info>();
}

Result<bool> PostgresTransaction::Features::has_member(std::string_view /*collection*/,
                                                       std::string_view /*key*/,
                                                       std::string_view /*member*/) const {
  QUIPU_RETURN_IF_ERROR(transaction_.active());
  return false;
}

Result<std::vector<std::string>> PostgresTransaction::Features::members(std::string_view /*collection*/,
                                                                        std::string_view /*key*/) const {
  QUIPU_RETURN_IF_ERROR(transaction_.active());
  return std::vector<std::string>();
}

Result<std::optional<ComposedValues::Info>> PostgresTransaction::Features::composed_info(
    std::string_view /*collection*/, std::string_view /*key*/) const {
  QUIPU_RETURN_IF_ERROR(transaction_.active());
  return std::optional<ComposedValues::Info>();
}

Result<std::vector<ComposedValues::Part>> PostgresTransaction::Features::parts(
    std::string_view /*collection*/, std::string_view /*key*/) const {
  QUIPU_RETURN_IF_ERROR(transaction_.active());
  return std::vector<Part>();
}

Status PostgresTransaction::Features::ensure_index(std::string_view /*collection*/,
                                                   std::string_view /*field*/) {
  return transaction_.active();
}

Result<std::vector<std::string>> PostgresTransaction::Features::keys_with_value(
    std::string_view collection, std::string_view field, std::string_view value) const {
  QUIPU_RETURN_IF_ERROR(transaction_.active());
  transaction_.reads_.values.emplace(collection, field, value);
  if (transaction_.staged_.of(collection) == nullptr) {
    return PostgresFieldIndex(*transaction_.base_).keys_with_value(collection, field, value);
  }
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> all, transaction_.scan_merged({}, collection));
  return scan_keys_with_value(*all, field, value);
}

Status PostgresTransaction::Features::for_each_node(std::string_view collection,
                                                    std::span<const std::string_view> ids, uint64_t at_most,
                                                    const Use& use) const {
  QUIPU_RETURN_IF_ERROR(transaction_.active());
  transaction_.reads_.ends[std::string(collection)].insert(ids.begin(), ids.end());
  const StagedChanges::Changes* const changes = transaction_.staged_.of(collection);
  // Of those that are read so many may have gone.
  const uint64_t read = changes == nullptr || at_most == 0 ? at_most : at_most + changes->size();
  QUIPU_ASSIGN_OR_RETURN(PostgresReader::Keys keys, transaction_.base_->adjacent(ids, collection, read));
  if (changes != nullptr) keys = merged_relations(*changes, ids, std::move(keys));
  return PostgresAdjacency::hand_over(std::move(keys), use);
}

Result<std::vector<bool>> PostgresTransaction::Features::values_exist(
    std::string_view collection, std::string_view field, std::span<const std::string_view> values) const {
  QUIPU_RETURN_IF_ERROR(transaction_.active());
  if (values.size() > kFewValues) {
    transaction_.reads_.collections.emplace(collection);
  } else {
    for (const std::string_view value : values) transaction_.reads_.values.emplace(collection, field, value);
  }
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> all,
                         transaction_.scan_merged({.order = ScanOptions::Order::kInsertion}, collection));
  return scan_values_exist(*all, field, values);
}

}  // namespace quipu::postgres
