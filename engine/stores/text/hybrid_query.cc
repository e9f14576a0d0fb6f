#include "engine/stores/text/hybrid_query.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "engine/stores/text/text_searcher.h"
#include "engine/text/stored/content_reader.h"

namespace quipu {
namespace {

using Mode = VectorStoreQueryMode;

constexpr double kRankOffset = 60;
constexpr double kUsualAlpha = 0.5;
// Of more nodes than one of so many, each that would be among the best is looked up; of fewer, all are
// scored.
constexpr uint64_t kFew = 16;

// As of every query: 0 means all.
size_t count_of(int k) { return k < 0 ? 0 : k == 0 ? SIZE_MAX : static_cast<size_t>(k); }

// Adds up what each id is worth in several results.
class Fusion {
 public:
  void add(const std::string& id, double worth) {
    const auto [place, added] = places_.emplace(id, ids_.size());
    if (added) {
      ids_.push_back(id);
      worths_.push_back(0);
    }
    worths_[place->second] += worth;
  }
  VectorStoreQueryResult best(size_t top_k) const {
    std::vector<size_t> order(ids_.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, std::greater(), [this](size_t i) { return worths_[i]; });
    VectorStoreQueryResult result;
    for (size_t i = 0; i < std::min(top_k, order.size()); ++i) {
      result.ids.push_back(ids_[order[i]]);
      result.similarities.push_back(worths_[order[i]]);
    }
    return result;
  }

 private:
  std::unordered_map<std::string, size_t> places_;
  std::vector<std::string> ids_;
  std::vector<double> worths_;
};

// A vector without direction has no similarity but NaN: it is worth nothing, and the others are scaled
// without it.
void add_scaled(const VectorStoreQueryResult& found, double weight, Fusion& fusion) {
  double least = INFINITY;
  double most = -INFINITY;
  for (const double similarity : found.similarities) {  // of NaN, fmin and fmax take the other
    least = std::fmin(least, similarity);
    most = std::fmax(most, similarity);
  }
  for (size_t i = 0; i < found.ids.size(); ++i) {
    const double similarity = found.similarities[i];
    const double scaled = most == least ? 1 : (similarity - least) / (most - least);
    fusion.add(found.ids[i], std::isnan(similarity) ? 0 : weight * scaled);
  }
}

void add_ranks(const VectorStoreQueryResult& found, Fusion& fusion) {
  for (size_t i = 0; i < found.ids.size(); ++i) fusion.add(found.ids[i], 1 / (kRankOffset + double(i)));
}

// The query with its documents as nodes.
Result<VectorStoreQuery> with_nodes(const VectorStoreQuery& query, const VectorSide& vectors) {
  VectorStoreQuery changed = query;
  changed.mode = Mode::DEFAULT;
  if (!query.doc_ids || query.doc_ids->empty()) return changed;
  std::optional<std::unordered_set<std::string_view>> only;
  if (query.node_ids) only.emplace(query.node_ids->begin(), query.node_ids->end());
  changed.node_ids.emplace();
  for (const std::string& doc_id : *query.doc_ids) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> nodes, vectors.nodes_of(doc_id));
    for (const std::string& id : nodes) {
      if (!only || only->contains(id)) changed.node_ids->push_back(id);
    }
  }
  return changed;
}

// What of the query is looked for besides vectors.
using Find = std::function<Result<std::vector<TextMatch>>(const TextSearcher&, const TextSearcher::Wanted&)>;

// `query`: with_nodes().
Result<VectorStoreQueryResult> find_matches(const TextSearcher& searcher, const VectorStoreQuery& query,
                                            const VectorSide& vectors, const Find& find) {
  // What the store holds is asked of each node that would be found; filters are asked of all at once.
  TextSearcher::Wanted wanted;
  std::vector<std::string> passing;
  std::vector<std::string_view> ids;
  std::unordered_set<std::string_view> among;
  if (query.filters) {
    QUIPU_ASSIGN_OR_RETURN(passing, vectors.passing(query));
    ids.assign(passing.begin(), passing.end());
  } else {
    wanted.accepts = vectors.holds;
    if (query.node_ids) ids.assign(query.node_ids->begin(), query.node_ids->end());
  }
  if ((query.filters || query.node_ids) && ids.size() <= searcher.documents() / kFew) {
    wanted.ids = &ids;
  } else if (query.filters || query.node_ids) {
    among.insert(ids.begin(), ids.end());
    wanted.accepts = [&among, holds = wanted.accepts](std::string_view id) -> Result<bool> {
      if (!among.contains(id)) return false;
      return holds ? holds(id) : true;
    };
  }
  QUIPU_ASSIGN_OR_RETURN(std::vector<TextMatch> matches, find(searcher, wanted));
  VectorStoreQueryResult found;
  for (TextMatch& match : matches) {
    found.ids.push_back(std::move(match.id));
    found.similarities.push_back(match.score);
  }
  return found;
}

