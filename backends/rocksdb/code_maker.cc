#include "backends/rocksdb/code_maker.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "backends/rocksdb/write/collection_catalog.h"

namespace quipu::rocks {
namespace {

// Writers wait for so many: some 30 ms.
constexpr uint64_t kAtOnce = 4096;

}  // namespace

Result<bool> CodeMaker::begin(std::string_view collection) {
  const CollectionPtr found = database_.find(collection);
  if (!found || found->record.codes == CollectionRecord::Codes::kAll) return true;
  if (found->record.codes == CollectionRecord::Codes::kNone) {  // from this step on writes keep codes
    QUIPU_ASSIGN_OR_RETURN(const bool all, make_codes(database_, collection, kAtOnce));
    if (all) return true;
  }
  {
    const MutexLock lock(mutex_);
    if (stopping_ || std::ranges::find(wanted_, collection) != wanted_.end()) return false;
    if (!running_) {
      if (thread_.joinable()) thread_.join();  // it has ended, or is about to
      try {
        thread_ = std::thread([this] { run(); });
        running_ = true;
      } catch (const std::system_error&) {  // no thread is to be had
      }
    }
    if (running_) {
      wanted_.emplace_back(collection);
      return false;
    }
  }
  return make_codes(database_, collection, kAtOnce);
}

void CodeMaker::stop() {
  std::thread thread;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
  const MutexLock lock(mutex_);
  stopping_ = false;
}

void CodeMaker::run() {
  while (true) {
    std::string collection;
    {
      const MutexLock lock(mutex_);
      if (stopping_) wanted_.clear();
      if (wanted_.empty()) {
        running_ = false;
        return;
      }
      collection = wanted_.back();
    }
    const Result<bool> made = make_codes(database_, collection, kAtOnce);
    if (made && !*made) continue;
    if (!made) database_.log("codes of " + collection + " are not made: " + made.error().to_string());
    const MutexLock lock(mutex_);
    std::erase(wanted_, collection);
  }
}

}  // namespace quipu::rocks
