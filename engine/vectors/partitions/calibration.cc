#include "engine/vectors/partitions/calibration.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace quipu {
namespace {

// Of the share of neighbours that may be missed, so much is for groups of partitions, and the rest for these:
// while a search goes on, its k-th best row is not as near yet as the one that this is reckoned from, so it
// looks into more of them, which makes up for rows that estimates tell wrongly.
constexpr double kShareOfGroups = 0.1;

// The least number that is not below so large a share of `numbers`.
float quantile(std::vector<float> numbers, double share) {
  const auto last = static_cast<double>(numbers.size() - 1);
  const auto at =
      std::ranges::begin(numbers) + static_cast<ptrdiff_t>(std::clamp(share, 0.0, 1.0) * last + 0.999);
  std::ranges::nth_element(numbers, std::min(at, std::ranges::end(numbers) - 1));
  return *std::min(at, std::ranges::end(numbers) - 1);
}

float needed(float similarity, const Centroids::Scored& scored) {
  return (similarity - scored.similarity) / std::max(scored.spread, 1e-6F);
}

}  // namespace

Calibration::Calibration(CodedRows samples, size_t k)
    : samples_(std::move(samples)),
      k_(k),
      probes_(probes_of(samples_, 0, samples_.size())),
      queries_(codes_of(probes_), samples_.chunks()),
      nearest_(samples_.size()),
      products_(samples_.size() * kGroupRows) {}

void Calibration::take(uint64_t partition, const RowsView& rows) {
  for (size_t first = 0; first < rows.count; first += kGroupRows) {
    take_group(partition, rows, first, std::min(kGroupRows, rows.count - first));
  }
}

void Calibration::take_group(uint64_t partition, const RowsView& rows, size_t first, size_t count) {
  const uint8_t* codes = rows.upper + first * samples_.row_bytes();
  if (count < kGroupRows) {
    last_rows_.resize(kGroupRows * samples_.row_bytes());
    std::memcpy(last_rows_.data(), codes, count * samples_.row_bytes());
    codes = last_rows_.data();
  }
  const CodeKernels& kernels = code_kernels().front();
  kernels.queries({codes, samples_.chunks(), 0}, queries_, products_.data());
  float along[kGroupRows];
  uint64_t numbers[kGroupRows];
  std::memcpy(along, static_cast<const float*>(rows.along) + first, count * sizeof(float));
  std::memcpy(numbers, static_cast<const uint64_t*>(rows.numbers) + first, count * sizeof(uint64_t));
  const auto less_similar = [](const Near& a, const Near& b) { return a.similarity > b.similarity; };
  for (size_t sample = 0; sample < samples_.size(); ++sample) {
    std::vector<Near>& nearest = nearest_[sample];
    for (size_t row = 0; row < count; ++row) {
      if (along[row] <= 0 || numbers[row] == samples_.number(sample)) continue;
      const float similarity =
          probes_[sample].similarity_of_upper(products_[sample * kGroupRows + row], along[row]);
      if (nearest.size() == k_) {
        if (similarity <= nearest.front().similarity) continue;
        std::ranges::pop_heap(nearest, less_similar);
        nearest.pop_back();
      }
      nearest.push_back({similarity, partition});
      std::ranges::push_heap(nearest, less_similar);
    }
  }
}

Reach Calibration::reach(const Centroids& centroids, double recall) const {
  std::vector<float> of_partitions;
  std::vector<float> of_groups;
  std::vector<Centroids::Scored> groups;
  std::vector<Centroids::Scored> partitions;
  for (size_t sample = 0; sample < samples_.size(); ++sample) {
    if (nearest_[sample].empty()) continue;
    const float kth = nearest_[sample].front().similarity;
    centroids.score_groups(probes_[sample], groups);
    for (const Near& near : nearest_[sample]) {
      if (!centroids.contains(near.partition)) continue;
      const size_t group = centroids.group_of(near.partition);
      centroids.score_group(probes_[sample], group, partitions);
      of_groups.push_back(needed(kth, groups[group]));
      of_partitions.push_back(
          needed(kth, *std::ranges::find(partitions, near.partition, &Centroids::Scored::number)));
    }
  }
  if (of_partitions.empty()) return {};
  const double missed = 1 - recall;
  return {quantile(std::move(of_partitions), 1 - (1 - kShareOfGroups) * missed),
          quantile(std::move(of_groups), 1 - kShareOfGroups * missed)};
}

}  // namespace quipu
