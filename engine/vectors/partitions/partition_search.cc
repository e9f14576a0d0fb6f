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

// A row is kept until so many standard deviations of its estimate below the k-th best, by all of its code;
// by the upper half of it Reach has the number.
constexpr float kFineDeviations = 4;
// Fewer rows are multiplied one by one than as a group.
constexpr size_t kFewRows = 8;
constexpr size_t kPrune = 256;

constexpr auto reaches_less = [](const auto& a, const auto& b) { return a.reached < b.reached; };

// Half of the square of the distance to the mean, but for what all have alike.
float distance_of(const Centroids::Scored& scored) {
  return (1 - scored.spread * scored.spread) / 2 - scored.similarity;
}

// REQUIRES: count is above 0, and at most kGroupRows.
uint64_t first_bits(size_t count) { return ~uint64_t{0} >> (kGroupRows - count); }

// How far these rows' codes are from their vectors, on average.
float error_of(const RowsView& rows, size_t first, size_t count) {
  float error = 0;
  for (size_t row = first; row < first + count; ++row) {
    float along = 0;
    float across = 0;
    std::memcpy(&along, static_cast<const float*>(rows.along) + row, sizeof(along));
    std::memcpy(&across, static_cast<const float*>(rows.across) + row, sizeof(across));
    if (along > 0) error += across / along / static_cast<float>(count);
  }
  return error;
}

}  // namespace

PartitionSearch::PartitionSearch(const Centroids& centroids, const Probe& probe, Wanted wanted)
    : centroids_(centroids), probe_(probe), wanted_(std::move(wanted)), prune_at_(2 * wanted_.k + kPrune) {
  if (chunks() == 1) turned_query_.emplace(std::vector{probe_.code()}, 1);
  centroids_.score_groups(probe_, scored_);
  // What a group reaches is calibrated for many groups.
  const float reach = centroids_.groups() == 1 ? std::numeric_limits<float>::infinity() : wanted_.reach.group;
  for (const Centroids::Scored& group : scored_) put(group, reach, true);
}

size_t PartitionSearch::chunks() const {
  return (centroids_.dimensions() + kElementsOfChunk - 1) / kElementsOfChunk;
}

void PartitionSearch::put(const Centroids::Scored& scored, float reach, bool is_group) {
  const float reached = scored.similarity + reach * std::max(scored.spread, 1e-6F);
  if (reached >= threshold_) places_.push_back({reached, is_group, scored.number});
}

void PartitionSearch::expand(size_t group) {
  centroids_.score_group(probe_, group, scored_);
  for (const Centroids::Scored& partition : scored_) {
    put(partition, wanted_.reach.partition, false);
    const float distance = distance_of(partition);
    if (distance >= least_distance_) continue;
    least_distance_ = distance;
    nearest_ = partition.number;
  }
}

// The nearest partition of the nearest group that has any.
std::vector<uint64_t> PartitionSearch::first() {
  while (!std::isfinite(least_distance_) && !scored_.empty()) {
    const auto nearest = std::ranges::min_element(scored_, {}, distance_of);
    const uint64_t group = nearest->number;
    std::vector<Centroids::Scored> others = std::move(scored_);
    std::erase_if(others, [&](const Centroids::Scored& each) { return each.number == group; });
    std::erase_if(places_, [&](const Place& each) { return each.is_group && each.number == group; });
    expand(group);
    if (!std::isfinite(least_distance_)) scored_ = std::move(others);
  }
  if (!std::isfinite(least_distance_)) return {};
  std::erase_if(places_, [&](const Place& each) { return !each.is_group && each.number == nearest_; });
  named_.push_back(nearest_);
  return named_;
}

