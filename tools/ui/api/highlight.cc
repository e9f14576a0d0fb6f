#include "tools/ui/api/highlight.h"

#include <algorithm>

#include "tools/ui/api/json.h"

namespace quipu::ui {
namespace {

constexpr size_t kShownBytes = 600;
constexpr size_t kBefore = 120;  // of these, before the first word that is found
constexpr size_t kEndings = 3;   // letters by which forms of a word may differ, about

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & '\x80') != 0;
}
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

struct Word {
  size_t begin = 0;
  std::string text;  // in lower case
};

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!is_letter(text[i])) continue;
    if (i == 0 || !is_letter(text[i - 1])) words.push_back({i, {}});
    words.back().text += lower(text[i]);
  }
  return words;
}

bool alike(const std::string& a, const std::string& b) {
  const size_t common = std::ranges::mismatch(a, b).in1 - a.begin();
  return common >= 3 && a.size() - common <= kEndings && b.size() - common <= kEndings ? true : a == b;
}

}  // namespace

std::vector<std::string> highlighted(std::string_view text, std::string_view query) {
  const std::vector<Word> wanted = words_of(query);
  std::vector<Word> found = words_of(text);
  std::erase_if(found, [&](const Word& word) {
    return std::ranges::none_of(wanted, [&](const Word& other) { return alike(word.text, other.text); });
  });
  size_t begin = found.empty() || found.front().begin < kBefore ? 0 : found.front().begin - kBefore;
  while (begin > 0 && is_letter(text[begin]) && is_letter(text[begin - 1])) --begin;
  const std::string shown = beginning_of(text.substr(begin), kShownBytes);
  std::vector<std::string> pieces;
  size_t at = 0;
  for (const Word& word : found) {
    const size_t place = word.begin - begin;
    if (place + word.text.size() > shown.size()) break;
    pieces.push_back(shown.substr(at, place - at));
    pieces.push_back(shown.substr(place, word.text.size()));
    at = place + word.text.size();
  }
  pieces.push_back(shown.substr(at));
  return pieces;
}

}  // namespace quipu::ui
