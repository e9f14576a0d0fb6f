#include "engine/text/block_max_score.h"

#include <algorithm>
#include <cstddef>

namespace quipu {
namespace {

class BlockMaxScore {
 public:
  BlockMaxScore(std::vector<PostingsCursor>& terms, const RowFilter& filter, TextTopK& best)
      : filter_(filter), best_(best) {
    for (PostingsCursor& term : terms) terms_.push_back({&term, term.bound()});
    std::ranges::stable_sort(terms_, {}, &Term::bound);
    below_.push_back(0);
    for (const Term& term : terms_) below_.push_back(below_.back() + term.bound);
  }

  void run() {
    for (uint32_t row = 0; find_window(row); row = end_) {
      if (!split()) continue;
      after_ = 0;
      for (size_t i = window_.size(); i > optional_; --i) add_term(i - 1);
      add_optional_terms();
      offer_window();
    }
  }

 private:
  struct Term {
    PostingsCursor* cursor;
    double bound;  // of floats, whose sums are hardly rounded
  };

  // The next rows from `row` on; where a chunk of a term that may decide there ends half-way or behind that,
  // up to its end, since of the next one no bounds are known.
  bool find_window(uint32_t row) {
    const size_t before = never_;
    while (never_ < terms_.size() && below_[never_ + 1] <= best_.threshold()) ++never_;
    if (never_ != before || window_.empty()) window_ = terms_;
    begin_ = kNoRow;
    for (size_t i = never_; i < window_.size(); ++i) {
      begin_ = std::min(begin_, window_[i].cursor->next_row(row));
    }
    if (begin_ == kNoRow) return false;
    const uint32_t rows = std::min(rows_, kNoRow - begin_);
    end_ = begin_ + rows;
    rows_ = std::min<uint32_t>(2 * rows_, WindowSums::kRows);
    for (size_t i = never_; i < window_.size(); ++i) {
      const uint32_t last = window_[i].cursor->chunk_last_row(begin_);
      if (last < end_ && last - begin_ >= rows / 2) end_ = last + 1;
    }
    return true;
  }

  // Sorts the window's terms by what they are worth in it; the first `optional_` cannot make a document one
  // of the best without others. False: nor can all together.
  bool split() {
    for (size_t i = never_; i < window_.size(); ++i) {
      const Term term = {window_[i].cursor, window_[i].cursor->bound_until(end_)};
      // Mostly in the order of the last window.
      size_t place = i;
      for (; place != never_ && window_[place - 1].bound > term.bound; --place)
        window_[place] = window_[place - 1];
      window_[place] = term;
    }
    optional_ = never_;
    rest_.assign(below_.begin(), below_.begin() + static_cast<ptrdiff_t>(never_) + 1);
    for (size_t i = never_; i < window_.size(); ++i) {
      rest_.push_back(rest_.back() + window_[i].bound);
      if (rest_.back() <= best_.threshold()) ++optional_;
    }
    return optional_ != window_.size();
  }

  void add_term(size_t i) {
    window_[i].cursor->add_scores(begin_, end_, best_.threshold() - rest_[i] - after_, sums_);
    after_ += window_[i].bound;
  }

  // Terms that need not be added are, where looking them up for all rows that may still be would take longer:
  // of many terms most are optional, and hardly any row is ruled out before the last. Half of them at a time,
  // since counting takes time, too.
  void add_optional_terms() {
    while (optional_ != 0) {
      const size_t half = optional_ / 2;
      size_t postings = 0;
      for (size_t i = half; i < optional_; ++i) {
        postings += window_[i].cursor->postings_between(begin_, end_);
      }
      const size_t rows = sums_.count_above(best_.threshold() - rest_[optional_]);
      if (rows * (optional_ - half) * kLookUp <= postings) return;
      while (optional_ != half) add_term(--optional_);
    }
  }

  // The sums are of the terms that are not optional.
  void offer_window() {
    sums_.take_above(best_.threshold() - rest_[optional_], [this](uint32_t place, double sum) {
      if (sum + rest_[optional_] > best_.threshold()) offer(begin_ + place, sum);
    });
  }

  void offer(uint32_t row, double score) {
    for (size_t i = optional_; i-- != 0;) {
      if (!add_score(*window_[i].cursor, row, rest_[i], score)) return;
    }
    if (score > best_.threshold() && filter_.passes(row)) best_.offer(row, static_cast<float>(score));
  }

  // `rest`: what further terms may add. False where the row cannot be one of the best.
  bool add_score(PostingsCursor& term, uint32_t row, double rest, double& score) const {
    term.seek_block(row);
    if (score + term.block_bound() + rest <= best_.threshold()) return false;
    term.seek(row);
    if (term.row() == row) score += term.score();
    return true;
  }

  // Looking a term up takes as long as adding so many postings.
  static constexpr size_t kLookUp = 16;
  // The first windows are small: they give a threshold by which later ones need not be read.
  static constexpr uint32_t kFirstRows = 128;

  const RowFilter& filter_;
  TextTopK& best_;
  std::vector<Term> terms_;    // by their bounds, which are of all their documents
  std::vector<double> below_;  // for each the sum of the bounds of those before it, and of all
  size_t never_ = 0;           // of terms_ the first so many cannot decide anywhere any more
  uint32_t begin_ = 0;         // the window
  uint32_t end_ = 0;
  std::vector<Term> window_;    // the same, from never_ on by their bounds in the window
  std::vector<double> rest_;    // as below_, of window_
  size_t optional_ = 0;         // of window_
  double after_ = 0;            // the sum of the bounds of those that were added
  uint32_t rows_ = kFirstRows;  // of the next window, at most
  WindowSums sums_;
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
    BlockMaxScore(terms, filter, best).run();
  }
  for (const PostingsCursor& term : terms) QUIPU_RETURN_IF_ERROR(term.status());
  return Status::ok();
}

}  // namespace quipu
