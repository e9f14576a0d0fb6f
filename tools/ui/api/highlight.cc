#include "tools/ui/api/highlight.h"

#include "tools/ui/api/json.h"

namespace quipu::ui {
namespace {

constexpr size_t kShownBytes = 600;
constexpr size_t kBefore = 120;  // of these, before the first word that is found

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

std::vector<std::string> highlighted(std::string_view content, const TextExplanation& why) {
  // What is indexed begins with the node's metadata.
  std::vector<TextExplanation::Place> places;
  if (why.text.ends_with(content)) {
    const size_t start = why.text.size() - content.size();
    for (const TextExplanation::Place& place : why.places) {
      if (place.begin >= start) places.push_back({place.begin - start, place.end - start});
    }
  }
  size_t begin = 0;
  if (!places.empty() && places.front().begin > kBefore) {
    begin = places.front().begin - kBefore;
    while (begin < places.front().begin && !is_space(content[begin])) ++begin;  // whole words
  }
  const std::string shown = beginning_of(content.substr(begin), kShownBytes);
  std::vector<std::string> pieces;
  size_t at = 0;
  for (const TextExplanation::Place& place : places) {
    if (place.end - begin > shown.size()) break;
    if (place.begin - begin < at) continue;  // within the one before
    pieces.push_back(shown.substr(at, place.begin - begin - at));
    pieces.push_back(shown.substr(place.begin - begin, place.end - place.begin));
    at = place.end - begin;
  }
  pieces.push_back(shown.substr(at));
  return pieces;
}

}  // namespace quipu::ui
