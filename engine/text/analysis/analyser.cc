#include "engine/text/analysis/analyser.h"

#include <algorithm>

#include "engine/base/sha256.h"
#include "engine/text/analysis/analysers.h"

namespace quipu {
namespace {

constexpr std::string_view kWords = "words";
constexpr std::string_view kWhitespace = "whitespace";
constexpr std::string_view kIcu = "icu";
constexpr size_t kHashDigits = 64;

}  // namespace

std::string_view term_of(std::string_view word, std::string& buffer) {
  if (word.size() <= kMaxTermBytes) return word;
  buffer.assign(word.substr(0, kMaxTermBytes - kHashDigits));
  buffer += sha256_hex(word);
  return buffer;
}

std::vector<std::string> Analyser::names() {
  std::vector<std::string> names = snowball_languages();
  names.emplace_back(kWords);
  names.emplace_back(kWhitespace);
  names.emplace_back(kIcu);
  std::ranges::sort(names);
  return names;
}

Result<std::unique_ptr<Analyser>> Analyser::make(std::string_view name) {
  std::unique_ptr<Analyser> made;
  if (name == kWords) {
    made = make_word_analyser();
  } else if (name == kWhitespace) {
    made = make_whitespace_analyser();
  } else if (name == kIcu) {
    made = make_icu_analyser();
    if (!made)
      return Status::not_supported("the ICU library has no data, so that there is no analyser \"icu\"");
  } else {
    made = make_snowball_analyser(std::string(name));
  }
  if (made) return made;
  std::string message = "no analyser is named \"" + std::string(name) + "\"; there are";
  for (const std::string& known : names()) message += (message.ends_with("are") ? " " : ", ") + known;
  return Status::invalid_argument(message);
}

}  // namespace quipu
