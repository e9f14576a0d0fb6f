#include "engine/vectors/code_stream.h"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/vectors/codes/code_search.h"
#include "engine/vectors/codes/similarity.h"
#include "engine/vectors/codes/vector_codes.h"
#include "engine/vectors/top_k_heap.h"
#include "engine/vectors/vector_search.h"

namespace quipu {
namespace {

constexpr size_t kCodesAtOnce = 8192;

struct Kept {
  double similarity;
  std::string id;
  uint64_t order;
};

// Whether `a` is better, as the reference's heap has it: of equal ones the larger id.
bool better(const Kept& a, const Kept& b) {
  return a.similarity == b.similarity ? a.id > b.id : a.similarity > b.similarity;
}

// The best of the codes so far. Of some thousand the few that may be among the best are compared.
class Best {
 public:
  Best(const VectorStoreQuery& query, const VectorIndex::Fetch& fetch)
      : query_(query),
        fetch_(fetch),
        norm_(norm_of(query.query_embedding)),
        codes_(query.query_embedding.size()) {}

  // Errors: kInvalidArgument where codes cannot tell.
  Status take(const CodedVector& vector) {
    if (vector.dimensions != codes_.dimensions() || !is_regular(vector.code.norm)) {
      return Status::invalid_argument("codes cannot tell");
    }
    if (codes_.size() == kCodesAtOnce) QUIPU_RETURN_IF_ERROR(compare());
    codes_.add(vector.code);
    ids_ += vector.key;
    ends_.push_back(ids_.size());
    orders_.push_back(vector.order);
    return Status::ok();
  }

  Status compare() {
    const CodeQuery query{query_.query_embedding, wanted(), query_.similarity};
    const std::vector<Candidate> candidates = find_candidates(codes_, query, nullptr);
    std::vector<std::string_view> ids;
    for (const Candidate& candidate : candidates) ids.push_back(id_of(candidate.slot));
    QUIPU_RETURN_IF_ERROR(fetch_(ids, [&](size_t i, std::span<const double> elements) {
      if (elements.size() != codes_.dimensions()) return;
      const double found =
          similarity(query_.query_embedding, norm_, elements, norm_of(elements), query_.similarity);
      kept_.push_back({found, std::string(ids[i]), orders_[candidates[i].slot]});
    }));
    std::ranges::sort(kept_, better);
    if (kept_.size() > wanted()) kept_.resize(wanted());
    while (codes_.size() != 0) codes_.move_last_to(codes_.size() - 1);
    ids_.clear();
    ends_.clear();
    orders_.clear();
    return Status::ok();
  }

  VectorStoreQueryResult result() {
    std::ranges::sort(kept_, {}, &Kept::order);
    PythonTopK in_order(query_.similarity_top_k);
    for (const Kept& kept : kept_) in_order.offer({kept.similarity, kept.id});
    VectorStoreQueryResult result;
    for (const ScoredId& scored : in_order.sorted()) {
      result.ids.emplace_back(scored.id);
      result.similarities.push_back(scored.similarity);
    }
    return result;
  }

  // Whether the query is one that codes know anything of.
  bool fits() const {
    return query_.mode == VectorStoreQueryMode::DEFAULT && query_.similarity_top_k > 0 &&
           wanted() < kCodesAtOnce && check_query(query_).is_ok() && is_regular(norm_) &&
           !codes_.has_irregular();
  }

 private:
  size_t wanted() const { return static_cast<size_t>(query_.similarity_top_k); }
  std::string_view id_of(size_t slot) const {
    const size_t begin = slot == 0 ? 0 : ends_[slot - 1];
    return std::string_view(ids_).substr(begin, ends_[slot] - begin);
  }

  const VectorStoreQuery& query_;
  const VectorIndex::Fetch& fetch_;
  const double norm_;
  VectorCodes codes_;
  std::string ids_;  // of each code, one behind the other
  std::vector<size_t> ends_;
  std::vector<uint64_t> orders_;
  std::vector<Kept> kept_;
};

}  // namespace

Result<std::optional<VectorStoreQueryResult>> search_codes(const VectorStoreQuery& query,
                                                           const CodeStream& stream,
                                                           const VectorIndex::Fetch& fetch) {
  const std::optional<VectorStoreQueryResult> cannot_tell;
  Best best(query, fetch);
  if (!best.fits()) return cannot_tell;
  const Result<bool> coded = stream([&](const CodedVector& vector) { return best.take(vector); });
  if (!coded) {
    const StatusCode code = coded.error().code();
    if (code == StatusCode::kInvalidArgument || code == StatusCode::kCorruption) return cannot_tell;
    return coded.error();
  }
  if (!*coded) return cannot_tell;
  QUIPU_RETURN_IF_ERROR(best.compare());
  return std::optional(best.result());
}

}  // namespace quipu
