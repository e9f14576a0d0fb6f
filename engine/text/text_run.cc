#include "engine/text/text_run.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace quipu {

void TextRun::add_token(const Token& token, uint32_t row) {
  const uint32_t number = names_.number_of(token.term);
  if (number == newest_.size()) newest_.push_back(SIZE_MAX);
  tokens_.push_back({token.position, number});
  size_t& newest = newest_[number];
  if (newest == SIZE_MAX || postings_[newest].row != row) {
    newest = postings_.size();
    postings_.push_back({number, row, 0});
  }
  ++postings_[newest].frequency;
}

void TextRun::add(std::string_view text, Analyser& analyser) {
  const uint32_t row = first_row_ + documents_added();
  analyser.analyse(text, [&](const Token& token) { add_token(token, row); });
  ends_.push_back(tokens_.size());
}

void TextRun::finish() {
  make_lengths();
  // Postings by their terms' numbers; those of one term are by row already.
  std::vector<size_t> begins(names_.size() + 1);
  for (const TermPosting& posting : postings_) ++begins[posting.term + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  std::vector<Posting> sorted(postings_.size());
  std::vector<size_t> next(begins.begin(), begins.end() - 1);
  for (const TermPosting& posting : postings_) {
    sorted[next[posting.term]++] = {posting.row, posting.frequency, lengths_.at(posting.row)};
  }
  postings_ = {};

  std::vector<uint32_t> by_name(names_.size());
  std::iota(by_name.begin(), by_name.end(), 0U);
  std::ranges::sort(by_name, {}, [&](uint32_t number) { return names_.term(number); });
  std::vector<uint32_t> places(names_.size());
  terms_.reserve(names_.size());
  for (const uint32_t number : by_name) {
    places[number] = static_cast<uint32_t>(terms_.size());
    make_term(names_.term(number),
              std::span(sorted).subspan(begins[number], begins[number + 1] - begins[number]));
  }
  for (PlacedTerm& token : tokens_) token.term = places[token.term];
  newest_ = {};
}

void TextRun::make_term(std::string_view term, std::span<const Posting> postings) {
  std::vector<Impact> documents;
  documents.reserve(postings.size());
  for (const Posting& posting : postings) documents.push_back({posting.frequency, posting.length});
  Term made{term, static_cast<uint32_t>(postings.size()), best_impacts(documents), {}};
  while (!postings.empty()) {
    const auto chunk = postings.first(std::min(postings.size(), kChunkPostings));
    made.chunks.push_back({chunk.back().row, chunks_.emplace_back(make_postings_chunk(chunk))});
    postings = postings.subspan(chunk.size());
  }
  terms_.push_back(std::move(made));
}

void TextRun::make_lengths() {
  size_t begin = 0;
  auto page = std::make_shared<RowLengths::Page>(RowLengths::kPageRows);
  for (uint32_t i = 0; i < first_row_ / RowLengths::kPageRows; ++i) lengths_.add(page);  // nobody's
  page = std::make_shared<RowLengths::Page>(RowLengths::kPageRows);
  size_t at = first_row_ % RowLengths::kPageRows;
  for (const size_t end : ends_) {
    if (at == RowLengths::kPageRows) {
      lengths_.add(std::exchange(page, std::make_shared<RowLengths::Page>(RowLengths::kPageRows)));
      at = 0;
    }
    (*page)[at++] = static_cast<uint32_t>(end - std::exchange(begin, end));
  }
  lengths_.add(std::move(page));
}

std::span<const PlacedTerm> TextRun::text(uint32_t row) const {
  const size_t i = row - first_row_;
  const size_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::span(tokens_).subspan(begin, ends_[i] - begin);
}

const TextRun::Term* TextRun::find(std::string_view term) const {
  const auto found = std::ranges::lower_bound(terms_, term, {}, &Term::term);
  return found != terms_.end() && found->term == term ? &*found : nullptr;
}

Result<TermPostings> TextRun::postings(std::string_view term) const {
  const Term* const found = find(term);
  if (found == nullptr) return TermPostings();
  return TermPostings{found->documents, found->best, std::make_unique<ChunksInMemory>(found->chunks)};
}

Result<std::vector<std::string>> TextRun::terms_with_prefix(std::string_view prefix, size_t at_most) const {
  std::vector<std::string> found;
  auto term = std::ranges::lower_bound(terms_, prefix, {}, &Term::term);
  for (; term != terms_.end() && found.size() < at_most && term->term.starts_with(prefix); ++term) {
    found.emplace_back(term->term);
  }
  return found;
}

Result<std::vector<PlacedTerm>> TextRun::places(uint32_t row, std::span<const std::string> terms) const {
  std::unordered_map<uint32_t, uint32_t> wanted;  // place in terms_ -> place in terms
  for (uint32_t i = 0; i < terms.size(); ++i) {
    if (const Term* const term = find(terms[i])) wanted.emplace(term - terms_.data(), i);
  }
  std::vector<PlacedTerm> found;
  for (const PlacedTerm& token : text(row)) {
    if (const auto term = wanted.find(token.term); term != wanted.end()) {
      found.push_back({token.position, term->second});
    }
  }
  return found;
}

}  // namespace quipu
