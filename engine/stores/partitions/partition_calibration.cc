// StoredPartitions: how far queries have to look, tried out with some of the vectors.

#include <algorithm>
#include <random>
#include <unordered_map>
#include <utility>

#include "engine/stores/partitions/stored_partitions.h"
#include "engine/vectors/codes/similarity.h"
#include "engine/vectors/partitions/calibration.h"

namespace quipu {
namespace {

// Vectors as queries, and how many of the nearest of each.
constexpr size_t kSamples = 192;
constexpr size_t kNearest = 10;

}  // namespace

// Counts the vectors of partitions, too: removed ones have not been counted off.
Result<StoredPartitions::Step> StoredPartitions::calibrate(const CodeReader& reader) const {
  std::mt19937_64 random(note_.next);
  const std::vector<uint64_t> partitions = centroids_->partitions();
  std::vector<uint64_t> orders;
  for (size_t i = 0; i < kSamples; ++i) {
    QUIPU_ASSIGN_OR_RETURN(const CodedRows rows, rows_of(reader, partitions[random() % partitions.size()]));
    if (rows.size() != 0) orders.push_back(rows.number(random() % rows.size()));
  }
  std::ranges::sort(orders);
  orders.erase(std::ranges::unique(orders).begin(), orders.end());
  std::vector<Calibration::Sample> samples;
  std::vector<std::vector<double>> elements_of_samples;
  QUIPU_RETURN_IF_ERROR(for_each_vector(
      reader, orders, [&](uint64_t order, std::string_view /*key*/, std::span<const double> elements) {
        samples.push_back({order, Probe(elements, *rotation_)});
        elements_of_samples.emplace_back(elements.begin(), elements.end());
      }));
  Calibration calibration(std::move(samples), kNearest, dimensions());
  calibration.take(0, home_.view());
  Step step;
  step.note = note_;
  for (auto& [partition, rows] : step.note.rows) rows = 0;
  QUIPU_RETURN_IF_ERROR(
      reader.scan_blocks(dimensions(), CodeBlock::kFirstMoved, UINT64_MAX, [&](const CodeBlock& block) {
        calibration.take(block.number, view_of(block));
        const auto counted = step.note.rows.find(block.number);
        if (counted != step.note.rows.end()) counted->second = static_cast<uint32_t>(block.rows);
        return Status::ok();
      }));
  QUIPU_RETURN_IF_ERROR(rank_samples(reader, elements_of_samples, calibration));
  const auto try_search = [&](const Probe& probe, size_t k,
                              const Reach& reach) -> Result<Calibration::Found> {
    Calibration::Found found;
    QUIPU_ASSIGN_OR_RETURN(found.hits, near_rows(reader, probe, k, reach, nullptr, &found.work));
    return found;
  };
  step.note.recall = recall_;
  step.note.calibrated = note_.rows.size();
  QUIPU_ASSIGN_OR_RETURN(step.note.reach, calibration.reach(*centroids_, recall_, try_search));
  put_note(step);
  return step;
}

Status StoredPartitions::rank_samples(const CodeReader& reader,
                                      const std::vector<std::vector<double>>& samples,
                                      Calibration& calibration) const {
  for (size_t sample = 0; sample < calibration.samples(); ++sample) {
    const std::span<const Calibration::Near> near = calibration.near(sample);
    std::vector<uint64_t> orders;
    for (const Calibration::Near& each : near) orders.push_back(each.number);
    std::ranges::sort(orders);
    const double norm = norm_of(samples[sample]);
    std::unordered_map<uint64_t, double> exact;
    QUIPU_RETURN_IF_ERROR(for_each_vector(
        reader, orders, [&](uint64_t order, std::string_view /*key*/, std::span<const double> elements) {
          exact[order] =
              similarity(samples[sample], norm, elements, norm_of(elements), SimilarityMode::DEFAULT);
        }));
    std::vector<double> similarities;
    for (const Calibration::Near& each : near) similarities.push_back(exact[each.number]);
    calibration.rank(sample, similarities);
  }
  return Status::ok();
}

}  // namespace quipu
