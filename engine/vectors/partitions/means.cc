#include "engine/vectors/partitions/means.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <utility>

#include "engine/vectors/codes/vector_code.h"

namespace quipu {
namespace {

constexpr size_t kRounds = 8;
// Among more means those of parts are looked for. Then they are moved once to the rows that they are the
// nearest to, of so many parts that are near, and those of few rows go.
constexpr size_t kMeansAtOnce = 48;
constexpr size_t kNearParts = 8;
// Means that go over a group of rows together: their products stay in the processor's cache.
constexpr size_t kMeansTogether = 256;

// What makes a row's code the vector of length 1, by least squares.
float weight_of(const Direction& direction) {
  const float squares = direction.along * direction.along + direction.across * direction.across;
  return squares > 0 ? direction.along / squares : 0;
}

// Means as queries.
class CodedMeans {
 public:
  explicit CodedMeans(const Means& means) {
    const size_t padded = (means.dimensions() + kElementsOfChunk - 1) / kElementsOfChunk * kElementsOfChunk;
    for (size_t i = 0; i < means.size(); ++i) {
      double squares = 0;
      for (const float element : means[i]) squares += double{element} * element;
      codes_.push_back(squares > 0 ? CodedQuery(means[i], padded) : none(padded));
      const QueryDirection& direction = codes_.back().coarse;
      factors_.push_back(static_cast<float>(std::sqrt(squares) * direction.cosine / direction.length));
      halves_.push_back(static_cast<float>(squares / 2));
      shifts_.push_back(static_cast<int32_t>(15 * direction.sum));
    }
    for (size_t begin = 0; begin < codes_.size(); begin += kMeansTogether) {
      std::vector<const int8_t*> some;
      const size_t end = std::min(begin + kMeansTogether, codes_.size());
      for (size_t i = begin; i < end; ++i) some.push_back(codes_[i].code.data());
      queries_.emplace_back(std::move(some), padded / kElementsOfChunk);
    }
  }

  // Each kMeansTogether of them, the last ones fewer.
  std::span<const QueryBlock> queries() const { return queries_; }
  float factor(size_t mean) const { return factors_[mean]; }
  float half(size_t mean) const { return halves_[mean]; }
  int32_t shift(size_t mean) const { return shifts_[mean]; }

 private:
  static CodedQuery none(size_t padded) {
    CodedQuery query;
    query.code.resize(padded);
    return query;
  }

