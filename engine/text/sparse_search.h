// search_sparse: the sparse vectors of an index whose inner products with a query are the greatest.

#ifndef QUIPU_ENGINE_TEXT_SPARSE_SEARCH_H_
#define QUIPU_ENGINE_TEXT_SPARSE_SEARCH_H_

#include <cstddef>
#include <span>
#include <vector>

#include "engine/text/row_filter.h"
#include "engine/text/text_index.h"
#include "engine/text/text_run.h"
#include "engine/text/top_k.h"
#include "quipu/status.h"

namespace quipu {

// The best `k` documents, best first, of those that have one of the query's terms; fewer where fewer fit. No
// two terms are alike, weights are above 0. Errors: those of the index. Cost: as that of words of which any
// suffices (text_search.h).
Result<std::vector<TextHit>> search_sparse(const TextIndex& index, std::span<const TextRun::Weight> query,
                                           size_t k, const TextFilter& filter = {});

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_SPARSE_SEARCH_H_