std::vector<uint64_t> PartitionSearch::next(size_t at_most) {
  if (named_.empty()) return first();
  if (named_.size() == 1) {
    std::erase_if(places_, [this](const Place& each) { return each.reached < threshold_; });
    std::ranges::make_heap(places_, reaches_less);
  }
  std::vector<uint64_t> found;
  while (!places_.empty() && found.size() < at_most) {
    std::ranges::pop_heap(places_, reaches_less);
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
    const size_t before = places_.size();
    expand(place.number);
    for (size_t end = before + 1; end <= places_.size(); ++end) {
      std::ranges::push_heap(places_.begin(), places_.begin() + static_cast<ptrdiff_t>(end), reaches_less);
    }
  }
  if (found.empty() && std::ranges::find(named_, nearest_) == named_.end()) found.push_back(nearest_);
  named_.insert(named_.end(), found.begin(), found.end());
  return found;
}

void PartitionSearch::take(const RowsView& rows) {
  const CodeKernels& kernels = code_kernels().front();
  const size_t row_bytes = chunks() * kChunkBytes;
  int32_t products[kGroupRows] = {};
  float along[kGroupRows] = {};
  for (size_t first = 0; first < rows.count; first += kGroupRows) {
    const size_t count = std::min(kGroupRows, rows.count - first);
    const uint8_t* codes = rows.upper + first * row_bytes;
    if (count < kFewRows && !rows.whole_groups) {
      for (size_t i = 0; i < count; ++i) {
        products[i] = kernels.row(codes + i * row_bytes, chunks(), probe_.code());
      }
    } else {
      if (count < kGroupRows && !rows.whole_groups) {
        last_rows_.resize(kGroupRows * row_bytes);
        std::memcpy(last_rows_.data(), codes, count * row_bytes);
        codes = last_rows_.data();
      }
      const bool more = first + 2 * kGroupRows <= rows.count;
      kernels.group({codes, chunks(), more ? kGroupRows * row_bytes : 0}, probe_.code(), products);
    }
    std::memcpy(along, static_cast<const float*>(rows.along) + first, count * sizeof(float));
    if (error_ == 0) error_ = error_of(rows, first, count);
    take_rows(rows, first, first_bits(count), products, along);
  }
}

// Rows beside those that are wanted are multiplied with them, for a group takes little more than some rows.
void PartitionSearch::multiply(const PackedRows& rows, size_t group, uint64_t wanted,
                               int32_t* products) const {
  const CodeKernels& kernels = code_kernels().front();
  const GroupCodes codes = rows.codes(group);
  if (rows.is_turned()) return kernels.turned(codes.rows, *turned_query_, products);
  if (static_cast<size_t>(std::popcount(wanted)) >= kFewRows) {
    return kernels.group(codes, probe_.code(), products);
  }
  for (; wanted != 0; wanted &= wanted - 1) {
    const auto row = static_cast<size_t>(std::countr_zero(wanted));
    products[row] = kernels.row(codes.rows + row * codes.chunks * kChunkBytes, codes.chunks, probe_.code());
  }
}

void PartitionSearch::take(const PackedRows& rows, size_t begin, size_t end) {
  ++work_.partitions;
  work_.rows += end - begin;
  const RowsView names = rows.names();
  if (error_ == 0) error_ = rows.error();
  int32_t products[kGroupRows] = {};
  for (size_t first = begin / kGroupRows * kGroupRows; first < end; first += kGroupRows) {
    uint64_t wanted = first_bits(std::min(end - first, kGroupRows));
    if (begin > first) wanted &= ~first_bits(begin - first);
    multiply(rows, first / kGroupRows, wanted, products);
    take_rows(names, first, wanted, products, rows.along(first / kGroupRows));
  }
}

void PartitionSearch::take_rows(const RowsView& rows, size_t first, uint64_t left, const int32_t* products,
                                const float* along) {
  if (std::isfinite(limit_)) {  // the lengths across do not count: any numbers stand for them
    left &= code_kernels().front().reaching(products, probe_.shift(), along, along, probe_.limit(limit_), 0);
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
  const float at_most =
      wanted_.reach.deviations * error_ / std::sqrt(static_cast<float>(centroids_.dimensions()));
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
