// TextRun: the terms of documents that are indexed together. Rows are given in the order in which documents
// come. A run is built, then read.
//
// Thread-safety: as a standard container. Memory: 24 bytes for each posting.

#ifndef QUIPU_ENGINE_TEXT_TEXT_RUN_H_
#define QUIPU_ENGINE_TEXT_TEXT_RUN_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/analysis/analyser.h"
#include "engine/text/analysis/term_table.h"
#include "engine/text/postings/postings_chunk.h"

namespace quipu {

class TextRun {
 public:
  // Adds a document of this row, which is higher than those before.
  void add(uint32_t row, std::string_view text, Analyser& analyser);
  // Adds a document whose terms, no two alike, have weights: its postings have a frequency of 1, and in place
  // of the length the weight's code.
  struct Weight {
    std::string term;
    float weight = 0;
  };
  void add(uint32_t row, std::span<const Weight> weights);
  uint64_t documents() const { return documents_; }
  uint64_t tokens() const { return tokens_; }
  size_t postings() const { return postings_.size(); }

  struct Term {
    std::string_view term;
    std::span<const Posting> postings;
  };
  // In the order of their bytes. Nothing is added after it. The views live as long as the run.
  std::vector<Term> finish();

 private:
  struct TermPosting {
    uint32_t term;
    Posting posting;
  };

  uint64_t documents_ = 0;
  uint64_t tokens_ = 0;
  TermTable names_;
  std::vector<size_t> newest_;  // of each term: the posting that was added last
  std::vector<TermPosting> postings_;
  std::vector<Posting> sorted_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_TEXT_RUN_H_
