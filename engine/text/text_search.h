// search_text: the documents of an index that fit a query best.

#ifndef QUIPU_ENGINE_TEXT_TEXT_SEARCH_H_
#define QUIPU_ENGINE_TEXT_TEXT_SEARCH_H_

#include <cstddef>
#include <vector>

#include "engine/text/analysis/analyser.h"
#include "engine/text/row_filter.h"
#include "engine/text/text_index.h"
#include "engine/text/text_query.h"
#include "engine/text/top_k.h"
#include "quipu/status.h"

namespace quipu {

// A prefix stands for no more terms.
inline constexpr size_t kMaxPrefixTerms = 1024;
// A phrase has no more words.
inline constexpr size_t kMaxPhraseWords = 256;

// The best `k` documents, best first; fewer where fewer fit. `analyser`: the index's. Errors:
// kInvalidArgument for a prefix or a phrase beyond the limits; those of the index. Cost: for words of which
// any suffices, about the blocks of their postings that may hold one of the best, or those that hold the
// filter's rows; else all documents that fit are looked at.
Result<std::vector<TextHit>> search_text(const TextIndex& index, const TextQuery& query, Analyser& analyser,
                                         size_t k, const TextFilter& filter = {});

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_TEXT_SEARCH_H_
