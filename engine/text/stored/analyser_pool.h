// AnalyserPool: analysers of one name for any number of threads. An analyser remembers words, and so becomes
// faster than a new one.

#ifndef QUIPU_ENGINE_TEXT_STORED_ANALYSER_POOL_H_
#define QUIPU_ENGINE_TEXT_STORED_ANALYSER_POOL_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/text/analysis/analyser.h"
#include "quipu/backend/thread_annotations.h"
#include "quipu/status.h"

namespace quipu {

class AnalyserPool {
 public:
  // Errors: those of Analyser::make().
  static Result<std::shared_ptr<AnalyserPool>> of(std::string_view name);
  AnalyserPool(std::string name, std::unique_ptr<Analyser> first);

  // An analyser that goes back when this does; must go before the pool.
  class Lease {
   public:
    Lease(AnalyserPool& pool, std::unique_ptr<Analyser> analyser)
        : pool_(&pool), analyser_(std::move(analyser)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (analyser_ != nullptr) pool_->give_back(std::move(analyser_));
    }
    Analyser& operator*() const { return *analyser_; }

   private:
    AnalyserPool* pool_;
    std::unique_ptr<Analyser> analyser_;
  };
  Lease take();

  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }

 private:
  void give_back(std::unique_ptr<Analyser> analyser);

  const std::string name_;
  const std::string version_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Analyser>> free_ QUIPU_GUARDED_BY(mutex_);
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_STORED_ANALYSER_POOL_H_
