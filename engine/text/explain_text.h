// explain_text: what each word of a query adds to a document's score, and where the document has it.

#ifndef QUIPU_ENGINE_TEXT_EXPLAIN_TEXT_H_
#define QUIPU_ENGINE_TEXT_EXPLAIN_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/analysis/analyser.h"
#include "engine/text/text_index.h"
#include "engine/text/text_query.h"
#include "quipu/status.h"

namespace quipu {

struct TextScorePart {
  std::string what;  // a term, or a phrase with its quotation marks
  double score = 0;
};

struct ExplainedScore {
  std::vector<TextScorePart> parts;          // which together are the score; none: the row does not fit
  std::set<std::string, std::less<>> terms;  // that the document has of the query, those of phrases included
};

// Errors: those of search_text(). Cost: that of a search for one row.
Result<ExplainedScore> explain_text(const TextIndex& index, const TextQuery& query, Analyser& analyser,
                                    uint32_t row);

struct TextPlace {  // bytes
  size_t begin = 0;
  size_t end = 0;
  friend bool operator==(const TextPlace&, const TextPlace&) = default;
};

// The words of a text of which the analyser makes one of these terms, in order. In scripts without spaces a
// word that is known only from what stands around it is left out. Cost: O(text).
std::vector<TextPlace> find_terms(std::string_view text, Analyser& analyser,
                                  const std::set<std::string, std::less<>>& terms);

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_EXPLAIN_TEXT_H_
