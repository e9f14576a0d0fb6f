#include <utility>

#include "engine/text/text_query.h"

namespace quipu {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

enum class Occurs { kOptional, kRequired, kExcluded };

struct Clause {
  Occurs occurs = Occurs::kOptional;
  TextQuery query;
  size_t at = 0;  // where it begins
};

void put(Clause clause, TextQuery::Group& group) {
  std::vector<TextQuery>& place = clause.occurs == Occurs::kRequired   ? group.required
                                  : clause.occurs == Occurs::kExcluded ? group.excluded
                                                                       : group.optional;
  place.push_back(std::move(clause.query));
}

class QueryParser {
 public:
  explicit QueryParser(std::string_view text) : text_(text) {}

  Result<TextQuery> parse() {
    skip_space();
    if (at_end()) return error("it is empty", at_);
    QUIPU_ASSIGN_OR_RETURN(TextQuery query, sequence(0));
    if (!at_end()) return error("\")\" closes nothing; \"\\)\" is the character", at_);
    return query;
  }

 private:
  // either {either}, up to a ")" or the end.
  Result<TextQuery> sequence(int depth) {
    const size_t begin = at_;
    TextQuery::Group group;
    for (skip_space(); !at_end() && text_[at_] != ')'; skip_space()) {
      QUIPU_ASSIGN_OR_RETURN(Clause clause, either(depth));
      put(std::move(clause), group);
    }
    if (group.required.empty() && group.optional.empty()) {
      return group.excluded.empty()
                 ? error("there is nothing between the parentheses", begin)
                 : error("it only says what is not to be there; add what is to be found", begin);
    }
    const bool alone = group.required.empty() && group.optional.size() == 1 && group.excluded.empty();
    if (alone) return std::move(group.optional.front());
    return TextQuery{std::move(group)};
  }

  // both {OR both}
  Result<Clause> either(int depth) {
    QUIPU_ASSIGN_OR_RETURN(Clause clause, both(depth));
    if (!next_is("OR")) return clause;
    const size_t begin = clause.at;
    TextQuery::Group group;
    while (true) {
      if (clause.occurs == Occurs::kExcluded) {
        return error("OR beside what is not to be there would find nearly everything; leave out the OR",
                     clause.at);
      }
      if (clause.occurs == Occurs::kRequired) {
        return error("\"+\" beside OR contradicts it; leave out one of them", clause.at);
      }
      group.optional.push_back(std::move(clause.query));
      if (!next_is("OR")) return Clause{Occurs::kOptional, {std::move(group)}, begin};
      QUIPU_RETURN_IF_ERROR(take_operator("OR"));
      QUIPU_ASSIGN_OR_RETURN(clause, both(depth));
    }
  }

  // clause {AND clause}
  Result<Clause> both(int depth) {
    QUIPU_ASSIGN_OR_RETURN(Clause first, clause(depth));
    if (!next_is("AND")) return first;
    const size_t begin = first.at;
    TextQuery::Group group;
    const auto add = [&](Clause added) {
      if (added.occurs == Occurs::kOptional) added.occurs = Occurs::kRequired;
      put(std::move(added), group);
    };
    add(std::move(first));
    while (next_is("AND")) {
      QUIPU_RETURN_IF_ERROR(take_operator("AND"));
      QUIPU_ASSIGN_OR_RETURN(Clause next, clause(depth));
      add(std::move(next));
    }
    if (group.required.empty())
      return error("it only says what is not to be there; add what is to be found", begin);
    return Clause{Occurs::kOptional, {std::move(group)}, begin};
  }

