#include "engine/vectors/best_vectors.h"

#include <algorithm>
#include <functional>
#include <limits>

#include "engine/vectors/codes/similarity.h"

namespace quipu {
namespace {

// Candidates that are read before the others are looked at again.
constexpr size_t kComparedAtOnce = 64;
constexpr double kLowest = -std::numeric_limits<double>::infinity();

// A candidate whose score is at most below this is less similar than one of this similarity, as float64
// tells.
double least_score(double similarity, double query_norm, SimilarityMode mode) {
  if (mode != SimilarityMode::EUCLIDEAN) return similarity;
  const double lengths = 2 * query_norm - similarity;  // of query and vector, at most
  return query_norm * query_norm - similarity * similarity - kFloat64Rounding * lengths * lengths;
}

}  // namespace

Result<std::vector<ScoredId>> best_vectors(const TopKQuery& wanted, std::vector<NamedCandidate> candidates,
                                           const FetchVectors& fetch) {
  return best_candidates(wanted, std::move(candidates),
                         [&](std::span<const NamedCandidate> some, const auto& use) {
                           std::vector<std::string_view> ids;
                           ids.reserve(some.size());
                           for (const NamedCandidate& each : some) ids.push_back(each.id);
                           return fetch(ids, use);
                         });
}

Result<std::vector<ScoredId>> best_candidates(const TopKQuery& wanted, std::vector<NamedCandidate> candidates,
                                              const FetchCandidates& fetch) {
  struct Compared {
    double similarity;
    const NamedCandidate* candidate;
  };
  std::vector<Compared> compared;
  std::vector<double> best;  // a heap of the k best similarities, the worst in front
  const double query_norm = norm_of(wanted.query);
  const auto k = static_cast<size_t>(wanted.k);
  std::ranges::sort(candidates, std::greater(), &NamedCandidate::upper);
  // The first k tell most others from the best.
  for (size_t begin = 0, end = 0; begin < candidates.size(); begin = end) {
    const double least = best.size() == k ? least_score(best.front(), query_norm, wanted.mode) : kLowest;
    end = begin;
    const size_t most = std::min(begin + (begin == 0 ? k : kComparedAtOnce), candidates.size());
    while (end < most && candidates[end].upper >= least) ++end;
    if (end == begin) break;
    const std::span some = std::span(candidates).subspan(begin, end - begin);
    QUIPU_RETURN_IF_ERROR(fetch(some, [&](size_t i, std::span<const double> elements) {
      if (elements.size() != wanted.query.size()) return;
      const double found = similarity(wanted.query, query_norm, elements, norm_of(elements), wanted.mode);
      compared.push_back({found, &candidates[begin + i]});
      if (best.size() == k && found <= best.front()) return;
      if (best.size() == k) {
        std::ranges::pop_heap(best, std::greater());
        best.pop_back();
      }
      best.push_back(found);
      std::ranges::push_heap(best, std::greater());
    }));
  }
  // Which others have been compared is up to the codes, and may not decide the order among equals.
  if (best.size() == k) {
    std::erase_if(compared, [&](const Compared& one) { return one.similarity < best.front(); });
  }
  std::ranges::sort(compared, {}, [](const Compared& one) { return one.candidate->order; });
  PythonTopK in_order(wanted.k);
  for (const Compared& one : compared) in_order.offer({one.similarity, one.candidate->id});
  return in_order.sorted();
}

VectorStoreQueryResult to_result(const std::vector<ScoredId>& best) {
  VectorStoreQueryResult result;
  for (const ScoredId& scored : best) {
    result.ids.emplace_back(scored.id);
    result.similarities.push_back(scored.similarity);
  }
  return result;
}

}  // namespace quipu
