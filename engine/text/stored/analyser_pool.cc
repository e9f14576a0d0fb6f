#include "engine/text/stored/analyser_pool.h"

namespace quipu {

Result<std::shared_ptr<AnalyserPool>> AnalyserPool::of(std::string_view name) {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<Analyser> first, Analyser::make(name));
  return std::make_shared<AnalyserPool>(std::string(name), std::move(first));
}

AnalyserPool::AnalyserPool(std::string name, std::unique_ptr<Analyser> first)
    : name_(std::move(name)), version_(first->version()) {
  free_.push_back(std::move(first));
}

AnalyserPool::Lease AnalyserPool::take() {
  {
    const MutexLock lock(mutex_);
    if (!free_.empty()) {
      std::unique_ptr<Analyser> analyser = std::move(free_.back());
      free_.pop_back();
      return {*this, std::move(analyser)};
    }
  }
  Result<std::unique_ptr<Analyser>> another = Analyser::make(name_);
  return {*this, *std::move(another)};  // the first could be made
}

void AnalyserPool::give_back(std::unique_ptr<Analyser> analyser) {
  const MutexLock lock(mutex_);
  free_.push_back(std::move(analyser));
}

}  // namespace quipu