  std::vector<CodedQuery> codes_;
  std::vector<QueryBlock> queries_;
  std::vector<float> factors_;
  std::vector<float> halves_;
  std::vector<int32_t> shifts_;
};

// The best mean so far of each row of a group.
struct Best {
  float score[kGroupRows];
  uint32_t mean[kGroupRows];
};

void compare(const CodedMeans& means, size_t mean, const int32_t* products, const float* inverse,
             Best& best) {
  const float factor = means.factor(mean);
  const float half = means.half(mean);
  const int32_t shift = means.shift(mean);
  for (size_t row = 0; row < kGroupRows; ++row) {
    const float score = static_cast<float>(2 * products[row] - shift) * factor * inverse[row] - half;
    const bool better = score > best.score[row];
    best.score[row] = better ? score : best.score[row];
    best.mean[row] = better ? static_cast<uint32_t>(mean) : best.mean[row];
  }
}

// Each mean is that of the rows that are nearest to it. How many these are.
std::vector<size_t> take_means(const CodedRows& rows, const std::vector<uint32_t>& nearest, Means& means) {
  std::vector<size_t> counts(means.size());
  for (size_t i = 0; i < means.size(); ++i) std::ranges::fill(means[i], 0.0F);
  for (size_t row = 0; row < rows.size(); ++row) {
    add_row(rows, row, 1, means[nearest[row]]);
    ++counts[nearest[row]];
  }
  for (size_t i = 0; i < means.size(); ++i) {
    for (float& element : means[i]) element /= static_cast<float>(std::max<size_t>(counts[i], 1));
  }
  return counts;
}

// A mean of no more rows than these is hardly one.
size_t few_of(const CodedRows& rows, const Means& means) { return rows.size() / means.size() / 8; }

// A mean of few rows is put half way between a row and its mean, one of many if chance has it so.
void spread(const CodedRows& rows, const std::vector<uint32_t>& nearest, const std::vector<size_t>& counts,
            std::mt19937_64& random, Means& means) {
  const size_t usual = rows.size() / means.size();
  for (size_t i = 0; i < means.size(); ++i) {
    if (counts[i] > few_of(rows, means)) continue;
    size_t row = random() % rows.size();
    for (int tries = 0; tries < 16 && counts[nearest[row]] < usual + usual / 2; ++tries) {
      row = random() % rows.size();
    }
    const std::vector<float> from(means[nearest[row]].begin(), means[nearest[row]].end());
    std::ranges::copy(from, means[i].begin());
    for (float& element : means[i]) element /= 2;
    add_row(rows, row, 0.5F, means[i]);
  }
}

void move_to_rows(const CodedRows& rows, const std::vector<uint32_t>& nearest, std::mt19937_64& random,
                  Means& means) {
  const std::vector<size_t> counts = take_means(rows, nearest, means);
  spread(rows, nearest, counts, random, means);
}

Means first_means(const CodedRows& rows, size_t count, std::mt19937_64& random) {
  std::vector<uint32_t> picked(rows.size());
  std::iota(picked.begin(), picked.end(), 0);
  Means means(rows.dimensions());
  for (size_t i = 0; i < count; ++i) {
    std::swap(picked[i], picked[i + random() % (picked.size() - i)]);
    add_row(rows, picked[i], 1, means.add());
  }
  return means;
}

// Rows that are the nearest to one of few means, and which of many are theirs.
struct Part {
  std::vector<uint32_t> rows;
  uint32_t first_mean = 0;
  uint32_t means = 0;
};

std::vector<Part> parts_of(const CodedRows& rows, const Means& means) {
  std::vector<Part> parts(means.size());
  const std::vector<uint32_t> nearest = nearest_means(rows, means);
  for (uint32_t row = 0; row < rows.size(); ++row) parts[nearest[row]].rows.push_back(row);
  return parts;
}

CodedRows some_of(const CodedRows& rows, const std::vector<uint32_t>& wanted) {
  CodedRows some(rows.dimensions());
  some.reserve(wanted.size());
  for (const uint32_t row : wanted) some.add(rows, row);
  return some;
}

// The parts whose means are the nearest to that of one, itself among them.
std::vector<size_t> near_parts(const Means& means, size_t part) {
  std::vector<std::pair<float, size_t>> distances;
  for (size_t other = 0; other < means.size(); ++other) {
    float distance = 0;
    for (size_t i = 0; i < means.dimensions(); ++i) {
      const float difference = means[part][i] - means[other][i];
      distance += difference * difference;
    }
    distances.emplace_back(distance, other);
  }
  const size_t count = std::min(kNearParts, distances.size());
  std::ranges::partial_sort(distances, distances.begin() + static_cast<ptrdiff_t>(count));
  std::vector<size_t> near;
  for (size_t i = 0; i < count; ++i) near.push_back(distances[i].second);
  return near;
}

// As nearest_means(), but of those alone that are of a row's part or of parts that are near it.
std::vector<uint32_t> nearest_of_parts(const CodedRows& rows, const Means& part_means,
                                       const std::vector<Part>& parts, const Means& means) {
  std::vector<uint32_t> nearest(rows.size());
  for (size_t part = 0; part < parts.size(); ++part) {
    if (parts[part].rows.empty()) continue;
    Means some(rows.dimensions());
    std::vector<uint32_t> numbers;
    for (const size_t near : near_parts(part_means, part)) {
      for (uint32_t i = 0; i < parts[near].means; ++i) {
        numbers.push_back(parts[near].first_mean + i);
        some.add(means[numbers.back()]);
      }
    }
    const std::vector<uint32_t> found = nearest_means(some_of(rows, parts[part].rows), some);
    for (size_t i = 0; i < found.size(); ++i) nearest[parts[part].rows[i]] = numbers[found[i]];
  }
  return nearest;
}

}  // namespace

std::span<float> Means::add() {
  elements_.resize(elements_.size() + dimensions_);
  return std::span(elements_).last(dimensions_);
}

void add_row(const CodedRows& rows, size_t row, float weight, std::span<float> sum) {
  const float factor = weight * weight_of(rows.coarse(row));
  const std::span<const uint8_t> codes = rows.upper(row);
  for (size_t begin = 0; begin < sum.size(); begin += kElementsOfChunk) {
    const uint8_t* const chunk = codes.data() + begin / 2;
    float elements[kElementsOfChunk];
    for (size_t i = 0; i < kChunkBytes; ++i) {
      elements[i] = factor * static_cast<float>(2 * (chunk[i] & 15) - 15);
      elements[kChunkBytes + i] = factor * static_cast<float>(2 * (chunk[i] >> 4) - 15);
    }
    const size_t count = std::min(kElementsOfChunk, sum.size() - begin);
    for (size_t i = 0; i < count; ++i) sum[begin + i] += elements[i];
  }
}

std::vector<float> mean_of(const CodedRows& rows) {
  std::vector<float> mean(rows.dimensions());
  for (size_t row = 0; row < rows.size(); ++row) {
    add_row(rows, row, 1 / static_cast<float>(rows.size()), mean);
  }
  return mean;
}

std::vector<uint32_t> nearest_means(const CodedRows& rows, const Means& means, const CodeKernels& kernels) {
  const CodedMeans coded(means);
  std::vector<uint32_t> nearest(rows.size());
  std::vector<int32_t> products(kMeansTogether * kGroupRows);
  for (size_t group = 0; group < rows.groups(); ++group) {
    const size_t first = group * kGroupRows;
    const size_t count = rows.rows_of_group(group);
    float inverse[kGroupRows] = {};
    for (size_t row = 0; row < count; ++row) {
      const float along = rows.along(first + row);
      inverse[row] = along > 0 ? 1 / along : 0;
    }
    Best best{};
    std::ranges::fill(best.score, -std::numeric_limits<float>::infinity());
    size_t mean = 0;
    for (const QueryBlock& some : coded.queries()) {
      kernels.queries(rows.group(group), some, products.data());
      for (size_t i = 0; i < some.queries().size(); ++i) {
        compare(coded, mean++, &products[i * kGroupRows], inverse, best);
      }
    }
    std::copy_n(best.mean, count, &nearest[first]);
  }
  return nearest;
}

void move_means(const CodedRows& rows, size_t rounds, uint64_t seed, Means& means,
                std::vector<uint32_t>& nearest) {
  std::mt19937_64 random(seed);
  for (size_t round = 0; round < rounds; ++round) {
    nearest = nearest_means(rows, means);
    move_to_rows(rows, nearest, random, means);
  }
}

Means find_means(const CodedRows& rows, size_t count, uint64_t seed) {
  count = std::clamp<size_t>(count, 1, rows.size());
  std::mt19937_64 random(seed);
  std::vector<uint32_t> nearest;
  if (count <= kMeansAtOnce) {
    Means means = first_means(rows, count, random);
    move_means(rows, kRounds, random(), means, nearest);
    return means;
  }
  Means part_means = first_means(rows, static_cast<size_t>(std::sqrt(static_cast<double>(count))), random);
  move_means(rows, kRounds, random(), part_means, nearest);
  std::vector<Part> parts = parts_of(rows, part_means);
  Means means(rows.dimensions());
  for (Part& part : parts) {
    part.first_mean = static_cast<uint32_t>(means.size());
    if (part.rows.empty()) continue;
    const CodedRows within = some_of(rows, part.rows);
    const double share = static_cast<double>(within.size()) / static_cast<double>(rows.size());
    const auto wanted = static_cast<size_t>(std::lround(share * static_cast<double>(count)));
    Means some = first_means(within, std::clamp<size_t>(wanted, 1, within.size()), random);
    std::vector<uint32_t> unused;
    move_means(within, kRounds, random(), some, unused);
    for (size_t i = 0; i < some.size(); ++i) means.add(some[i]);
    part.means = static_cast<uint32_t>(some.size());
  }
  const std::vector<size_t> counts =
      take_means(rows, nearest_of_parts(rows, part_means, parts, means), means);
  Means kept(rows.dimensions());
  for (size_t i = 0; i < means.size(); ++i) {
    if (counts[i] > few_of(rows, means)) kept.add(means[i]);
  }
  return kept;
}

}  // namespace quipu
