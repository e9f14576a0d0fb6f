#include "engine/text/text_search.h"

#include <map>
#include <string>
#include <utility>

#include "engine/text/block_max_score.h"
#include "engine/text/matcher.h"

namespace quipu {
namespace {

using Group = TextQuery::Group;

// A query stands for so many terms at most, its words and what begins as its prefixes; each has a cursor.
constexpr size_t kMostTerms = 16384;

// Terms of which any suffices, and how often the query has each.
using Terms = std::map<std::string, uint32_t, std::less<>>;

class Search {
 public:
  Search(const TextIndex& index, Analyser& analyser, const TextFilter& filter)
      : index_(index), analyser_(analyser), filter_(filter) {}

  Status run(const TextQuery& query, TextTopK& best) {
    Terms terms;
    QUIPU_ASSIGN_OR_RETURN(const bool any_suffices, add_terms(query, terms));
    if (any_suffices) {
      QUIPU_ASSIGN_OR_RETURN(std::vector<PostingsCursor> cursors, cursors_of(terms));
      return find_top_k(cursors, filter_, best);
    }
    QUIPU_ASSIGN_OR_RETURN(MatcherPtr matcher, matcher_of(query));
    return matcher == nullptr ? Status::ok() : find_all(std::move(matcher), best);
  }

 private:
  Status find_all(const MatcherPtr matcher, TextTopK& best) const {
    if (filter_.rows() != nullptr) {
      for (const uint32_t row : *filter_.rows()) {
        matcher->seek(row);
        if (matcher->row() == row) offer(*matcher, best);
      }
    } else {
      for (; matcher->row() != kNoRow; matcher->seek(matcher->row() + 1)) offer(*matcher, best);
    }
    return matcher->status();
  }

  void offer(Matcher& matcher, TextTopK& best) const {
    const auto score = static_cast<float>(matcher.score());
    if (score > best.threshold() && filter_.passes(matcher.row())) best.offer(matcher.row(), score);
  }

  // False where the query is more than terms of which any suffices.
  Result<bool> add_terms(const TextQuery& query, Terms& terms) {
    if (const auto* const words = std::get_if<TextQuery::Words>(&query.node)) {
      add_words(words->text, terms);
      return true;
    }
    if (const auto* const prefix = std::get_if<TextQuery::Prefix>(&query.node)) {
      QUIPU_RETURN_IF_ERROR(add_prefix(*prefix, terms));
      return true;
    }
    const auto* const group = std::get_if<Group>(&query.node);
    if (group == nullptr || !group->required.empty() || !group->excluded.empty()) return false;
    for (const TextQuery& part : group->optional) {
      QUIPU_ASSIGN_OR_RETURN(const bool any_suffices, add_terms(part, terms));
      if (!any_suffices) return false;
    }
    return true;
  }

  void add_words(std::string_view text, Terms& terms) {
    analyser_.analyse(text, [&](const Token& token) { ++terms[std::string(token.term)]; });
  }

  Status add_prefix(const TextQuery::Prefix& prefix, Terms& terms) {
    const std::string beginning = analyser_.prefix(prefix.beginning);
    QUIPU_ASSIGN_OR_RETURN(const std::vector<std::string> found,
                           index_.terms_with_prefix(beginning, kMaxPrefixTerms + 1));
    if (found.size() > kMaxPrefixTerms) {
      return Status::invalid_argument("text query: more than " + std::to_string(kMaxPrefixTerms) +
                                      " words begin with \"" + prefix.beginning +
                                      "\"; write more of the word");
    }
    for (const std::string& term : found) ++terms[term];
    return Status::ok();
  }

  Result<std::vector<PostingsCursor>> cursors_of(const Terms& terms) {
    const TextStatistics statistics = index_.statistics();
    std::vector<PostingsCursor> cursors;
    for (const auto& [term, times] : terms) {
      QUIPU_ASSIGN_OR_RETURN(TermPostings postings, index_.postings(term));
      if (postings.documents == 0) continue;
      if (++cursors_ > kMostTerms) {
        return Status::invalid_argument("text query: it stands for more than " + std::to_string(kMostTerms) +
                                        " words of the index; shorten it");
      }
      filter_.add_gone(postings.gone);
      const double weight = Bm25Term::idf(statistics, postings.documents) * times;
      cursors.emplace_back(std::move(postings.chunks), Bm25Term(statistics, weight), postings.best);
    }
    return cursors;
  }

