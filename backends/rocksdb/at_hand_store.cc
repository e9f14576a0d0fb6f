#include "backends/rocksdb/at_hand_store.h"

#include <utility>

#include "backends/rocksdb/write/commit.h"
#include "quipu/backend/key_locks.h"
#include "quipu/bulk_load.h"
#include "quipu/verify.h"

namespace quipu::rocks {
namespace {

// Of what one call reads: some hundred microseconds.
constexpr size_t kMaxPairs = 1000;
constexpr size_t kMaxBytes = 1 << 20;

Status takes_longer() { return Status::busy("that takes longer than a moment"); }

// Ends a scan with kBusy after so much.
class MomentaryIterator : public KVIterator {
 public:
  explicit MomentaryIterator(std::unique_ptr<KVIterator> pairs) : pairs_(std::move(pairs)) {}

  bool next() override {
    if (count_ == kMaxPairs || bytes_ > kMaxBytes) {
      took_long_ = true;
      return false;
    }
    if (!pairs_->next()) return false;
    ++count_;
    bytes_ += pairs_->key().size() + pairs_->val().text().size();
    return true;
  }
  std::string_view key() const override { return pairs_->key(); }
  JsonView val() const override { return pairs_->val(); }
  std::optional<uint64_t> order() const override { return pairs_->order(); }
  Status status() const override { return took_long_ ? takes_longer() : pairs_->status(); }

 private:
  const std::unique_ptr<KVIterator> pairs_;
  size_t count_ = 0;
  size_t bytes_ = 0;
  bool took_long_ = false;
};

}  // namespace

AtHandStore::AtHandStore(const BaseKVStore& store, Database& database)
    : store_(store),
      database_(database),
      view_(ReadView(database).at_hand()),
      reader_(view_),
      lists_(database, view_),
      composed_(view_),
      fields_(database, view_),
      vectors_(view_),
      texts_(database, view_) {}

KVCapabilities AtHandStore::capabilities() const {
  return {.atomic_batches = true,
          .batched_put_all = true,
          .durable = true,
          .read_only = database_.is_reader(),
          .streams = true,
          .keeps_order = true,
          .composed_values = true,
          .text_indexes = true};
}

Result<CollectionPtr> AtHandStore::find(std::string_view collection,
                                        std::span<const std::string_view> keys) const {
  QUIPU_RETURN_IF_ERROR(database_.usable());
  if (keys.size() > kMaxPairs) return takes_longer();
  return database_.find(collection);
}

Result<std::unique_ptr<KVIterator>> AtHandStore::scan(const ScanOptions& options,
                                                      std::string_view collection) const {
  if (options.order != ScanOptions::Order::kKey) return takes_longer();
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> pairs,
                         CollectionReads<BaseKVStore>::scan(options, collection));
  return std::make_unique<MomentaryIterator>(std::move(pairs));
}

Status AtHandStore::apply(std::span<const WriteOp> ops, const WriteOptions& options, bool* first_existed) {
  QUIPU_RETURN_IF_ERROR(database_.writable_at_hand());
  if (options.sync || database_.options().sync) return Status::busy("the write is to be synced");
  if (ops.size() > kMaxPairs) return takes_longer();
  if (ops.empty()) return Status::ok();
  Commit commit(database_, view_);
  QUIPU_RETURN_IF_ERROR(commit.locked(*this, ops, options));
  if (first_existed != nullptr) *first_existed = commit.first_key_existed();
  return Status::ok();
}

Result<KeyLocks> AtHandStore::lock(const LockSet& set) const {
  LockSet free = set;
  free.never_wait();
  return store_.lock(free);
}

Status AtHandStore::declare_collection(std::string_view name, const CollectionOptions& options) {
  QUIPU_RETURN_IF_ERROR(database_.writable_at_hand());
  return is_declared(database_.find(name), options) ? Status::ok()
                                                    : Status::busy("a collection is to be made");
}

Result<std::vector<KVEntry>> AtHandStore::get_all(std::string_view /*collection*/) const {
  return takes_longer();
}
Result<std::vector<CollectionInfo>> AtHandStore::collections() const { return takes_longer(); }
Result<std::vector<std::string>> AtHandStore::declared_files() const { return takes_longer(); }
Status AtHandStore::declare_file(std::string_view /*persist_file*/) { return takes_longer(); }
Result<bool> AtHandStore::drop_collection(std::string_view /*name*/) { return takes_longer(); }
Result<std::unique_ptr<BulkLoad>> AtHandStore::bulk_load() { return takes_longer(); }
Status AtHandStore::sync() { return takes_longer(); }
Status AtHandStore::flush() { return takes_longer(); }
Status AtHandStore::compact(const ProgressCallback& /*progress*/) { return takes_longer(); }
Status AtHandStore::verify(const std::function<void(const Fault&)>& /*report*/,
                           const ProgressCallback& /*progress*/) const {
  return takes_longer();
}

}  // namespace quipu::rocks
