#include "engine/text/text_run.h"

#include <algorithm>
#include <numeric>

namespace quipu {

void TextRun::add(uint32_t row, std::string_view text, Analyser& analyser) {
  const size_t first = postings_.size();
  uint32_t length = 0;
  analyser.analyse(text, [&](const Token& token) {
    ++length;
    const uint32_t number = names_.number_of(token.term);
    if (number == newest_.size()) newest_.push_back(SIZE_MAX);
    size_t& newest = newest_[number];
    if (newest == SIZE_MAX || newest < first) {
      newest = postings_.size();
      postings_.push_back({number, {row, 0, 0}});
    }
    ++postings_[newest].posting.frequency;
  });
  for (size_t i = first; i < postings_.size(); ++i) postings_[i].posting.length = length;
  ++documents_;
  tokens_ += length;
}

void TextRun::add(uint32_t row, std::span<const Weight> weights) {
  for (const Weight& each : weights) {
    const uint32_t number = names_.number_of(each.term);
    if (number == newest_.size()) newest_.push_back(SIZE_MAX);
    postings_.push_back({number, {row, 1, code_of_weight(each.weight)}});
  }
  ++documents_;
  tokens_ += weights.size();
}

std::vector<TextRun::Term> TextRun::finish() {
  // Postings by their terms' numbers; those of one term are by row already.
  std::vector<size_t> begins(names_.size() + 1);
  for (const TermPosting& posting : postings_) ++begins[posting.term + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  sorted_.resize(postings_.size());
  std::vector<size_t> next(begins.begin(), begins.end() - 1);
  for (const TermPosting& posting : postings_) sorted_[next[posting.term]++] = posting.posting;
  postings_ = {};

  std::vector<Term> terms;
  terms.reserve(names_.size());
  const std::span<const Posting> sorted(sorted_);
  for (uint32_t number = 0; number < names_.size(); ++number) {
    terms.push_back(
        {names_.term(number), sorted.subspan(begins[number], begins[number + 1] - begins[number])});
  }
  std::ranges::sort(terms, {}, &Term::term);
  return terms;
}

}  // namespace quipu
