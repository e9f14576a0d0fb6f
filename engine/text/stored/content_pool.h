// ContentPool: readers of content, by one analyser, for any number of threads. An analyser remembers words,
// and so becomes faster than a new one.

#ifndef QUIPU_ENGINE_TEXT_STORED_CONTENT_POOL_H_
#define QUIPU_ENGINE_TEXT_STORED_CONTENT_POOL_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/text/stored/content_reader.h"
#include "quipu/backend/thread_annotations.h"
#include "quipu/status.h"

namespace quipu {

class ContentPool {
 public:
  // Errors: those of ContentReader::make().
  static Result<std::shared_ptr<ContentPool>> of(std::string_view name);
  ContentPool(std::string name, std::unique_ptr<ContentReader> first);

  // A reader that goes back when this does; must go before the pool.
  class Lease {
   public:
    Lease(ContentPool& pool, std::unique_ptr<ContentReader> reader)
        : pool_(&pool), reader_(std::move(reader)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (reader_ != nullptr) pool_->give_back(std::move(reader_));
    }
    ContentReader& operator*() const { return *reader_; }
    ContentReader* operator->() const { return reader_.get(); }

   private:
    ContentPool* pool_;
    std::unique_ptr<ContentReader> reader_;
  };
  Lease take();

  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }

 private:
  void give_back(std::unique_ptr<ContentReader> reader);

  const std::string name_;
  const std::string version_;
  Mutex mutex_;
  std::vector<std::unique_ptr<ContentReader>> free_ QUIPU_GUARDED_BY(mutex_);
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_STORED_CONTENT_POOL_H_
