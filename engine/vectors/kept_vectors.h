// KeptVectors: the elements of vectors that queries have fetched from the store, where all vectors take
// little memory: the few that a search compares are then not read again.
//
// Thread-safety: fetch() from any threads at once; all else as a standard container.

#ifndef QUIPU_ENGINE_VECTORS_KEPT_VECTORS_H_
#define QUIPU_ENGINE_VECTORS_KEPT_VECTORS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/vectors/vector_index.h"
#include "quipu/status.h"

namespace quipu {

class KeptVectors {
 public:
  // Keeps vectors from now on where so many, of at most so many elements, fit into some MiB and into `room`
  // bytes; gives up all that there are where they do not.
  void fit(size_t vectors, size_t dimensions, uint64_t room);
  void forget(std::string_view id);
  void clear();
  size_t memory_bytes() const;

  // What `fetch` does, from memory where all of these are kept. Cost: a look into a table of hashes each.
  Status fetch(std::span<const std::string_view> ids,
               const std::function<void(size_t i, std::span<const double>)>& use,
               const VectorIndex::Fetch& fetch);

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view id) const { return std::hash<std::string_view>()(id); }
  };
  using Vectors = std::unordered_map<std::string, std::vector<double>, Hash, std::equal_to<>>;

  bool use_kept(std::span<const std::string_view> ids,
                const std::function<void(size_t i, std::span<const double>)>& use) const;

  bool keeps_ = false;
  mutable std::shared_mutex mutex_;  // guards what follows among those who fetch
  Vectors vectors_;
  size_t bytes_ = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_KEPT_VECTORS_H_
