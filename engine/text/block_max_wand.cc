#include "engine/text/block_max_wand.h"

#include <algorithm>
#include <cstddef>

namespace quipu {
namespace {

class BlockMaxWand {
 public:
  BlockMaxWand(std::vector<PostingsCursor>& terms, const RowFilter& filter, TextTopK& best)
      : filter_(filter), best_(best) {
    for (PostingsCursor& term : terms) terms_.push_back(&term);
    sort();
  }

  void run() {
    if (terms_.size() == 1) return run_one();
    while (find_pivot()) {
      const uint32_t row = terms_[pivot_]->row();
      if (!reaches_by_blocks(row)) {
        move_up(first_row_past_blocks());
      } else if (terms_.front()->row() == row) {
        score(row);
      } else {
        align(row);
      }
    }
  }

 private:
  // The only term: blocks that reach the threshold are read, and no others.
  void run_one() {
    PostingsCursor& term = *terms_.front();
    uint32_t row = term.row();
    while (row != kNoRow) {
      term.seek_block(row);
      if (term.block_last_row() == kNoRow) return;
      if (term.block_bound() <= best_.threshold()) {
        row = term.block_last_row() + 1;
        continue;
      }
      const uint32_t last = term.block_last_row();
      for (term.seek(row); term.row() < last; term.next()) offer(term.row(), term.score());
      if (term.row() == kNoRow) return;
      offer(last, term.score());
      row = last + 1;
    }
  }

  void offer(uint32_t row, float score) {
    if (score > best_.threshold() && filter_.passes(row)) best_.offer(row, score);
  }

  void sort() {
    std::erase_if(terms_, [](const PostingsCursor* term) { return term->row() == kNoRow; });
    std::ranges::sort(terms_, {}, [](const PostingsCursor* term) { return term->row(); });
  }

  // Moves a term that went ahead to its place.
  void restore_order(size_t i) {
    PostingsCursor* const term = terms_[i];
    const uint32_t row = term->row();
    for (; i + 1 < terms_.size() && terms_[i + 1]->row() < row; ++i) terms_[i] = terms_[i + 1];
    terms_[i] = term;
    if (row == kNoRow) terms_.pop_back();  // there is no other at the end
  }

  // The first row at which the terms may exceed the threshold by their bounds, and the last term at it.
  bool find_pivot() {
    double bound = 0;  // of floats, whose sum it hardly rounds
    for (size_t i = 0; i < terms_.size(); ++i) {
      bound += terms_[i]->bound();
      if (bound <= best_.threshold()) continue;
      pivot_ = i;
      while (pivot_ + 1 < terms_.size() && terms_[pivot_ + 1]->row() == terms_[i]->row()) ++pivot_;
      return true;
    }
    return false;
  }

  bool reaches_by_blocks(uint32_t row) {
    double bound = 0;
    for (size_t i = 0; i <= pivot_; ++i) {
      terms_[i]->seek_block(row);
      bound += terms_[i]->block_bound();
    }
    return bound > best_.threshold();
  }

  // Up to there neither a block ends nor a further term comes in.
  uint32_t first_row_past_blocks() const {
    uint32_t last = kNoRow;
    for (size_t i = 0; i <= pivot_; ++i) last = std::min(last, terms_[i]->block_last_row());
    uint32_t row = last == kNoRow ? kNoRow : last + 1;
    if (pivot_ + 1 < terms_.size()) row = std::min(row, terms_[pivot_ + 1]->row());
    return row;
  }

  // Nothing before `row` is wanted of the terms up to the pivot. One moves: that with the highest bound, so
  // that the next pivot is far.
  void move_up(uint32_t row) {
    size_t highest = 0;
    for (size_t i = 1; i <= pivot_; ++i) {
      if (terms_[i]->bound() > terms_[highest]->bound() && terms_[i]->row() < row) highest = i;
    }
    terms_[highest]->seek(row);
    restore_order(highest);
  }

  // One of the terms before the pivot goes to its row.
  void align(uint32_t row) {
    size_t last = pivot_;
    while (terms_[last]->row() == row) --last;
    terms_[last]->seek(row);
    restore_order(last);
  }

  void score(uint32_t row) {
    double score = 0;  // the same whatever the order of the terms
    for (size_t i = 0; i <= pivot_; ++i) score += terms_[i]->score();
    offer(row, static_cast<float>(score));
    for (size_t i = 0; i <= pivot_; ++i) terms_[i]->next();
    sort();
  }

  const RowFilter& filter_;
  TextTopK& best_;
  std::vector<PostingsCursor*> terms_;  // by their rows
  size_t pivot_ = 0;                    // the last at its row
};

void score_rows(std::vector<PostingsCursor>& terms, const RowFilter& filter, TextTopK& best) {
  for (const uint32_t row : *filter.rows()) {
    double score = 0;
    bool found = false;
    for (PostingsCursor& term : terms) {
      term.seek(row);
      if (term.row() != row) continue;
      score += term.score();
      found = true;
    }
    if (found && score > best.threshold() && filter.passes(row)) best.offer(row, static_cast<float>(score));
  }
}

}  // namespace

Status find_top_k(std::vector<PostingsCursor>& terms, const RowFilter& filter, TextTopK& best) {
  if (filter.rows() != nullptr) {
    score_rows(terms, filter, best);
  } else {
    BlockMaxWand(terms, filter, best).run();
  }
  for (const PostingsCursor& term : terms) QUIPU_RETURN_IF_ERROR(term.status());
  return Status::ok();
}

}  // namespace quipu
