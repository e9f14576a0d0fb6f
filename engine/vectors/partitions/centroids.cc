#include "engine/vectors/partitions/centroids.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/codes/vector_code.h"

namespace quipu {
namespace {

constexpr uint64_t kSeed = 0x5bd1e995;
// Rows that go over the means together: their products stay in the processor's cache.
constexpr size_t kRowsTogether = 128;
// Rows look for their partitions in the groups that are the nearest: so many rows together, in so many
// groups.
constexpr size_t kRowsAtOnce = 16384;
constexpr size_t kNearGroups = 8;
// Fewer partitions than these are one group.
constexpr size_t kFewest = 64;

}  // namespace

void Centroids::Coded::add(uint64_t number, std::span<const float> mean) {
  double squares = 0;
  for (const float element : mean) squares += double{element} * element;
  std::vector<uint8_t> bytes(rows.chunks() * kElementsOfChunk);
  std::vector<uint8_t> upper(rows.row_bytes());
  Direction direction{1, 0};
  if (squares > 0) direction = encode_vector(mean, bytes.data()).coarse;
  for (size_t i = 0; i < upper.size(); ++i) {
    const uint8_t* const from = bytes.data() + i / kChunkBytes * kElementsOfChunk + i % kChunkBytes;
    upper[i] = static_cast<uint8_t>((from[0] >> 4) | (from[kChunkBytes] & 0xf0));
  }
  rows.add(number, direction, upper);
  lengths.push_back(static_cast<float>(std::sqrt(squares)));
  factors.push_back(lengths.back() / direction.along);
  spreads.push_back(static_cast<float>(std::sqrt(std::max(0.0, 1 - squares))));
}

void Centroids::Coded::add(const Coded& from, size_t row) {
  rows.add(from.rows, row);
  lengths.push_back(from.lengths[row]);
  factors.push_back(from.factors[row]);
  spreads.push_back(from.spreads[row]);
}

void Centroids::Coded::erase(size_t row) {
  rows.move_last_to(row);
  lengths[row] = lengths.back();
  lengths.pop_back();
  factors[row] = factors.back();
  factors.pop_back();
  spreads[row] = spreads.back();
  spreads.pop_back();
}

size_t Centroids::Coded::least_distance(const Probe& probe, size_t group, const int32_t* products,
                                        float& least) const {
  const size_t first = group * kGroupRows;
  const size_t count = rows.rows_of_group(group);
  float distances[kGroupRows] = {};
  for (size_t i = 0; i < count; ++i) {
    const float length = lengths[first + i];
    distances[i] = length * length / 2 - probe.times_direction(products[i]) * factors[first + i];
  }
  const float* const best = std::min_element(distances, distances + count);
  if (*best >= least) return kGroupRows;
  least = *best;
  return static_cast<size_t>(best - distances);
}

void Centroids::Coded::score(const Probe& probe, std::vector<Scored>& scored) const {
  const CodeKernels& kernels = code_kernels().front();
  scored.resize(rows.size());
  int32_t products[kGroupRows];
  for (size_t group = 0; group < rows.groups(); ++group) {
    kernels.group(rows.group(group), probe.code(), products);
    for (size_t i = 0; i < rows.rows_of_group(group); ++i) {
      const size_t row = group * kGroupRows + i;
      scored[row] = {probe.times_direction(products[i]) * factors[row], spreads[row], rows.number(row)};
    }
  }
}

size_t Centroids::memory_bytes() const {
  constexpr size_t kOfAPartition = 40;
  size_t bytes = group_means_.rows.memory_bytes() + size() * kOfAPartition;
  for (const Coded& group : groups_) bytes += group.rows.memory_bytes();
  return bytes;
}

std::vector<uint64_t> Centroids::partitions() const {
  std::vector<uint64_t> all;
  all.reserve(size());
  for (const auto& [partition, place] : places_) all.push_back(partition);
  return all;
}

std::vector<float> Centroids::mean(uint64_t partition) const { return mean_at(places_.at(partition)); }

std::vector<float> Centroids::mean_at(const Place& place) const {
  const Coded& group = groups_[place.group];
  std::vector<float> mean(dimensions_);
  add_row(group.rows, place.row, group.lengths[place.row], mean);
  return mean;
}

void Centroids::put(uint64_t partition, std::span<const float> mean) {
  fill(partition, mean);
  end_filling();
}

void Centroids::fill(uint64_t partition, std::span<const float> mean) {
  erase(partition);
  add(partition, mean);
}

void Centroids::end_filling() {
  if (size() > std::max(kFewest, 2 * grouped_size_)) group_anew();
}

void Centroids::add(uint64_t partition, std::span<const float> mean) {
  uint32_t group = 0;
  if (groups_.empty()) {
    groups_.emplace_back(dimensions_);
    group_means_.add(0, mean);
  } else if (groups_.size() > 1) {
    Coded one(dimensions_);
    one.add(partition, mean);
    std::vector<Scored> scored;
    group_means_.score(Probe(one.rows, 0), scored);
    const auto distance = [&](const Scored& each) {
      const float length = group_means_.lengths[each.number];
      return length * length / 2 - one.lengths.front() * each.similarity;
    };
    group = static_cast<uint32_t>(std::ranges::min_element(scored, {}, distance)->number);
  }
  Coded& into = groups_[group];
  places_.emplace(partition, Place{group, static_cast<uint32_t>(into.rows.size())});
  into.add(partition, mean);
}

void Centroids::erase(uint64_t partition) {
  const auto found = places_.find(partition);
  if (found == places_.end()) return;
  const Place place = found->second;
  places_.erase(found);
  Coded& group = groups_[place.group];
  group.erase(place.row);
  if (place.row < group.rows.size()) places_.at(group.rows.number(place.row)).row = place.row;
}

// As many groups as a group then has partitions.
void Centroids::group_anew() {
  Coded all(dimensions_);
  for (const Coded& group : groups_) {
    for (size_t row = 0; row < group.rows.size(); ++row) all.add(group, row);
  }
  const auto count = static_cast<size_t>(std::sqrt(static_cast<double>(size())));
  const Means means = find_means(all.rows, count, kSeed);
  const std::vector<uint32_t> nearest = nearest_means(all.rows, means);
  groups_.assign(means.size(), Coded(dimensions_));
  places_.clear();
  Means of_groups(dimensions_);
  std::vector<size_t> counts(means.size());
  for (size_t i = 0; i < means.size(); ++i) of_groups.add();
  for (size_t row = 0; row < all.rows.size(); ++row) {
    Coded& group = groups_[nearest[row]];
    places_.emplace(all.rows.number(row), Place{nearest[row], static_cast<uint32_t>(group.rows.size())});
    group.add(all, row);
    add_row(all.rows, row, all.lengths[row], of_groups[nearest[row]]);
    ++counts[nearest[row]];
  }
  group_means_ = Coded(dimensions_);
  for (size_t i = 0; i < means.size(); ++i) {
    for (float& element : of_groups[i]) element /= static_cast<float>(std::max<size_t>(counts[i], 1));
    group_means_.add(i, of_groups[i]);
  }
  grouped_size_ = size();
}

void Centroids::score_groups(const Probe& query, std::vector<Scored>& scored) const {
  group_means_.score(query, scored);
}

void Centroids::score_group(const Probe& query, size_t group, std::vector<Scored>& scored) const {
  groups_[group].score(query, scored);
}

// The rows that look into each group: all of them, where there are few groups.
std::vector<std::vector<uint32_t>> Centroids::rows_of_groups(const std::vector<Probe>& probes) const {
  std::vector<std::vector<uint32_t>> rows(groups_.size());
  if (groups_.size() <= kNearGroups) {
    for (std::vector<uint32_t>& each : rows) {
      each.resize(probes.size());
      std::iota(each.begin(), each.end(), 0);
    }
    return rows;
  }
  std::vector<Scored> scored;
  std::vector<std::pair<float, size_t>> distances;
  for (uint32_t row = 0; row < probes.size(); ++row) {
    group_means_.score(probes[row], scored);
    distances.clear();
    for (const Scored& each : scored) {
      const float length = group_means_.lengths[each.number];
      if (groups_[each.number].rows.size() == 0) continue;
      distances.emplace_back(length * length / 2 - each.similarity, each.number);
    }
    const size_t count = std::min(kNearGroups, distances.size());
    std::ranges::nth_element(distances, distances.begin() + static_cast<ptrdiff_t>(count - 1));
    for (size_t i = 0; i < count; ++i) rows[distances[i].second].push_back(row);
  }
  return rows;
}

// Rows go over the means as queries do over rows: the least half of the square of the distance, but for what
// is alike for all means, is what is looked for.
void Centroids::Coded::look_for_nearest(const std::vector<Probe>& probes, std::span<const uint32_t> looking,
                                        std::vector<Nearest>& nearest) const {
  const CodeKernels& kernels = code_kernels().front();
  std::vector<int32_t> products(kRowsTogether * kGroupRows);
  while (!looking.empty()) {
    const std::span<const uint32_t> together = looking.first(std::min(kRowsTogether, looking.size()));
    looking = looking.subspan(together.size());
    std::vector<const int8_t*> codes;
    for (const uint32_t row : together) codes.push_back(probes[row].code());
    const QueryBlock queries(std::move(codes), rows.chunks());
    for (size_t group = 0; group < rows.groups(); ++group) {
      kernels.queries(rows.group(group), queries, products.data());
      for (size_t i = 0; i < together.size(); ++i) {
        Nearest& best = nearest[together[i]];
        const size_t found =
            least_distance(probes[together[i]], group, &products[i * kGroupRows], best.distance);
        if (found < kGroupRows) best.number = rows.number(group * kGroupRows + found);
      }
    }
  }
}

std::vector<uint64_t> Centroids::nearest(const CodedRows& rows) const {
  std::vector<uint64_t> found;
  found.reserve(rows.size());
  while (found.size() < rows.size()) {
    const std::vector<Probe> probes =
        probes_of(rows, found.size(), std::min(found.size() + kRowsAtOnce, rows.size()));
    const std::vector<std::vector<uint32_t>> looking = rows_of_groups(probes);
    std::vector<Nearest> nearest(probes.size());
    for (size_t group = 0; group < groups_.size(); ++group) {
      groups_[group].look_for_nearest(probes, looking[group], nearest);
    }
    for (const Nearest& each : nearest) found.push_back(each.number);
  }
  return found;
}

}  // namespace quipu
