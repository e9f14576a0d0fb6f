#include "engine/text/sparse_search.h"

#include <utility>

#include "engine/text/block_max_score.h"

namespace quipu {

Result<std::vector<TextHit>> search_sparse(const TextIndex& index, std::span<const TextRun::Weight> query,
                                           size_t k, const TextFilter& filter) {
  RowFilter rows(filter);
  std::vector<PostingsCursor> cursors;
  for (const TextRun::Weight& each : query) {
    QUIPU_ASSIGN_OR_RETURN(TermPostings postings, index.postings(each.term));
    if (postings.documents == 0) continue;
    rows.add_gone(postings.gone);
    cursors.emplace_back(std::move(postings.chunks), TermScore::product(each.weight), postings.best);
  }
  TextTopK best(k);
  QUIPU_RETURN_IF_ERROR(find_top_k(cursors, rows, best));
  return std::move(best).take();
}

}  // namespace quipu
