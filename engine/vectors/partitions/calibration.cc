#include "engine/vectors/partitions/calibration.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "quipu/backend/vector_codes.h"

namespace quipu {
namespace {

// Estimates put the k nearest among so many times k.
constexpr size_t kKeptFor = 3;
// Of the share of neighbours that may be missed, so much is for groups of partitions.
constexpr double kShareOfGroups = 0.1;
// What is tried: partitions reach as far as so many times the neighbours that may be missed are near. While a
// search goes on its k-th best row is not as near yet as the one that this is reckoned from, so it looks into
// more partitions than it has to.
constexpr double kMissed[] = {6, 4.5, 3.5, 2.8, 2.2, 1.8, 1.5, 1.2, 1, 0.8, 0.6, 0.4, 0.2, 0};
// After the first that finds enough, so many more are tried: a search that compares fewer vectors may then
// do.
constexpr size_t kTriedFurther = 2;
constexpr float kDeviations[] = {0.5, 1, 1.5, 2, 2.5, 3};
constexpr size_t kUsualDeviations = 4;  // its place
// Nanoseconds, about: of a partition, of a row and of a byte of its code, of a vector and of an element.
constexpr double kOfPartition = 80;
constexpr double kOfRow = 1;
constexpr double kOfByte = 0.07;
constexpr double kOfVector = 2000;
constexpr double kOfElement = 1;

// The least number that is not below so large a share of `numbers`.
float quantile(std::vector<float>& numbers, double share) {
  const auto last = static_cast<double>(numbers.size() - 1);
  const auto at =
      std::ranges::begin(numbers) + static_cast<ptrdiff_t>(std::clamp(share, 0.0, 1.0) * last + 0.999);
  std::ranges::nth_element(numbers, std::min(at, std::ranges::end(numbers) - 1));
  return *std::min(at, std::ranges::end(numbers) - 1);
}

float needed(float similarity, const Centroids::Scored& scored) {
  return (similarity - scored.similarity) / std::max(scored.spread, 1e-6F);
}

// How far a share that has been found with so many neighbours usually is from that of all: those of one
// sample are found, or not, together, so that they count for some.
double error_of_share(double share, size_t neighbours) {
  constexpr double kCounted = 0.5;
  return std::sqrt(share * (1 - share) / (kCounted * static_cast<double>(neighbours)));
}

std::vector<const int8_t*> codes_of_samples(const std::vector<Calibration::Sample>& samples) {
  std::vector<const int8_t*> codes;
  for (const Calibration::Sample& sample : samples) codes.push_back(sample.probe.code());
  return codes;
}

constexpr auto less_similar = [](const Calibration::Near& a, const Calibration::Near& b) {
  return a.similarity > b.similarity;
};

}  // namespace

Calibration::Calibration(std::vector<Sample> samples, size_t k, size_t dimensions)
    : samples_(std::move(samples)),
      k_(k),
      dimensions_(dimensions),
      chunks_((dimensions + kElementsOfChunk - 1) / kElementsOfChunk),
      queries_(codes_of_samples(samples_), chunks_),
      near_(samples_.size()),
      products_(samples_.size() * kGroupRows) {}

void Calibration::take(uint64_t partition, const RowsView& rows) {
  for (size_t first = 0; first < rows.count; first += kGroupRows) {
    take_group(partition, rows, first, std::min(kGroupRows, rows.count - first));
  }
}

void Calibration::take_group(uint64_t partition, const RowsView& rows, size_t first, size_t count) {
  const size_t row_bytes = chunks_ * kChunkBytes;
  const uint8_t* codes = rows.upper + first * row_bytes;
  if (count < kGroupRows) {
    last_rows_.resize(kGroupRows * row_bytes);
    std::memcpy(last_rows_.data(), codes, count * row_bytes);
    codes = last_rows_.data();
  }
  const CodeKernels& kernels = code_kernels().front();
  kernels.queries({codes, chunks_, 0}, queries_, products_.data());
  float along[kGroupRows] = {};
  uint64_t numbers[kGroupRows] = {};
  std::memcpy(along, static_cast<const float*>(rows.along) + first, count * sizeof(float));
  std::memcpy(numbers, static_cast<const uint64_t*>(rows.numbers) + first, count * sizeof(uint64_t));
  for (size_t sample = 0; sample < samples_.size(); ++sample) {
    const Probe& probe = samples_[sample].probe;
    const int32_t* const products = &products_[sample * kGroupRows];
    uint64_t left = ~uint64_t{0} >> (kGroupRows - count);
    if (near_[sample].size() == kKeptFor * k_) {
      const float limit = probe.limit(near_[sample].front().similarity);
      left &= kernels.reaching(products, probe.shift(), along, along, limit, 0);
    }
    for (; left != 0; left &= left - 1) {
      const auto row = static_cast<size_t>(std::countr_zero(left));
      if (along[row] <= 0 || numbers[row] == samples_[sample].number) continue;
      offer(sample, {probe.similarity_of_upper(products[row], along[row]), partition, numbers[row]});
    }
  }
}

void Calibration::offer(size_t sample, const Near& near) {
  std::vector<Near>& all = near_[sample];
  if (all.size() == kKeptFor * k_) {
    if (near.similarity <= all.front().similarity) return;
    std::ranges::pop_heap(all, less_similar);
    all.pop_back();
  }
  all.push_back(near);
  std::ranges::push_heap(all, less_similar);
}

void Calibration::rank(size_t sample, std::span<const double> similarities) {
  std::vector<Near>& all = near_[sample];
  for (size_t i = 0; i < all.size(); ++i) all[i].similarity = static_cast<float>(similarities[i]);
  std::ranges::sort(all, less_similar);
  all.resize(std::min(all.size(), k_));
}

bool Calibration::chooses_deviations() const { return dimensions_ > CodeRest::kDimensionsAtMost; }

double Calibration::cost(const PartitionSearch::Work& work, size_t vectors) const {
  const double of_row = kOfRow + kOfByte * static_cast<double>(chunks_ * kChunkBytes);
  return kOfPartition * static_cast<double>(work.partitions) + of_row * static_cast<double>(work.rows) +
         (kOfVector + kOfElement * static_cast<double>(dimensions_)) * static_cast<double>(vectors);
}

// The hits of fewer deviations are those of the most that are not as far below the k-th.
Result<Calibration::Trial> Calibration::attempt(const Reach& reach, const Search& search) const {
  const float most = reach.deviations;
  Trial trial{std::vector<double>(std::size(kDeviations)), std::vector<double>(std::size(kDeviations))};
  size_t neighbours = 0;
  for (size_t sample = 0; sample < samples_.size(); ++sample) {
    const std::vector<Near>& nearest = near_[sample];
    neighbours += nearest.size();
    QUIPU_ASSIGN_OR_RETURN(const Found found, search(samples_[sample].probe, k_ + 1, reach));
    const float threshold = found.hits.size() > k_ ? found.hits[k_].similarity : -1;
    for (size_t i = 0; i < std::size(kDeviations); ++i) {
      const float part = chooses_deviations() ? kDeviations[i] / most : 1;
      size_t compared = 0;
      for (const PartitionSearch::Hit& hit : found.hits) {
        if (hit.similarity + part * hit.error < threshold) continue;
        ++compared;
        if (std::ranges::find(nearest, hit.number, &Near::number) != nearest.end()) ++trial.recalls[i];
      }
      trial.costs[i] += cost(found.work, compared);
    }
  }
  for (double& recall : trial.recalls) recall /= static_cast<double>(std::max<size_t>(neighbours, 1));
  return trial;
}

std::optional<size_t> Calibration::cheapest(const Trial& trial, double recall) const {
  if (!chooses_deviations()) {
    return trial.recalls[kUsualDeviations] >= recall ? std::optional(kUsualDeviations) : std::nullopt;
  }
  std::optional<size_t> best;
  for (size_t i = 0; i < trial.recalls.size(); ++i) {
    if (trial.recalls[i] >= recall && (!best || trial.costs[i] < trial.costs[*best])) best = i;
  }
  return best;
}

Result<Reach> Calibration::reach(const Centroids& centroids, double recall, const Search& search) const {
  std::vector<float> of_partitions;
  std::vector<float> of_groups;
  std::vector<Centroids::Scored> groups;
  std::vector<Centroids::Scored> partitions;
  for (size_t sample = 0; sample < samples_.size(); ++sample) {
    if (near_[sample].empty()) continue;
    const float kth = near_[sample].back().similarity;
    centroids.score_groups(samples_[sample].probe, groups);
    for (const Near& near : near_[sample]) {
      if (!centroids.contains(near.partition)) continue;
      const size_t group = centroids.group_of(near.partition);
      centroids.score_group(samples_[sample].probe, group, partitions);
      of_groups.push_back(needed(kth, groups[group]));
      of_partitions.push_back(
          needed(kth, *std::ranges::find(partitions, near.partition, &Centroids::Scored::number)));
    }
  }
  Reach best;
  if (of_partitions.empty()) return best;
  const double wanted = recall + error_of_share(recall, of_partitions.size());
  best.group = quantile(of_groups, 1 - kShareOfGroups * (1 - recall));
  double least = std::numeric_limits<double>::infinity();
  size_t further = 0;
  for (const double missed : kMissed) {
    Reach reach = best;
    reach.partition = quantile(of_partitions, 1 - missed * (1 - recall));
    reach.deviations = kDeviations[chooses_deviations() ? std::size(kDeviations) - 1 : kUsualDeviations];
    if (least == std::numeric_limits<double>::infinity()) best = reach;  // where none finds enough, the last
    QUIPU_ASSIGN_OR_RETURN(const Trial trial, attempt(reach, search));
    const std::optional<size_t> deviations = cheapest(trial, wanted);
    if (deviations && trial.costs[*deviations] < least) {
      least = trial.costs[*deviations];
      best = reach;
      best.deviations = kDeviations[*deviations];
    }
    if (least < std::numeric_limits<double>::infinity() && further++ == kTriedFurther) break;
  }
  return best;
}

}  // namespace quipu
