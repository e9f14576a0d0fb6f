#include "engine/vectors/vector_search.h"

#include <algorithm>
#include <cmath>

#include "engine/vectors/filters/filter_run.h"

namespace quipu {
namespace {

// The reference's name of a mode, as its message has it.
std::string_view mode_name(VectorStoreQueryMode mode) {
  switch (mode) {
    case VectorStoreQueryMode::SPARSE: return "SPARSE";
    case VectorStoreQueryMode::HYBRID: return "HYBRID";
    case VectorStoreQueryMode::TEXT_SEARCH: return "TEXT_SEARCH";
    case VectorStoreQueryMode::SEMANTIC_HYBRID: return "SEMANTIC_HYBRID";
    case VectorStoreQueryMode::SVM: return "SVM";
    case VectorStoreQueryMode::LOGISTIC_REGRESSION: return "LOGISTIC_REGRESSION";
    case VectorStoreQueryMode::LINEAR_REGRESSION: return "LINEAR_REGRESSION";
    case VectorStoreQueryMode::MMR: return "MMR";
    case VectorStoreQueryMode::DEFAULT: break;
  }
  return "DEFAULT";
}

bool fits_a_learner(VectorStoreQueryMode mode) {
  return mode == VectorStoreQueryMode::SVM || mode == VectorStoreQueryMode::LOGISTIC_REGRESSION ||
         mode == VectorStoreQueryMode::LINEAR_REGRESSION;
}

}  // namespace

Status check_query(const VectorStoreQuery& query) {
  const VectorStoreQueryMode mode = query.mode;
  if (fits_a_learner(mode)) {
    return Status::not_supported("query mode " + std::string(mode_name(mode)) +
                                 " fits a learner to the vectors, which this library does not do");
  }
  if (mode != VectorStoreQueryMode::DEFAULT && mode != VectorStoreQueryMode::MMR) {
    return Status::invalid_argument("ValueError: Invalid query mode: VectorStoreQueryMode." +
                                    std::string(mode_name(mode)));
  }
  const std::vector<double>& elements = query.query_embedding;
  const auto odd = std::ranges::find_if_not(elements, [](double element) { return std::isfinite(element); });
  if (odd == elements.end()) return Status::ok();
  return Status::invalid_argument("ValueError: element " + std::to_string(odd - elements.begin()) +
                                  " of the query embedding is NaN or infinite");
}

std::vector<std::string> keys_without_column(const MetadataFilters& filters, const MetadataColumns& columns) {
  std::vector<std::string> missing;
  for (const auto& each : filters.filters) {
    const MetadataFilter* const filter = std::get_if<MetadataFilter>(&each);
    if (filter != nullptr && !columns.has(filter->key)) missing.push_back(filter->key);
  }
  return missing;
}

Status filter_rows(const VectorIndex& index, const std::vector<std::string>* ids,
                   const MetadataFilters* filters, std::vector<uint32_t>& passing) {
  if (filters == nullptr) {
    index.for_each_row(ids, [&](uint32_t row) { passing.push_back(row); });
    return Status::ok();
  }
  FilterRun run(*filters, index.columns());
  std::vector<uint32_t> unsure;
  if (ids == nullptr) {
    run.select(index.rows(), passing, unsure);
  } else {
    index.for_each_row(ids, [&](uint32_t row) { unsure.push_back(row); });
  }
  Status failure;
  uint64_t failed_at = UINT64_MAX;  // the reference goes through the nodes in order, and stops there
  for (const uint32_t row : unsure) {
    if (!index.holds(row)) continue;
    const Result<bool> passes = run.passes(row, index.id_of(row));
    if (!passes) {
      if (index.order_of(row) < failed_at) failure = passes.error();
      failed_at = std::min(failed_at, index.order_of(row));
    } else if (*passes) {
      passing.push_back(row);
    }
  }
  if (!failure.is_ok()) std::erase_if(passing, [&](uint32_t row) { return index.order_of(row) > failed_at; });
  return failure;
}

Result<VectorStoreQueryResult> search_vectors(const VectorIndex& index, const VectorStoreQuery& query,
                                              const MetadataFilters* filters,
                                              const VectorIndex::Fetch& fetch) {
  const bool all = filters == nullptr && !query.node_ids;
  const bool mmr = query.mode == VectorStoreQueryMode::MMR;
  std::vector<uint32_t> rows;
  if (!all || mmr) {
    QUIPU_RETURN_IF_ERROR(filter_rows(index, query.node_ids ? &*query.node_ids : nullptr, filters, rows));
  }
  QUIPU_RETURN_IF_ERROR(check_query(query));
  if (mmr) {
    index.sort(rows);
    return index.mmr(query.query_embedding, query.similarity_top_k, query.mmr_threshold, query.similarity,
                     rows, fetch);
  }
  return index.top_k({query.query_embedding, query.similarity_top_k, query.similarity}, all ? nullptr : &rows,
                     fetch);
}

std::vector<Result<VectorStoreQueryResult>> search_together(const VectorIndex& index,
                                                            std::span<const VectorStoreQuery* const> queries,
                                                            const VectorIndex::Fetch& fetch, size_t threads) {
  std::vector<Result<VectorStoreQueryResult>> results(queries.size());
  std::vector<size_t> valid;
  std::vector<VectorIndex::TopK> wanted;
  for (size_t i = 0; i < queries.size(); ++i) {
    const VectorStoreQuery& query = *queries[i];
    const Status checked = check_query(query);
    if (checked.is_ok()) {
      valid.push_back(i);
      wanted.push_back({query.query_embedding, query.similarity_top_k, query.similarity});
    } else {
      results[i] = checked;
    }
  }
  std::vector<Result<VectorStoreQueryResult>> found = index.top_k_all(wanted, fetch, threads);
  for (size_t i = 0; i < valid.size(); ++i) results[valid[i]] = std::move(found[i]);
  return results;
}

}  // namespace quipu
