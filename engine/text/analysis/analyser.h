// Analyser: what of a text is indexed and searched: a sequence of terms. Documents and queries must pass the
// same one, so its name and version() belong to an index.
//
//   QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<Analyser> analyser, Analyser::make("english"));
//   analyser->analyse("The cats' whiskers", use);   // "cat" at 1, "whisker" at 2
//
// Names:
//   a language of Snowball ("english", "german", ...): words of two letters or more, in lower case, without
//     the stop words of the language where there are any, stemmed. As bm25s and PyStemmer have it.
//   "words": the same words, all of them and unstemmed.
//   "icu": words as Unicode's rules find them, in Chinese, Japanese, Thai and others by dictionaries; all of
//     them, unstemmed, without differences of case, width or composition.
//   "whitespace": what is between white space, as it stands.
//
// Thread-safety: one thread at a time; make one for each. Text is UTF-8 as in JsonView::string(); bytes that
// are none belong to no word. Cost: O(text).

#ifndef QUIPU_ENGINE_TEXT_ANALYSIS_ANALYSER_H_
#define QUIPU_ENGINE_TEXT_ANALYSIS_ANALYSER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/status.h"

namespace quipu {

// A term is never longer. A longer word becomes its first bytes and the SHA-256 of all of it: no two are
// mixed up, and no key of an index is larger.
inline constexpr size_t kMaxTermBytes = 160;

struct Token {
  std::string_view term;  // lives until the call that it was handed to returns
  uint32_t position = 0;  // among the words of the text, stop words included
};

class Analyser {
 public:
  virtual ~Analyser() = default;

  // Errors: kInvalidArgument for an unknown name, with those that there are; kNotSupported for "icu" where
  // ICU lacks its data.
  static Result<std::unique_ptr<Analyser>> make(std::string_view name);
  static std::vector<std::string> names();

  using Use = std::function<void(const Token&)>;
  // Hands on each term of the text, in order.
  virtual void analyse(std::string_view text, const Use& use) = 0;
  // How terms of this beginning begin: in lower case where terms are, but not stemmed.
  virtual std::string prefix(std::string_view beginning) const = 0;
  // What else the terms depend on, such as "snowball 2.2": an index of another version is to be made again.
  virtual std::string version() const = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_ANALYSIS_ANALYSER_H_
