#include "engine/text/postings/bm25.h"

#include <algorithm>
#include <array>

namespace quipu {
namespace {

// Whether b is no corner of the hull between a and c: on the line between them, or above it.
bool is_within(const Impact& a, const Impact& b, const Impact& c) {
  const auto less = [](uint32_t x, uint32_t y) { return static_cast<int64_t>(x) - static_cast<int64_t>(y); };
  // Differences have 33 bits with their sign.
  __extension__ using Wide = __int128;
  return Wide{less(b.length, a.length)} * less(c.frequency, b.frequency) >=
         Wide{less(c.length, b.length)} * less(b.frequency, a.frequency);
}

// Of each low frequency only the shortest: mostly few are left then, and sorting costs little.
void keep_shortest(std::vector<Impact>& documents) {
  constexpr uint32_t kLow = 32;
  std::array<uint32_t, kLow> shortest;
  shortest.fill(UINT32_MAX);
  uint32_t seen = 0;
  std::erase_if(documents, [&](const Impact& document) {
    if (document.frequency >= kLow) return false;
    seen |= uint32_t{1} << document.frequency;
    shortest[document.frequency] = std::min(shortest[document.frequency], document.length);
    return true;
  });
  for (uint32_t frequency = 0; frequency < kLow; ++frequency) {
    if ((seen >> frequency & 1) != 0) documents.push_back({frequency, shortest[frequency]});
  }
}

}  // namespace

std::vector<Impact> best_impacts(std::vector<Impact>& documents) {
  keep_shortest(documents);
  std::ranges::sort(documents, [](const Impact& a, const Impact& b) {
    return a.frequency != b.frequency ? a.frequency > b.frequency : a.length < b.length;
  });
  // From the highest frequency down, only what is shorter than all before.
  std::erase_if(documents, [shortest = UINT64_MAX](const Impact& document) mutable {
    if (document.length >= shortest) return true;
    shortest = document.length;
    return false;
  });
  std::vector<Impact> best;
  for (auto document = documents.rbegin(); document != documents.rend(); ++document) {
    while (best.size() >= 2 && is_within(best[best.size() - 2], best.back(), *document)) best.pop_back();
    best.push_back(*document);
  }
  // Nor the first, where the line through it and the next meets f = 0 above n = 0.
  const auto is_beaten = [](const Impact& a, const Impact& b) {
    return uint64_t{a.length} * b.frequency >= uint64_t{b.length} * a.frequency;
  };
  auto first = best.begin();
  while (best.end() - first >= 2 && is_beaten(first[0], first[1])) ++first;
  best.erase(best.begin(), first);
  return best;
}

}  // namespace quipu
