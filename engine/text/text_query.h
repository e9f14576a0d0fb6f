// TextQuery: what to look for. words() takes a text as it is, such as a question; parse() takes the syntax:
//
//   cat dog           either; documents with both, or with the rarer one, are better
//   "black cat"       these words side by side, in this order
//   cat*              all words that begin so
//   +cat              only documents with it        cat AND dog    both
//   -dog              no document with it           cat OR dog     either
//   NOT dog           the same as -dog              ( ... )        as one
//   \x                x as a letter like any other
//
// + - NOT bind most, then AND, then OR, then words side by side. AND, OR and NOT are operators in capitals
// alone. A piece with several words, such as black-cat, stands for any of them. Words of which the analyser
// leaves nothing, such as stop words, are as if they were not there; in a phrase any word may be in their
// place.

#ifndef QUIPU_ENGINE_TEXT_TEXT_QUERY_H_
#define QUIPU_ENGINE_TEXT_TEXT_QUERY_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "quipu/status.h"

namespace quipu {

// A query has no more words, phrases and prefixes, and no deeper parentheses.
inline constexpr size_t kMaxQueryClauses = 1024;
inline constexpr int kMaxQueryDepth = 64;

struct TextQuery {
  struct Words {  // any of these
    std::string text;
    friend bool operator==(const Words&, const Words&) = default;
  };
  struct Phrase {
    std::string text;
    friend bool operator==(const Phrase&, const Phrase&) = default;
  };
  struct Prefix {
    std::string beginning;
    friend bool operator==(const Prefix&, const Prefix&) = default;
  };
  // All of `required`, none of `excluded`, and where nothing is required any of `optional`.
  struct Group {
    std::vector<TextQuery> required;
    std::vector<TextQuery> optional;
    std::vector<TextQuery> excluded;
    friend bool operator==(const Group&, const Group&) = default;
  };

  std::variant<Words, Phrase, Prefix, Group> node;

  static TextQuery words(std::string_view text) { return {Words{std::string(text)}}; }
  // Errors: kInvalidArgument that says what is wrong, at which byte, and what to write instead.
  static Result<TextQuery> parse(std::string_view text);

  friend bool operator==(const TextQuery&, const TextQuery&) = default;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_TEXT_QUERY_H_
