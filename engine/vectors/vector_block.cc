#include "engine/vectors/vector_block.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>

#include "engine/vectors/int8_dot.h"

namespace quipu {
namespace {

constexpr double kMaxCode = 127;
constexpr double kMaxQueryCode = 32767;
// What arithmetic here and that of similarity() may add to a cosine's error, and relatively to that of a
// distance's square.
constexpr double kSlack = 2e-6;
constexpr double kRounding = 1e-9;
// Squares of norms within stay well within a double's range.
constexpr double kLeastNorm = 1e-150;
constexpr double kMostNorm = 1e150;

size_t stride_for(size_t dimensions) {
  return (dimensions + kCodeAlignment - 1) / kCodeAlignment * kCodeAlignment;
}

// To the nearest integer, in a form that the compiler makes vector code of. For numbers well below 2^51.
double nearest(double number) {
  constexpr double kShift = 6755399441055744.0;  // 1.5 * 2^52: behind it there is no room for a fraction
  return (number + kShift) - kShift;
}

double dot(const double* a, const double* b, size_t size) {
  double sums[8] = {};
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    for (size_t j = 0; j < 8; ++j) sums[j] += a[i + j] * b[i + j];
  }
  for (; i < size; ++i) sums[0] += a[i] * b[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

double distance(const double* a, const double* b, size_t size) {
  double sum = 0;
  for (size_t i = 0; i < size; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

}  // namespace

double norm_of(std::span<const double> elements) {
  return std::sqrt(dot(elements.data(), elements.data(), elements.size()));
}

bool is_regular(double norm) { return norm >= kLeastNorm && norm <= kMostNorm; }

double similarity(std::span<const double> a, double a_norm, std::span<const double> b, double b_norm,
                  SimilarityMode mode) {
  switch (mode) {
    case SimilarityMode::DOT_PRODUCT: return dot(a.data(), b.data(), a.size());
    case SimilarityMode::EUCLIDEAN: return -distance(a.data(), b.data(), a.size());
    case SimilarityMode::DEFAULT: break;
  }
  return dot(a.data(), b.data(), a.size()) / (a_norm * b_norm);
}

VectorBlock::VectorBlock(size_t dimensions) : dimensions_(dimensions), stride_(stride_for(dimensions)) {}

size_t VectorBlock::add(std::span<const double> elements) {
  const size_t slot = size();
  codes_.resize((slot + 1) * stride_);
  scales_.push_back(0);
  errors_.push_back(0);
  norms_.push_back(1);
  set(slot, elements);
  return slot;
}

void VectorBlock::set(size_t slot, std::span<const double> elements) {
  if (!is_regular(norms_[slot])) --irregular_;
  norms_[slot] = norm_of(elements);
  if (!is_regular(norms_[slot])) ++irregular_;
  encode(slot, elements);
}

void VectorBlock::encode(size_t slot, std::span<const double> elements) {
  int8_t* const codes = codes_.data() + slot * stride_;
  std::fill_n(codes, stride_, int8_t{0});
  scales_[slot] = errors_[slot] = 0;
  if (!is_regular(norms_[slot])) return;
  double largest = 0;
  for (const double element : elements) largest = std::max(largest, std::abs(element));
  const double scale = largest / norms_[slot] / kMaxCode;
  const double to_code = kMaxCode / largest;
  const double to_unit = 1 / norms_[slot];
  double errors[4] = {};  // apart, so that they can be added side by side
  for (size_t i = 0; i < elements.size(); ++i) {
    const double code = nearest(elements[i] * to_code);
    const double rest = elements[i] * to_unit - code * scale;
    errors[i % 4] += rest * rest;
    codes[i] = static_cast<int8_t>(static_cast<int32_t>(code));
  }
  const double error = (errors[0] + errors[1]) + (errors[2] + errors[3]);
  scales_[slot] = static_cast<float>(scale);
  errors_[slot] = static_cast<float>(std::sqrt(error) + kSlack);
}

void VectorBlock::move_last_to(size_t slot) {
  const size_t last = size() - 1;
  if (!is_regular(norms_[slot])) --irregular_;
  const auto move = [&](auto& values, size_t width) {
    std::copy_n(values.begin() + static_cast<int64_t>(last * width), width,
                values.begin() + static_cast<int64_t>(slot * width));
    values.resize(last * width);
  };
  move(codes_, stride_);
  move(scales_, 1);
  move(errors_, 1);
  move(norms_, 1);
}

struct VectorBlock::Query {
  std::vector<int16_t> codes;
  double norm;
  float scale;
  float error;
};

VectorBlock::Query VectorBlock::encode(std::span<const double> query) const {
  Query encoded{std::vector<int16_t>(stride_), norm_of(query), 0, 0};
  // As many steps as int32 sums allow.
  const double steps =
      std::min(kMaxQueryCode, std::floor(2147483647.0 / (kMaxCode * static_cast<double>(stride_))));
  double largest = 0;
  for (const double element : query) largest = std::max(largest, std::abs(element));
  const double scale = largest / encoded.norm / steps;
  double error = 0;
  for (size_t i = 0; i < query.size(); ++i) {
    const double code = nearest(query[i] / largest * steps);
    const double rest = query[i] / encoded.norm - code * scale;
    error += rest * rest;
    encoded.codes[i] = static_cast<int16_t>(code);
  }
  encoded.scale = static_cast<float>(scale);
  encoded.error = static_cast<float>(std::sqrt(error) + kSlack);
  return encoded;
}

// Rows that lie apart are read about as fast as all in turn when the next ones are on their way.
void VectorBlock::prefetch(size_t slot) const {
  constexpr size_t kCacheLine = 64;
  const int8_t* const codes = codes_.data() + slot * stride_;
  for (size_t at = 0; at < stride_; at += kCacheLine) __builtin_prefetch(codes + at);
}

std::vector<uint32_t> VectorBlock::candidates(std::span<const double> query, size_t k, SimilarityMode mode,
                                              const std::vector<uint32_t>* allowed) const {
  const Query encoded = encode(query);
  const size_t count = allowed != nullptr ? allowed->size() : size();
  std::vector<int32_t> products(count);
  if (allowed == nullptr) {
    scan_codes(codes_.data(), stride_, count, encoded.codes.data(), products.data());
    return best(
        encoded, count, k, mode, [](size_t i) { return i; }, products);
  }
  constexpr size_t kAhead = 4;
  for (size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) prefetch((*allowed)[i + kAhead]);
    scan_codes(codes_.data() + (*allowed)[i] * stride_, stride_, 1, encoded.codes.data(), &products[i]);
  }
  return best(
      encoded, count, k, mode, [&](size_t i) { return (*allowed)[i]; }, products);
}

// A row may be among the k best when its upper bound reaches the k-th best lower bound.
template <class SlotAt>
std::vector<uint32_t> VectorBlock::best(const Query& query, size_t count, size_t k, SimilarityMode mode,
                                        SlotAt slot_at, const std::vector<int32_t>& products) const {
  std::priority_queue<double, std::vector<double>, std::greater<>> lowest;
  std::vector<double> upper(count);
  double threshold = -std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < count; ++i) {
    const size_t slot = slot_at(i);
    double value = static_cast<double>(scales_[slot]) * query.scale * products[i];
    double error = errors_[slot] + (1.0 + errors_[slot]) * query.error;
    if (mode != SimilarityMode::DEFAULT) {  // what grows with the similarity, from the cosine
      const double norm = norms_[slot];
      const double both = norm * query.norm;
      const bool euclidean = mode == SimilarityMode::EUCLIDEAN;
      value = euclidean ? 2 * both * value - norm * norm : both * value;
      error *= (euclidean ? 2 : 1) * both;
      if (euclidean) error += kRounding * (norm + query.norm) * (norm + query.norm);
    }
    upper[i] = value + error;
    const double lower = value - error;
    if (lower <= threshold) continue;
    lowest.push(lower);
    if (lowest.size() > k) lowest.pop();
    if (lowest.size() == k) threshold = lowest.top();
  }
  std::vector<uint32_t> found;
  for (size_t i = 0; i < count; ++i) {
    if (upper[i] >= threshold) found.push_back(static_cast<uint32_t>(slot_at(i)));
  }
  return found;
}

}  // namespace quipu
