#include "engine/text/explain_text.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/base/utf8.h"
#include "engine/text/analysis/word_characters.h"
#include "engine/text/text_search.h"

namespace quipu {
namespace {

using Terms = std::set<std::string, std::less<>>;

class Explanation {
 public:
  Explanation(const TextIndex& index, Analyser& analyser, uint32_t row)
      : index_(index), analyser_(analyser), rows_{row} {}

  Status add(const TextQuery& query) {
    if (const auto* const words = std::get_if<TextQuery::Words>(&query.node)) {
      analyser_.analyse(words->text, [&](const Token& token) { ++times_[std::string(token.term)]; });
      return Status::ok();
    }
    if (const auto* const prefix = std::get_if<TextQuery::Prefix>(&query.node)) {
      QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> terms,
                             index_.terms_with_prefix(analyser_.prefix(prefix->beginning), kMaxPrefixTerms));
      for (const std::string& term : terms) ++times_[term];
      return Status::ok();
    }
    if (const auto* const phrase = std::get_if<TextQuery::Phrase>(&query.node))
      return add_phrase(query, *phrase);
    const auto& group = std::get<TextQuery::Group>(query.node);
    // A group that the document does not fit adds nothing, whatever of its words it has.
    QUIPU_ASSIGN_OR_RETURN(const double score, score_of(query));
    if (score < 0) return Status::ok();
    for (const TextQuery& part : group.required) QUIPU_RETURN_IF_ERROR(add(part));
    for (const TextQuery& part : group.optional) QUIPU_RETURN_IF_ERROR(add(part));
    return Status::ok();
  }

  Result<ExplainedScore> finish() && {
    const TextStatistics statistics = index_.statistics();
    for (const auto& [term, times] : times_) {
      QUIPU_ASSIGN_OR_RETURN(TermPostings postings, index_.postings(term));
      if (postings.documents == 0) continue;
      const double weight = Bm25Term::idf(statistics, postings.documents) * times;
      PostingsCursor cursor(std::move(postings.chunks), Bm25Term(statistics, weight));
      cursor.seek(rows_.front());
      QUIPU_RETURN_IF_ERROR(cursor.status());
      if (cursor.row() != rows_.front()) continue;
      found_.parts.push_back({term, cursor.score()});
      found_.terms.insert(term);
    }
    return std::move(found_);
  }

 private:
  // Below 0: the document does not fit.
  Result<double> score_of(const TextQuery& query) const {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<TextHit> hits,
                           search_text(index_, query, analyser_, 1, {.rows = &rows_}));
    return hits.empty() ? -1.0 : static_cast<double>(hits.front().score);
  }

  Status add_phrase(const TextQuery& query, const TextQuery::Phrase& phrase) {
    QUIPU_ASSIGN_OR_RETURN(const double score, score_of(query));
    if (score < 0) return Status::ok();
    found_.parts.push_back({'"' + phrase.text + '"', score});
    analyser_.analyse(phrase.text, [&](const Token& token) { found_.terms.emplace(token.term); });
    return Status::ok();
  }

  const TextIndex& index_;
  Analyser& analyser_;
  const std::vector<uint32_t> rows_;
  std::map<std::string, uint32_t> times_;  // that the query has a term
  ExplainedScore found_;
};

// Of a longer run of letters that are several words, none is looked for.
constexpr size_t kLongestRun = 512;
constexpr size_t kLongestWord = 24;  // in such a run, in characters

class Places {
 public:
  Places(std::string_view text, Analyser& analyser, const Terms& terms)
      : text_(text), analyser_(analyser), terms_(terms) {}

  // What is between white space.
  void add(size_t begin, size_t end) {
    const auto [all, wanted] = count(begin, end);
    if (wanted == 0) return;
    const size_t before = places_.size();
    size_t start = end;  // of a run of letters
    for (size_t at = begin; at <= end;) {
      uint32_t code_point = 0;
      const int length = at == end ? 0 : decode_utf8(text_.data() + at, text_.data() + end, code_point);
      const bool letter = length > 0 && is_word_character(code_point);
      if (letter && start == end) start = at;
      if (!letter && start != end) add_run(std::exchange(start, end), at);
      at += length > 0 ? static_cast<size_t>(length) : 1;
    }
    // A term with more than letters in it.
    if (places_.size() == before && all == 1) places_.push_back({begin, end});
  }
  std::vector<TextPlace> take() && { return std::move(places_); }

 private:
  // How many terms a part of the text has, and how many of those that are looked for.
  std::pair<size_t, size_t> count(size_t begin, size_t end) {
    size_t all = 0;
    size_t wanted = 0;
    analyser_.analyse(text_.substr(begin, end - begin), [&](const Token& token) {
      ++all;
      if (terms_.contains(token.term)) ++wanted;
    });
    return {all, wanted};
  }

  void add_run(size_t begin, size_t end) {
    const auto [all, wanted] = count(begin, end);
    if (wanted == 0) return;
    if (all == 1) return places_.push_back({begin, end});
    if (end - begin > kLongestRun) return;
    std::vector<size_t> borders = {begin};  // of characters
    for (size_t at = begin + 1; at <= end; ++at) {
      if (at == end || (text_[at] & '\xC0') != '\x80') borders.push_back(at);
    }
    for (size_t i = 0; i + 1 < borders.size();) {
      size_t last = std::min(i + kLongestWord, borders.size() - 1);
      while (last > i && count(borders[i], borders[last]) != std::pair<size_t, size_t>(1, 1)) --last;
      if (last > i) places_.push_back({borders[i], borders[last]});
      i = std::max(last, i + 1);
    }
  }

  const std::string_view text_;
  Analyser& analyser_;
  const Terms& terms_;
  std::vector<TextPlace> places_;
};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

Result<ExplainedScore> explain_text(const TextIndex& index, const TextQuery& query, Analyser& analyser,
                                    uint32_t row) {
  Explanation explanation(index, analyser, row);
  QUIPU_RETURN_IF_ERROR(explanation.add(query));
  return std::move(explanation).finish();
}

std::vector<TextPlace> find_terms(std::string_view text, Analyser& analyser, const Terms& terms) {
  Places places(text, analyser, terms);
  for (size_t at = 0; at < text.size();) {
    while (at < text.size() && is_space(text[at])) ++at;
    const size_t begin = at;
    while (at < text.size() && !is_space(text[at])) ++at;
    if (at > begin) places.add(begin, at);
  }
  return std::move(places).take();
}

}  // namespace quipu
