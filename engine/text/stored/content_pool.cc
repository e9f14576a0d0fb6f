#include "engine/text/stored/content_pool.h"

namespace quipu {

Result<std::shared_ptr<ContentPool>> ContentPool::of(std::string_view name) {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<ContentReader> first, ContentReader::make(name));
  return std::make_shared<ContentPool>(std::string(name), std::move(first));
}

ContentPool::ContentPool(std::string name, std::unique_ptr<ContentReader> first)
    : name_(std::move(name)), version_(first->version()) {
  free_.push_back(std::move(first));
}

ContentPool::Lease ContentPool::take() {
  {
    const MutexLock lock(mutex_);
    if (!free_.empty()) {
      std::unique_ptr<ContentReader> reader = std::move(free_.back());
      free_.pop_back();
      return {*this, std::move(reader)};
    }
  }
  Result<std::unique_ptr<ContentReader>> another = ContentReader::make(name_);
  return {*this, *std::move(another)};  // the first could be made
}

void ContentPool::give_back(std::unique_ptr<ContentReader> reader) {
  const MutexLock lock(mutex_);
  free_.push_back(std::move(reader));
}

}  // namespace quipu