  // [+|-|NOT] primary
  Result<Clause> clause(int depth) {
    skip_space();
    Clause clause{Occurs::kOptional, {}, at_};
    if (next_is("NOT")) {
      QUIPU_RETURN_IF_ERROR(take_operator("NOT"));
      clause.occurs = Occurs::kExcluded;
    } else if (!at_end() && (text_[at_] == '+' || text_[at_] == '-')) {
      clause.occurs = text_[at_] == '+' ? Occurs::kRequired : Occurs::kExcluded;
      ++at_;
      if (at_end() || is_space(text_[at_])) {
        const std::string sign(1, text_[clause.at]);
        return error("nothing stands behind \"" + sign + "\"; \"\\" + sign + "\" is the character",
                     clause.at);
      }
    }
    QUIPU_ASSIGN_OR_RETURN(clause.query, primary(depth));
    return clause;
  }

  Result<TextQuery> primary(int depth) {
    for (const std::string_view name : {"AND", "OR", "NOT"}) {
      if (next_is(name)) {
        return error(std::string(name) + " needs something on " +
                         (name == "NOT" ? "its right" : "both sides") + "; in small letters it is a word",
                     at_);
      }
    }
    if (text_[at_] == '(') return parentheses(depth);
    if (text_[at_] == ')') return error("nothing stands before \")\"", at_);
    if (++clauses_ > kMaxQueryClauses) {
      return error("it has more than " + std::to_string(kMaxQueryClauses) + " words", at_);
    }
    if (text_[at_] == '"') return phrase();
    return word();
  }

  Result<TextQuery> parentheses(int depth) {
    const size_t begin = at_++;
    if (depth == kMaxQueryDepth) {
      return error("parentheses are more than " + std::to_string(kMaxQueryDepth) + " deep", begin);
    }
    QUIPU_ASSIGN_OR_RETURN(TextQuery query, sequence(depth + 1));
    if (at_end()) return error("\"(\" is not closed; \"\\(\" is the character", begin);
    ++at_;
    return query;
  }

  Result<TextQuery> phrase() {
    const size_t begin = at_++;
    std::string phrase;
    for (; !at_end() && text_[at_] != '"'; ++at_) phrase += letter();
    if (at_end()) return error("the quotation mark is not closed; \"\\\"\" is the character", begin);
    ++at_;
    return TextQuery{TextQuery::Phrase{std::move(phrase)}};
  }

  Result<TextQuery> word() {
    const size_t begin = at_;
    std::string word;
    for (; !at_end() && !is_space(text_[at_]) && text_[at_] != '(' && text_[at_] != ')' && text_[at_] != '"';
         ++at_) {
      if (text_[at_] != '*') {
        word += letter();
        continue;
      }
      const size_t star = at_++;
      if (!at_end() && !is_space(text_[at_]) && text_[at_] != ')') {
        return error("\"*\" stands at the end of a word; \"\\*\" is the character", star);
      }
      if (word.empty()) return error("\"*\" needs the beginning of a word before it", begin);
      return TextQuery{TextQuery::Prefix{std::move(word)}};
    }
    return TextQuery{TextQuery::Words{std::move(word)}};
  }

  // The character here; behind a "\" the one after it.
  char letter() {
    if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
    return text_[at_];
  }

  void skip_space() {
    while (!at_end() && is_space(text_[at_])) ++at_;
  }

  bool at_end() const { return at_ == text_.size(); }

  bool next_is(std::string_view name) {
    skip_space();
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(name)) return false;
    return rest.size() == name.size() || is_space(rest[name.size()]) || rest[name.size()] == '(' ||
           rest[name.size()] == ')' || rest[name.size()] == '"';
  }

  Status take_operator(std::string_view name) {
    const size_t begin = at_;
    at_ += name.size();
    skip_space();
    if (!at_end()) return Status::ok();
    return error("nothing stands behind " + std::string(name) + "; in small letters it is a word", begin);
  }

  static Status error(const std::string& what, size_t at) {
    return Status::invalid_argument("text query, at byte " + std::to_string(at) + ": " + what);
  }

  const std::string_view text_;
  size_t at_ = 0;
  size_t clauses_ = 0;
};

}  // namespace

Result<TextQuery> TextQuery::parse(std::string_view text) { return QueryParser(text).parse(); }

}  // namespace quipu
