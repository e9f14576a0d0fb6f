#include "engine/vectors/partitions/partition_search.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <utility>

#include "engine/vectors/codes/code_kernels.h"
#include "quipu/backend/vector_codes.h"

namespace quipu {
namespace {

// A row is kept until so many standard deviations of its estimate below the k-th best: by the upper half of
// its code, which tells the worse the more rows there are to be told apart; and by all of it.
constexpr float kDeviations = 2.5F;
constexpr float kFineDeviations = 4;
// Fewer rows are multiplied one by one than as a group.
constexpr size_t kFewRows = 8;
constexpr size_t kPrune = 256;

bool reaches_less(const auto& a, const auto& b) { return a.reached < b.reached; }

}  // namespace

PartitionSearch::PartitionSearch(const Centroids& centroids, const Probe& probe, Wanted wanted)
    : centroids_(centroids), probe_(probe), wanted_(std::move(wanted)), prune_at_(2 * wanted_.k + kPrune) {
  centroids_.score_groups(probe_, scored_);
  // What a group reaches is calibrated for many groups.
  const float reach = centroids_.groups() == 1 ? std::numeric_limits<float>::infinity() : wanted_.reach.group;
  for (const Centroids::Scored& group : scored_) push(group, reach, true);
}

void PartitionSearch::push(const Centroids::Scored& scored, float reach, bool is_group) {
  const float reached = scored.similarity + reach * std::max(scored.spread, 1e-6F);
  if (reached < threshold_) return;
  places_.push_back({reached, is_group, scored.number});
  std::ranges::push_heap(places_, [](const Place& a, const Place& b) { return reaches_less(a, b); });
}

void PartitionSearch::expand(size_t group) {
  centroids_.score_group(probe_, group, scored_);
  for (const Centroids::Scored& partition : scored_) {
    push(partition, wanted_.reach.partition, false);
    // Half of the square of the distance, but for what all have alike.
    const float distance = (1 - partition.spread * partition.spread) / 2 - partition.similarity;
    if (distance >= least_distance_) continue;
    least_distance_ = distance;
    nearest_ = partition.number;
  }
}

std::vector<uint64_t> PartitionSearch::next(size_t at_most) {
  std::vector<uint64_t> found;
  while (!places_.empty() && found.size() < at_most) {
    std::ranges::pop_heap(places_, [](const Place& a, const Place& b) { return reaches_less(a, b); });
    const Place place = places_.back();
    places_.pop_back();
    if (place.reached < threshold_) {
      places_.clear();
      break;
    }
    if (!place.is_group) {
      found.push_back(place.number);
      continue;
    }
    expand(place.number);
  }
  const bool over = found.empty() && std::isfinite(least_distance_);
  if (over && std::ranges::find(named_, nearest_) == named_.end()) found.push_back(nearest_);
  named_.insert(named_.end(), found.begin(), found.end());
  return found;
}

void PartitionSearch::take(const RowsView& rows) {
  const CodeKernels& kernels = code_kernels().front();
  const size_t chunks = (centroids_.dimensions() + kElementsOfChunk - 1) / kElementsOfChunk;
  const size_t row_bytes = chunks * kChunkBytes;
  int32_t products[kGroupRows] = {};
  for (size_t first = 0; first < rows.count; first += kGroupRows) {
    const size_t count = std::min(kGroupRows, rows.count - first);
    const uint8_t* codes = rows.upper + first * row_bytes;
    if (count < kFewRows && !rows.whole_groups) {
      for (size_t i = 0; i < count; ++i) {
        products[i] = kernels.row(codes + i * row_bytes, chunks, probe_.code());
      }
    } else {
      if (count < kGroupRows && !rows.whole_groups) {
        last_rows_.resize(kGroupRows * row_bytes);
        std::memcpy(last_rows_.data(), codes, count * row_bytes);
        codes = last_rows_.data();
      }
      const bool more = first + 2 * kGroupRows <= rows.count;
      kernels.group({codes, chunks, more ? kGroupRows * row_bytes : 0}, probe_.code(), products);
    }
    take_rows(rows, first, count, products);
  }
}

void PartitionSearch::take_rows(const RowsView& rows, size_t first, size_t count, const int32_t* products) {
  float along[kGroupRows] = {};
  float across[kGroupRows] = {};
  std::memcpy(along, static_cast<const float*>(rows.along) + first, count * sizeof(float));
  if (error_ == 0) {
    std::memcpy(across, static_cast<const float*>(rows.across) + first, count * sizeof(float));
    for (size_t i = 0; i < count; ++i) {
      if (along[i] > 0) error_ += across[i] / along[i] / static_cast<float>(count);
    }
  }
  uint64_t left = ~uint64_t{0} >> (kGroupRows - count);
  if (std::isfinite(limit_)) {
    left &= code_kernels().front().reaching(products, probe_.shift(), along, across, probe_.limit(limit_), 0);
  }
  for (; left != 0; left &= left - 1) {
    const auto row = static_cast<size_t>(std::countr_zero(left));
    if (along[row] <= 0) continue;  // of no direction
    const float similarity = probe_.similarity_of_upper(products[row], along[row]);
    if (similarity < limit_) continue;
    Hit found{0, products[row], similarity, 0, false, {}};
    std::memcpy(&found.number, static_cast<const uint64_t*>(rows.numbers) + first + row,
                sizeof(found.number));
    if (wanted_.passes && !wanted_.passes(found.number)) continue;
    if (look_closer(rows.rest(first + row), found)) hit(std::move(found));
  }
}

bool PartitionSearch::look_closer(std::string_view rest, Hit& hit) const {
  hit.error = margin(hit.similarity);
  if (rest.empty()) return true;
  const std::optional<CodeRest> parsed = CodeRest::parse(rest, centroids_.dimensions());
  if (!parsed) return true;
  if (!parsed->lower.empty() && parsed->fine.along > 0) {
    const int32_t lower =
        code_kernels().front().row(parsed->lower.data(), parsed->lower.size() / kChunkBytes, probe_.code());
    hit.similarity = probe_.similarity_of_bytes(16 * int64_t{hit.product} + lower, parsed->fine.along);
    const float root = std::sqrt(static_cast<float>(centroids_.dimensions()));
    hit.error = kFineDeviations * parsed->fine.across / parsed->fine.along / root;
    if (!may_be_best(hit)) return false;
  }
  hit.is_known = true;
  hit.key = parsed->key;
  return true;
}

void PartitionSearch::hit(Hit hit) {
  const float similarity = hit.similarity;
  hits_.push_back(std::move(hit));
  if (best_.size() < wanted_.k || similarity > best_.front()) {
    if (best_.size() == wanted_.k) {
      std::ranges::pop_heap(best_, std::greater());
      best_.pop_back();
    }
    best_.push_back(similarity);
    std::ranges::push_heap(best_, std::greater());
    if (best_.size() == wanted_.k) raise_threshold();
  }
  if (hits_.size() < prune_at_) return;
  std::erase_if(hits_, [this](const Hit& each) { return !may_be_best(each); });
  prune_at_ = 2 * hits_.size() + kPrune;
}

// A row's estimate is wrong by its code's error in one direction of many, by the less the nearer the row is.
// It may itself be less near than it is estimated, which may even be above 1.
float PartitionSearch::margin(float similarity) const {
  const float at_most = kDeviations * error_ / std::sqrt(static_cast<float>(centroids_.dimensions()));
  const float least = std::clamp(similarity - at_most, 0.0F, 1.0F);
  return at_most * std::sqrt(1 - least * least);
}

void PartitionSearch::raise_threshold() {
  threshold_ = best_.front();
  limit_ = threshold_ - margin(threshold_);
}

std::vector<PartitionSearch::Hit> PartitionSearch::hits() {
  std::erase_if(hits_, [this](const Hit& each) { return !may_be_best(each); });
  std::ranges::sort(hits_, [](const Hit& a, const Hit& b) { return a.similarity > b.similarity; });
  return std::exchange(hits_, {});
}

}  // namespace quipu
