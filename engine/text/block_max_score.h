// The best documents of a query of which any term suffices, by MaxScore over blocks. Rows are gone through in
// windows. In each the bounds of blocks tell which terms cannot make a document one of the best k without
// the others; only the postings of these others are added up, and the rest is looked up for the few rows that
// may still be. Source: S. Ding, T. Suel, "Faster top-k document retrieval using block-max indexes", SIGIR
// 2011; H. Turtle, J. Flood, "Query evaluation: strategies and optimizations", 1995.

#ifndef QUIPU_ENGINE_TEXT_BLOCK_MAX_SCORE_H_
#define QUIPU_ENGINE_TEXT_BLOCK_MAX_SCORE_H_

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

#endif  // QUIPU_ENGINE_TEXT_BLOCK_MAX_SCORE_H_
