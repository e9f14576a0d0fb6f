#include "tools/commands/search/snippet.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

constexpr size_t kShownBytes = 100;
constexpr size_t kBefore = 30;  // of these, before the first place
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }

// Adds text on one line, and no two spaces one after the other.
void add_text(std::string_view text, std::string& line) {
  std::string spaced;
  for (const char c : text) {
    const bool after_space = spaced.empty() ? line.empty() || line.back() == ' ' : spaced.back() == ' ';
    if (!is_space(c)) {
      spaced += c;
    } else if (!after_space) {
      spaced += ' ';
    }
  }
  line += without_controls(spaced);
}

}  // namespace

std::string snippet(const TextExplanation& explanation, std::string_view content, bool highlight) {
  const std::string& text = explanation.text;
  std::vector<TextExplanation::Place> places = explanation.places;
  size_t first = 0;  // of what may be shown
  if (text.ends_with(content)) {
    const size_t start = text.size() - content.size();
    const auto inside = std::ranges::find_if(places, [&](const auto& place) { return place.begin >= start; });
    if (inside != places.end() || places.empty()) {
      first = start;
      places.erase(places.begin(), inside);
    }
  }
  // The place behind which most others are near.
  size_t best = 0;
  size_t most = 0;
  for (size_t i = 0, end = 0; i < places.size(); ++i) {
    while (end < places.size() && places[end].end <= places[i].begin + kShownBytes - kBefore) ++end;
    if (end > i && end - i > most) {
      most = end - i;
      best = i;
    }
  }
  size_t begin = first;
  if (!places.empty() && places[best].begin > first + kBefore) {
    begin = places[best].begin - kBefore;
    while (begin < places[best].begin && !is_space(text[begin])) ++begin;  // whole words
  }
  size_t end = std::min(text.size(), begin + kShownBytes);
  if (!places.empty())
    end = std::min(text.size(), std::max(end, std::min(places[best].end, begin + 3 * kShownBytes)));
  while (end < text.size() && !begins_character(text[end])) --end;

  std::string line = begin > first ? "... " : "";
  size_t at = begin;
  for (const auto& place : places) {
    if (!highlight || place.begin < at || place.end > end) continue;
    add_text(std::string_view(text).substr(at, place.begin - at), line);
    line += kBold;
    line += without_controls(std::string_view(text).substr(place.begin, place.end - place.begin));
    line += kPlain;
    at = place.end;
  }
  add_text(std::string_view(text).substr(at, end - at), line);
  while (line.ends_with(' ')) line.pop_back();
  return line + (end < text.size() ? " ..." : "");
}

}  // namespace quipu::cli
