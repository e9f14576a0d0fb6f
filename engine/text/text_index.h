// TextIndex: what a search needs of an index of documents, wherever that is kept, as it is at one moment.
//
// Thread-safety: as the implementation says. Lifetime: cursors and views go before the index.

#ifndef QUIPU_ENGINE_TEXT_TEXT_INDEX_H_
#define QUIPU_ENGINE_TEXT_TEXT_INDEX_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/postings/postings_cursor.h"
#include "quipu/status.h"

namespace quipu {

// The postings of one term.
struct TermPostings {
  uint64_t documents = 0;               // that have the term; 0: none
  std::vector<Impact> best;             // best_impacts() of all of them or more; empty: not known
  std::unique_ptr<ChunkSource> chunks;  // by rising rows
  std::vector<uint32_t> gone;           // rows among them whose documents are gone, by rising rows
};

// A term at a place in a text.
struct PlacedTerm {
  uint32_t position = 0;
  uint32_t term = 0;  // its place among those that were asked for
};

class TextIndex {
 public:
  virtual ~TextIndex() = default;

  virtual TextStatistics statistics() const = 0;
  virtual Result<TermPostings> postings(std::string_view term) const = 0;
  // The terms that begin so, in the order of their bytes, at most so many.
  virtual Result<std::vector<std::string>> terms_with_prefix(std::string_view prefix,
                                                             size_t at_most) const = 0;
  // Where in the text of a row these terms, no two alike, are: by rising positions; nowhere, where its
  // document is gone.
  virtual Result<std::vector<PlacedTerm>> places(uint32_t row, std::span<const std::string> terms) const = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_TEXT_INDEX_H_
