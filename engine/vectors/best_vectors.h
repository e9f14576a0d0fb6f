// The last step of exact search: of the few vectors that may be among the most similar ones those that are,
// by their stored elements.

#ifndef QUIPU_ENGINE_VECTORS_BEST_VECTORS_H_
#define QUIPU_ENGINE_VECTORS_BEST_VECTORS_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/vectors/top_k_heap.h"
#include "quipu/status.h"
#include "quipu/vector_store.h"

namespace quipu {

struct TopKQuery {
  std::span<const double> query;
  int k;
  SimilarityMode mode;
};

// Calls its second argument with the elements of each of the ids that is stored.
using FetchVectors = std::function<Status(std::span<const std::string_view> ids,
                                          const std::function<void(size_t i, std::span<const double>)>& use)>;

// One that may be among the best: what its score is at most, and its place among all.
struct NamedCandidate {
  double upper;
  uint64_t order;
  std::string_view id;
};

// The same for those who know vectors by their places, too.
using FetchCandidates = std::function<Status(
    std::span<const NamedCandidate> some, const std::function<void(size_t i, std::span<const double>)>& use)>;

// The best in the reference's order; the ids are the candidates'. No more vectors are fetched than it takes
// to tell the others from the best. REQUIRES: k is above 0.
Result<std::vector<ScoredId>> best_candidates(const TopKQuery& wanted, std::vector<NamedCandidate> candidates,
                                              const FetchCandidates& fetch);
Result<std::vector<ScoredId>> best_vectors(const TopKQuery& wanted, std::vector<NamedCandidate> candidates,
                                           const FetchVectors& fetch);

VectorStoreQueryResult to_result(const std::vector<ScoredId>& best);

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_BEST_VECTORS_H_
