#include "engine/vectors/vector_stream.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/vectors/codes/similarity.h"
#include "engine/vectors/top_k_heap.h"
#include "engine/vectors/vector_index.h"
#include "engine/vectors/vector_search.h"

namespace quipu {
namespace {

constexpr double kLowest = -std::numeric_limits<double>::infinity();

struct Kept {
  double similarity;
  std::string id;
  uint64_t order;
};

// Whether `a` is better, as the reference's heap has it: of equal ones the larger id.
bool better(const Kept& a, const Kept& b) {
  const double of_a = std::isnan(a.similarity) ? kLowest : a.similarity;
  const double of_b = std::isnan(b.similarity) ? kLowest : b.similarity;
  return of_a == of_b ? a.id > b.id : of_a > of_b;
}

// Whether vectors can be compared with the query. One that cannot be is told of only when all have passed the
// filters, which the reference evaluates before it compares anything; of several the first inserted.
class Shapes {
 public:
  explicit Shapes(size_t wanted) : wanted_(wanted) {}

  bool fits(const StreamedVector& vector) {
    if (vector.elements.size() == wanted_) return true;
    if (!misfit_ || vector.order < misfit_order_) {
      misfit_ = vector.elements.size();
      misfit_order_ = vector.order;
    }
    return false;
  }
  Status status() const { return misfit_ ? shapes_differ(wanted_, *misfit_) : Status::ok(); }

 private:
  const size_t wanted_;
  std::optional<size_t> misfit_;
  uint64_t misfit_order_ = 0;
};

Result<VectorStoreQueryResult> top_k(const VectorStoreQuery& query, const VectorStream& stream) {
  const std::vector<double>& wanted = query.query_embedding;
  const double norm = norm_of(wanted);
  const int k = query.similarity_top_k;
  std::vector<Kept> best;  // a heap, the worst in front
  Shapes shapes(wanted.size());
  QUIPU_RETURN_IF_ERROR(stream([&](const StreamedVector& vector) -> Status {
    if (!shapes.fits(vector) || k < 0) return Status::ok();
    Kept found{similarity(wanted, norm, vector.elements, norm_of(vector.elements), query.similarity),
               {},
               vector.order};
    const bool full = k != 0 && best.size() == static_cast<size_t>(k);
    if (full && found.similarity < best.front().similarity) return Status::ok();
    found.id = vector.id;
    if (full) {
      if (!better(found, best.front())) return Status::ok();
      std::ranges::pop_heap(best, better);
      best.pop_back();
    }
    best.push_back(std::move(found));
    std::ranges::push_heap(best, better);
    return Status::ok();
  }));
  QUIPU_RETURN_IF_ERROR(shapes.status());
  std::ranges::sort(best, {}, &Kept::order);
  PythonTopK in_order(k);
  for (const Kept& kept : best) in_order.offer({kept.similarity, kept.id});
  VectorStoreQueryResult result;
  for (const ScoredId& scored : in_order.sorted()) {
    result.ids.emplace_back(scored.id);
    result.similarities.push_back(scored.similarity);
  }
  return result;
}

// The vector that MMR picks next, the first inserted of equal ones.
struct Pick {
  double score = kLowest;
  uint64_t order = 0;
  std::string id;
  std::vector<double> elements;
};

Result<VectorStoreQueryResult> mmr(const VectorStoreQuery& query, const VectorStream& stream) {
  const std::vector<double>& wanted = query.query_embedding;
  const double threshold = query.mmr_threshold;
  const double norm = norm_of(wanted);
  VectorStoreQueryResult result;
  std::unordered_set<std::string> picked;
  std::optional<Pick> recent;
  const int k = query.similarity_top_k;
  while (picked.empty() || k == 0 || static_cast<int64_t>(picked.size()) < k) {
    const double recent_norm = recent ? norm_of(recent->elements) : 0;
    std::optional<Pick> best;
    size_t left = 0;
    Shapes shapes(wanted.size());
    QUIPU_RETURN_IF_ERROR(stream([&](const StreamedVector& vector) -> Status {
      const std::span<const double> elements = vector.elements;
      if (!shapes.fits(vector)) return Status::ok();
      if (picked.contains(std::string(vector.id))) return Status::ok();
      ++left;
      const double own_norm = norm_of(elements);
      double score = threshold * similarity(wanted, norm, elements, own_norm, query.similarity);
      if (recent) {
        score -=
            (1 - threshold) * similarity(elements, own_norm, recent->elements, recent_norm, query.similarity);
      }
      const bool is_best = best ? score > best->score || (score == best->score && vector.order < best->order)
                                : score > kLowest;
      if (!is_best) return Status::ok();
      best = Pick{score, vector.order, std::string(vector.id), {elements.begin(), elements.end()}};
      return Status::ok();
    }));
    QUIPU_RETURN_IF_ERROR(shapes.status());
    if (left == 0 || k < 0) break;
    if (!best) return no_similarity_compares();
    result.ids.push_back(best->id);
    result.similarities.push_back(best->score);
    picked.insert(best->id);
    recent = std::move(best);
  }
  return result;
}

}  // namespace

Result<VectorStoreQueryResult> search_stream(const VectorStoreQuery& query, const VectorStream& stream) {
  const Status refused = check_query(query);
  if (!refused.is_ok()) {  // the reference filters first, which may fail
    QUIPU_RETURN_IF_ERROR(stream([](const StreamedVector& /*vector*/) { return Status::ok(); }));
    return refused;
  }
  return query.mode == VectorStoreQueryMode::MMR ? mmr(query, stream) : top_k(query, stream);
}

}  // namespace quipu
