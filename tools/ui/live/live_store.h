// The database behind the page: of the present, beside whoever writes to it; or, opened for writing, this
// process's own.
//
//   QUIPU_ASSIGN_OR_RETURN(const auto store, LiveStore::open("./storage.quipu", {}));
//   QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease lease, store->now());
//   lease->count("docstore/data");
//
// Thread-safety: any thread.

#ifndef QUIPU_TOOLS_UI_LIVE_LIVE_STORE_H_
#define QUIPU_TOOLS_UI_LIVE_LIVE_STORE_H_

#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "quipu/kv_store.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/stats.h"
#include "quipu/status.h"
#include "quipu/vector_store.h"

namespace quipu::ui {

struct LiveOptions {
  bool write = false;  // the lock is taken; else only readers are opened
  RocksDBOptions rocksdb = {};
};

// A moment of the database that searches go on from while a newer one is made: a search index in memory is a
// reader's own, and making it takes longer than a search.
class SearchMoment {
 public:
  using Clock = std::chrono::steady_clock;
  explicit SearchMoment(std::shared_ptr<BaseKVStore> store) : store_(std::move(store)) {}

  const std::shared_ptr<BaseKVStore>& store() const { return store_; }
  // The vector store of a namespace, which searches the texts of a document store; it is held until the
  // moment goes, and its index with it.
  std::shared_ptr<KVVectorStore> vectors(const std::string& ns, const std::string& document_store);
  // Notes a query that has been made of such a store.
  void note(const std::string& ns, const std::string& document_store, const VectorStoreQuery& query);
  // Asks what has been asked of another moment last, in each mode: what makes these queries fast is then
  // there.
  void prepare_as(const SearchMoment& other);

 private:
  const std::shared_ptr<BaseKVStore> store_;
  struct Searched {
    std::shared_ptr<KVVectorStore> vectors;
    std::map<VectorStoreQueryMode, VectorStoreQuery> last;
  };
  using Names = std::pair<std::string, std::string>;  // of a vector store, of a document store
  mutable std::mutex mutex_;
  std::map<Names, Searched> searched_;
};

class LiveStore {
 public:
  // Keeps a store open, and repairs away, while it is there.
  class Lease {
   public:
    BaseKVStore& operator*() const { return *store_; }
    BaseKVStore* operator->() const { return store_.get(); }
    const std::shared_ptr<BaseKVStore>& store() const { return store_; }
    // Null but for searches().
    SearchMoment* moment() const { return moment_.get(); }
    double age_seconds() const { return age_seconds_; }

   private:
    friend class LiveStore;
    std::shared_lock<std::shared_mutex> open_;
    std::shared_ptr<BaseKVStore> store_;
    std::shared_ptr<SearchMoment> moment_;
    double age_seconds_ = 0;
  };

  // Errors: those of open_store().
  static Result<std::unique_ptr<LiveStore>> open(const std::string& address, const LiveOptions& options);
  ~LiveStore();

  const std::string& address() const { return address_; }
  bool writable() const { return options_.write; }
  const RocksDBOptions& rocksdb() const { return options_.rocksdb; }

  // The store as it was a second ago at most. Errors: kBusy while a repair has it; those of refresh().
  Result<Lease> now();
  // The same for searches: some seconds old, while others write.
  Result<Lease> searches();
  // What whoever writes to the database has done: this process, or another one; nothing where nobody writes.
  Result<std::optional<StoreStats>> writer_stats();
  // The search indexes that there are in memory.
  std::vector<SearchIndexInfo> indexes();
  // Closes the store, does the work, and opens it again. REQUIRES: writable().
  Status while_closed(const std::function<Status()>& work);
  Status close();

 private:
  LiveStore(std::string address, LiveOptions options)
      : address_(std::move(address)), options_(std::move(options)) {}
  Status open_again();
  void make_newer_moment(std::shared_ptr<SearchMoment> from);

  const std::string address_;
  const LiveOptions options_;
  std::shared_mutex open_;  // shared: somebody uses the store
  std::mutex mutex_;        // of what is below
  std::shared_ptr<BaseKVStore> store_;
  SearchMoment::Clock::time_point refreshed_;
  std::shared_ptr<SearchMoment> moment_;
  SearchMoment::Clock::time_point moment_made_;
  SearchMoment::Clock::duration preparing_{};  // what making the last moment took
  std::future<void> newer_moment_;
};

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_LIVE_LIVE_STORE_H_
