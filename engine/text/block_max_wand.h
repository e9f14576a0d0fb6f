// The best documents of a query of which any term suffices, by block-max WAND: terms are walked side by side
// by rising rows, and what cannot reach the best k so far is passed over by bounds, of each term and then of
// each block, mostly without being read. Source: S. Ding, T. Suel, "Faster top-k document retrieval using
// block-max indexes", SIGIR 2011.

#ifndef QUIPU_ENGINE_TEXT_BLOCK_MAX_WAND_H_
#define QUIPU_ENGINE_TEXT_BLOCK_MAX_WAND_H_

#include <vector>

#include "engine/text/postings/postings_cursor.h"
#include "engine/text/row_filter.h"
#include "engine/text/top_k.h"
#include "quipu/status.h"

namespace quipu {

// The same as if every row that passes were scored; where the filter names rows, each of these is. Errors:
// those of the cursors.
Status find_top_k(std::vector<PostingsCursor>& terms, const RowFilter& filter, TextTopK& best);

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_BLOCK_MAX_WAND_H_
