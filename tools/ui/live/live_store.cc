#include "tools/ui/live/live_store.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <utility>

#include "quipu/open_store.h"

namespace quipu::ui {
namespace {

constexpr auto kFresh = std::chrono::seconds(1);
constexpr auto kMomentFresh = std::chrono::seconds(5);
// A moment is used for so many times as long as making it takes.
constexpr int kMomentUse = 20;

Result<std::shared_ptr<BaseKVStore>> refreshed(BaseKVStore& store,
                                               const std::shared_ptr<BaseKVStore>& itself) {
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<BaseKVStore> newer, store.refresh());
  if (newer == nullptr) return itself;
  return newer;
}

}  // namespace

std::shared_ptr<KVVectorStore> SearchMoment::vectors(const std::string& ns,
                                                     const std::string& document_store) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<KVVectorStore>& vectors = searched_[{ns, document_store}].vectors;
  if (vectors == nullptr) {
    vectors = std::make_shared<KVVectorStore>(store_, ns);
    vectors->use_document_store(document_store);
  }
  return vectors;
}

void SearchMoment::note(const std::string& ns, const std::string& document_store,
                        const VectorStoreQuery& query) {
  const std::lock_guard lock(mutex_);
  searched_[{ns, document_store}].last.insert_or_assign(query.mode, query);
}

void SearchMoment::prepare_as(const SearchMoment& other) {
  std::map<Names, Searched> before;
  {
    const std::lock_guard lock(other.mutex_);
    before = other.searched_;
  }
  for (const auto& [names, searched] : before) {
    const std::shared_ptr<KVVectorStore> of_names = vectors(names.first, names.second);
    for (const auto& [mode, query] : searched.last) {
      note(names.first, names.second, query);
      // What fails here fails again, and is told, in the search itself.
      static_cast<void>(of_names->query(query));
    }
  }
}

Result<std::unique_ptr<LiveStore>> LiveStore::open(const std::string& address, const LiveOptions& options) {
  std::unique_ptr<LiveStore> live(new LiveStore(address, options));
  QUIPU_RETURN_IF_ERROR(live->open_again());
  return live;
}

LiveStore::~LiveStore() { static_cast<void>(close()); }

Status LiveStore::open_again() {
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<BaseKVStore> store,
                         open_store(address_, {.read_only = !options_.write, .rocksdb = options_.rocksdb}));
  const std::lock_guard lock(mutex_);
  store_ = std::move(store);
  refreshed_ = SearchMoment::Clock::now();
  return Status::ok();
}

Result<LiveStore::Lease> LiveStore::now() {
  Lease lease;
  lease.open_ = std::shared_lock(open_, std::try_to_lock);
  if (!lease.open_) return Status::busy(address_ + " is being repaired; try again when that has ended");
  const std::lock_guard lock(mutex_);
  if (store_ == nullptr) return Status::busy(address_ + " could not be opened again after a repair");
  if (!options_.write && SearchMoment::Clock::now() - refreshed_ > kFresh) {
    QUIPU_ASSIGN_OR_RETURN(store_, refreshed(*store_, store_));
    refreshed_ = SearchMoment::Clock::now();
  }
  lease.store_ = store_;
  return lease;
}

Result<LiveStore::Lease> LiveStore::searches() {
  QUIPU_ASSIGN_OR_RETURN(Lease lease, now());
  const std::lock_guard lock(mutex_);
  if (moment_ == nullptr) {
    moment_ = std::make_shared<SearchMoment>(lease.store_);
    moment_made_ = SearchMoment::Clock::now();
  } else if (lease.store_ == moment_->store()) {
    moment_made_ = SearchMoment::Clock::now();
  }
  const auto age = SearchMoment::Clock::now() - moment_made_;
  const bool at_work =
      newer_moment_.valid() && newer_moment_.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
  if (age > std::max<SearchMoment::Clock::duration>(kMomentFresh, kMomentUse * preparing_) && !at_work) {
    // The older one goes with the call: the future would hold what the function holds.
    newer_moment_ = std::async(std::launch::async, [this, from = moment_]() mutable {
      make_newer_moment(std::exchange(from, nullptr));
    });
  }
  lease.moment_ = moment_;
  lease.store_ = moment_->store();
  lease.age_seconds_ = std::chrono::duration<double>(age).count();
  return lease;
}

Result<std::optional<StoreStats>> LiveStore::writer_stats() {
  if (options_.write) {
    QUIPU_ASSIGN_OR_RETURN(const Lease store, now());
    return store_stats(*store);
  }
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> directory, directory_of_store(address_));
  return directory ? published_stats(*directory) : std::optional<StoreStats>();
}

std::vector<SearchIndexInfo> LiveStore::indexes() {
  const std::shared_lock open(open_, std::try_to_lock);
  if (!open) return {};
  std::shared_ptr<SearchMoment> moment;
  {
    const std::lock_guard lock(mutex_);
    moment = moment_;
  }
  return moment == nullptr ? std::vector<SearchIndexInfo>() : search_indexes(*moment->store());
}

void LiveStore::make_newer_moment(std::shared_ptr<SearchMoment> from) {
  Result<Lease> lease = now();
  if (!lease) return;  // the next search tries again
  const auto made = SearchMoment::Clock::now();
  auto newer = std::make_shared<SearchMoment>(lease->store_);
  newer->prepare_as(*from);
  {
    const std::lock_guard lock(mutex_);
    moment_ = std::move(newer);
    moment_made_ = made;
    preparing_ = SearchMoment::Clock::now() - made;
  }
  from.reset();
#ifdef __GLIBC__
  malloc_trim(0);  // else the room of each index that has gone is kept
#endif
}

Status LiveStore::while_closed(const std::function<Status()>& work) {
  const std::unique_lock alone(open_);
  {
    const std::lock_guard lock(mutex_);
    moment_ = nullptr;
    QUIPU_RETURN_IF_ERROR(store_->close());
    store_ = nullptr;
  }
  const Status done = work();
  const Status opened = open_again();
  return done.is_ok() ? opened : done;
}

Status LiveStore::close() {
  if (newer_moment_.valid()) newer_moment_.wait();
  const std::unique_lock alone(open_);
  const std::lock_guard lock(mutex_);
  moment_ = nullptr;
  if (store_ == nullptr) return Status::ok();
  Status closed = store_->close();
  store_ = nullptr;
  return closed;
}

}  // namespace quipu::ui
