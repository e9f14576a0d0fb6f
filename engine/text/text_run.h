// TextRun: documents that are indexed together: what a batch of them adds to an index. Rows are given in the
// order in which documents come. A run is built, then read: as the entries that an index on disk keeps of it,
// or, while it is in memory, by searches.
//
// Thread-safety: as a standard container. Memory: about 8 bytes for each token and 12 for each posting.

#ifndef QUIPU_ENGINE_TEXT_TEXT_RUN_H_
#define QUIPU_ENGINE_TEXT_TEXT_RUN_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/analysis/analyser.h"
#include "engine/text/analysis/term_table.h"
#include "engine/text/postings/postings_chunk.h"
#include "engine/text/postings/row_tables.h"
#include "engine/text/text_index.h"

namespace quipu {

class TextRun : public TextIndex {
 public:
  // The row of the first document.
  explicit TextRun(uint32_t first_row = 0) : first_row_(first_row) {}

  // Adds a document; its row is that of the one before and 1.
  void add(std::string_view text, Analyser& analyser);
  uint32_t first_row() const { return first_row_; }
  uint32_t documents_added() const { return static_cast<uint32_t>(ends_.size()); }

  // Sorts what was added. Before it nothing is found, after it nothing is added.
  void finish();

  // ---- after finish(): its entries ----
  struct Term {
    std::string_view term;
    uint32_t documents = 0;
    std::vector<Impact> best;
    std::vector<ChunksInMemory::Chunk> chunks;
  };
  // In the order of their bytes.
  std::span<const Term> terms() const { return terms_; }
  // The terms of a document in the order of its text, by their places in terms().
  std::span<const PlacedTerm> text(uint32_t row) const;

  // ---- after finish(): a search ----
  TextStatistics statistics() const override { return {documents_added(), tokens_.size()}; }
  const RowLengths& lengths() const override { return lengths_; }
  const RowSet* documents() const override { return nullptr; }
  Result<TermPostings> postings(std::string_view term) const override;
  Result<std::vector<std::string>> terms_with_prefix(std::string_view prefix, size_t at_most) const override;
  Result<std::vector<PlacedTerm>> places(uint32_t row, std::span<const std::string> terms) const override;

 private:
  struct TermPosting {
    uint32_t term;
    uint32_t row;
    uint32_t frequency;
  };

  void add_token(const Token& token, uint32_t row);
  const Term* find(std::string_view term) const;
  void make_term(std::string_view term, std::span<const Posting> postings);
  void make_lengths();

  const uint32_t first_row_;
  // A term has the number of its first appearance, until finish() puts its place for it.
  TermTable names_;
  std::vector<size_t> newest_;  // of each number: the posting that was added last
  std::vector<TermPosting> postings_;
  std::vector<PlacedTerm> tokens_;  // of all documents
  std::vector<size_t> ends_;        // of each document in tokens_

  std::vector<Term> terms_;
  std::deque<std::string> chunks_;
  RowLengths lengths_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_TEXT_RUN_H_