// Sparse vectors are written with what the store holds. So that is asked of what was found, and only where
// something else was among it, of all that might be.
Result<std::vector<TextMatch>> find_sparse(const TextSearcher& searcher,
                                           std::span<const SparseWeight> weights, size_t k,
                                           const VectorStoreQuery& query, const VectorSide& vectors,
                                           const TextSearcher::Wanted& wanted) {
  if (!query.filters && !query.node_ids) {
    QUIPU_ASSIGN_OR_RETURN(std::vector<TextMatch> matches, searcher.search(weights, k, {}));
    bool all_held = true;
    for (const TextMatch& match : matches) {
      QUIPU_ASSIGN_OR_RETURN(const bool held, vectors.holds(match.id));
      all_held = all_held && held;
    }
    if (all_held) return matches;
  }
  return searcher.search(weights, k, wanted);
}

}  // namespace

bool searches_text(Mode mode) {
  return mode == Mode::TEXT_SEARCH || mode == Mode::SPARSE || mode == Mode::HYBRID ||
         mode == Mode::SEMANTIC_HYBRID;
}

Result<VectorStoreQueryResult> query_with_text(BaseKVStore& store, const std::string& texts,
                                               const std::string& sparse, const VectorStoreQuery& query,
                                               const VectorSide& vectors) {
  const double alpha = query.alpha.value_or(kUsualAlpha);
  if (!(alpha >= 0 && alpha <= 1)) return Status::invalid_argument("ValueError: alpha must be from 0 to 1");
  const bool fuses = query.mode == Mode::HYBRID || query.mode == Mode::SEMANTIC_HYBRID;
  if (fuses && query.query_embedding.empty()) {
    return Status::invalid_argument(
        "ValueError: the query has no query_embedding, which a hybrid mode needs: embed its text first");
  }
  QUIPU_ASSIGN_OR_RETURN(const VectorStoreQuery wanted, with_nodes(query, vectors));
  const size_t k = count_of(query.sparse_top_k.value_or(query.similarity_top_k));
  VectorStoreQueryResult found;
  if (query.sparse_embedding && query.mode != Mode::TEXT_SEARCH) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<SparseWeight> weights,
                           sparse_weights(query.sparse_embedding->indices, query.sparse_embedding->values));
    QUIPU_ASSIGN_OR_RETURN(const TextSearcher searcher,
                           TextSearcher::open_existing(store, sparse, SPARSE_VECTORS));
    QUIPU_ASSIGN_OR_RETURN(found, find_matches(searcher, wanted, vectors, [&](auto& in, auto& among) {
                             return find_sparse(in, weights, k, wanted, vectors, among);
                           }));
  } else {
    TextQuery text = TextQuery::words(query.query_str);
    if (query.mode == Mode::TEXT_SEARCH) {
      QUIPU_ASSIGN_OR_RETURN(text, TextQuery::parse(query.query_str));
    }
    QUIPU_ASSIGN_OR_RETURN(const TextSearcher searcher,
                           TextSearcher::open_existing(store, texts, DEFAULT_TEXT_ANALYSER));
    QUIPU_ASSIGN_OR_RETURN(found, find_matches(searcher, wanted, vectors, [&](auto& in, auto& among) {
                             return in.search(text, k, among);
                           }));
  }
  if (!fuses) return found;
  QUIPU_ASSIGN_OR_RETURN(const VectorStoreQueryResult nearest, vectors.nearest(wanted));
  const size_t top_k = count_of(query.hybrid_top_k.value_or(query.similarity_top_k));
  return query.mode == Mode::HYBRID ? fuse_by_scores(nearest, found, alpha, top_k)
                                    : fuse_by_ranks(nearest, found, top_k);
}

VectorStoreQueryResult fuse_by_scores(const VectorStoreQueryResult& vectors,
                                      const VectorStoreQueryResult& texts, double alpha, size_t top_k) {
  Fusion fusion;
  add_scaled(vectors, alpha, fusion);
  add_scaled(texts, 1 - alpha, fusion);
  return fusion.best(top_k);
}

VectorStoreQueryResult fuse_by_ranks(const VectorStoreQueryResult& vectors,
                                     const VectorStoreQueryResult& texts, size_t top_k) {
  Fusion fusion;
  add_ranks(vectors, fusion);
  add_ranks(texts, fusion);
  return fusion.best(top_k);
}

}  // namespace quipu
