// Matcher: the documents that a query, or a part of one, finds, by rising rows, with what each is worth. For
// queries that are more than words of which any suffices.
//
// Thread-safety: one thread at a time. Errors end the rows; status() tells.

#ifndef QUIPU_ENGINE_TEXT_MATCHER_H_
#define QUIPU_ENGINE_TEXT_MATCHER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/text/postings/postings_cursor.h"
#include "engine/text/text_index.h"
#include "quipu/status.h"

namespace quipu {

class Matcher {
 public:
  virtual ~Matcher() = default;

  uint32_t row() const { return row_; }  // kNoRow: behind the last
  // To the first row that is `target` or behind it.
  void seek(uint32_t target) {
    if (target > row_) row_ = find(target);
  }
  // What the document is worth. REQUIRES: row() != kNoRow.
  virtual double score() = 0;
  // Of the document, in tokens. REQUIRES: row() != kNoRow.
  virtual uint32_t length() = 0;
  virtual Status status() const = 0;

 protected:
  virtual uint32_t find(uint32_t target) = 0;
  // To be called at the end of a constructor: stands on the first row.
  void begin() { row_ = find(0); }

 private:
  uint32_t row_ = 0;
};

using MatcherPtr = std::unique_ptr<Matcher>;

// The documents that the cursor goes through.
MatcherPtr make_term_matcher(PostingsCursor cursor);
// Of one or more, those that are in all.
MatcherPtr make_all_matcher(std::vector<MatcherPtr> parts);
// Those that are in any of several, or in none where there are none.
MatcherPtr make_any_matcher(std::vector<MatcherPtr> parts);
// Those of `found` that are not in `excluded`; worth more where they are in `optional`. Null: nothing.
MatcherPtr make_group_matcher(MatcherPtr found, MatcherPtr optional, MatcherPtr excluded);

// Words of a phrase: terms[slots[i].term] at a distance of slots[i].position from the first.
struct PhraseSlots {
  std::vector<std::string> terms;  // no two alike
  std::vector<PlacedTerm> slots;
};
// Those of `all`, which has documents with all terms, that have them as the phrase says. A phrase is worth
// what a term is that is as frequent in the document, and as rare as its terms together.
MatcherPtr make_phrase_matcher(MatcherPtr all, PhraseSlots phrase, const TextIndex& index,
                               const Bm25Term& worth);

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_MATCHER_H_