  // Null where the analyser leaves nothing of it.
  Result<MatcherPtr> matcher_of(const TextQuery& query) {
    if (const auto* const phrase = std::get_if<TextQuery::Phrase>(&query.node))
      return phrase_matcher(phrase->text);
    if (const auto* const group = std::get_if<Group>(&query.node)) return group_matcher(*group);
    Terms terms;
    QUIPU_RETURN_IF_ERROR(add_terms(query, terms).status());
    const bool is_prefix = std::holds_alternative<TextQuery::Prefix>(query.node);
    if (terms.empty() && !is_prefix) return nullptr;
    QUIPU_ASSIGN_OR_RETURN(std::vector<MatcherPtr> parts, term_matchers(terms));
    return make_any_matcher(std::move(parts));
  }

  Result<std::vector<MatcherPtr>> term_matchers(const Terms& terms) {
    QUIPU_ASSIGN_OR_RETURN(std::vector<PostingsCursor> cursors, cursors_of(terms));
    std::vector<MatcherPtr> matchers;
    for (PostingsCursor& cursor : cursors) {
      matchers.push_back(make_term_matcher(std::move(cursor)));
    }
    return matchers;
  }

  Result<std::vector<MatcherPtr>> matchers_of(const std::vector<TextQuery>& queries) {
    std::vector<MatcherPtr> matchers;
    for (const TextQuery& query : queries) {
      QUIPU_ASSIGN_OR_RETURN(MatcherPtr matcher, matcher_of(query));
      if (matcher != nullptr) matchers.push_back(std::move(matcher));
    }
    return matchers;
  }

  Result<MatcherPtr> group_matcher(const Group& group) {
    const auto any_of = [](std::vector<MatcherPtr> parts) {
      return parts.empty() ? nullptr : make_any_matcher(std::move(parts));
    };
    QUIPU_ASSIGN_OR_RETURN(std::vector<MatcherPtr> required, matchers_of(group.required));
    QUIPU_ASSIGN_OR_RETURN(std::vector<MatcherPtr> optional, matchers_of(group.optional));
    QUIPU_ASSIGN_OR_RETURN(std::vector<MatcherPtr> excluded, matchers_of(group.excluded));
    if (!required.empty()) {
      return make_group_matcher(make_all_matcher(std::move(required)), any_of(std::move(optional)),
                                any_of(std::move(excluded)));
    }
    if (optional.empty()) return nullptr;
    return make_group_matcher(any_of(std::move(optional)), nullptr, any_of(std::move(excluded)));
  }

  Result<MatcherPtr> phrase_matcher(std::string_view text) {
    PhraseSlots phrase;
    std::map<std::string, uint32_t, std::less<>> places;
    analyser_.analyse(text, [&](const Token& token) {
      const auto [place, added] = places.emplace(token.term, static_cast<uint32_t>(phrase.terms.size()));
      if (added) phrase.terms.emplace_back(token.term);
      phrase.slots.push_back({token.position, place->second});
    });
    if (phrase.slots.empty()) return nullptr;
    if (phrase.slots.size() > kMaxPhraseWords) {
      return Status::invalid_argument("text query: a phrase has more than " +
                                      std::to_string(kMaxPhraseWords) + " words");
    }
    const uint32_t first = phrase.slots.front().position;
    for (PlacedTerm& slot : phrase.slots) slot.position -= first;

    const TextStatistics statistics = index_.statistics();
    double weight = 0;
    std::vector<MatcherPtr> parts;
    for (const PlacedTerm& slot : phrase.slots) {
      QUIPU_ASSIGN_OR_RETURN(const TermPostings postings, index_.postings(phrase.terms[slot.term]));
      if (postings.documents == 0) return make_any_matcher({});
      weight += Bm25Term::idf(statistics, postings.documents);
    }
    Terms terms;
    for (const std::string& term : phrase.terms) terms[term] = 1;
    QUIPU_ASSIGN_OR_RETURN(parts, term_matchers(terms));
    MatcherPtr all = make_all_matcher(std::move(parts));
    if (phrase.slots.size() == 1) return all;
    return make_phrase_matcher(std::move(all), std::move(phrase), index_, Bm25Term(statistics, weight));
  }

  const TextIndex& index_;
  Analyser& analyser_;
  RowFilter filter_;
  size_t cursors_ = 0;
};

}  // namespace

Result<std::vector<TextHit>> search_text(const TextIndex& index, const TextQuery& query, Analyser& analyser,
                                         size_t k, const TextFilter& filter) {
  TextTopK best(k);
  QUIPU_RETURN_IF_ERROR(Search(index, analyser, filter).run(query, best));
  return std::move(best).take();
}

}  // namespace quipu
