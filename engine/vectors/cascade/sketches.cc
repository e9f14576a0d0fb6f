#include "engine/vectors/cascade/sketches.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace quipu {
namespace {

// Vectors of fewer elements have sketches that are hardly shorter than their upper halves.
constexpr size_t kFewestDimensions = 4 * kDirections;
// Of fewer vectors a scan takes less than all that comes before it.
constexpr size_t kFewestVectors = 16384;
// To find directions takes about as long as to read so many rows; so many are read between two steps of the
// making.
constexpr size_t kScannedFirst = size_t{1} << 22;
constexpr size_t kGroupsAtOnce = 512;
constexpr size_t kSample = 2048;
constexpr size_t kSampleQueries = 16;
// Where a larger part of a sample may be the nearest, by its sketches, these do not pay: rows that are read
// one by one take three times as long.
constexpr double kMostLeft = 0.25;
// No cosine is above this: what says nothing.
constexpr float kNothingKnown = 4;
constexpr uint64_t kSeed = 19;
constexpr double kFloatRounding = 0x1p-24;

// Rounded up, with some room for what is added to it as float32.
float float_above(double number) { return static_cast<float>(number * (1 + 1e-6) + 1e-6); }

using Eight = float __attribute__((vector_size(32)));
using Wholes = int32_t __attribute__((vector_size(32)));

struct Bounds {
  int32_t shift;
  float factor;
  float beyond;
  float rest;
};

__attribute__((always_inline)) inline float bounds_of(const Sketches::Group& group, const int32_t* products,
                                                      const Bounds& with, float* most) {
  Eight greatest = Eight{} - kNothingKnown;
  for (size_t row = 0; row < kGroupRows; row += 8) {
    Wholes whole;
    Eight scale;
    Eight error;
    Eight beyond;
    std::memcpy(&whole, products + row, sizeof(whole));
    std::memcpy(&scale, group.scale + row, sizeof(scale));
    std::memcpy(&error, group.error + row, sizeof(error));
    std::memcpy(&beyond, group.beyond + row, sizeof(beyond));
    const Eight product = __builtin_convertvector(2 * whole - with.shift, Eight) * with.factor;
    const Eight bound = product * scale + error + beyond * with.beyond + with.rest;
    std::memcpy(most + row, &bound, sizeof(bound));
    greatest = bound > greatest ? bound : greatest;
  }
  float all = greatest[0];
  for (size_t i = 1; i < 8; ++i) all = std::max(all, greatest[i]);
  return all;
}

float bounds_plain(const Sketches::Group& group, const int32_t* products, const Bounds& with, float* most) {
  return bounds_of(group, products, with, most);
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) float bounds_avx2(const Sketches::Group& group, const int32_t* products,
                                                  const Bounds& with, float* most) {
  return bounds_of(group, products, with, most);
}

auto choose() { return __builtin_cpu_supports("avx2") ? bounds_avx2 : bounds_plain; }

#else

auto choose() { return bounds_plain; }

#endif

}  // namespace

Sketches::Sketches(Sketches&& other) noexcept
    : directions_(std::move(other.directions_)),
      coded_(std::move(other.coded_)),
      block_(std::move(other.block_)),
      rounding_(other.rounding_),
      coding_(other.coding_),
      made_(std::move(other.made_)),
      groups_(std::exchange(other.groups_, 0)),
      useless_for_(other.useless_for_),
      scanned_(other.scanned_.load()) {}

size_t Sketches::memory_bytes() const {
  const size_t of_directions = directions_.size() * (sizeof(DirectionElements) + 4 * kDirections);
  return groups_ * sizeof(Group) + of_directions;
}

uint64_t Sketches::expected_bytes(const VectorCodes& codes) {
  return codes.groups() * sizeof(Group) + codes.dimensions() * (sizeof(DirectionElements) + 4 * kDirections);
}

bool Sketches::wants(const VectorCodes& codes) const {
  if (codes.dimensions() < kFewestDimensions || codes.size() < kFewestVectors || codes.has_irregular()) {
    return false;
  }
  if (codes.size() < 4 * useless_for_ || groups_ >= codes.groups()) return false;
  return scanned_.load(std::memory_order_relaxed) >= kScannedFirst;
}

void Sketches::learn(const VectorCodes& codes) {
  if (!block_) return find_directions(codes);
  const size_t end = std::min(groups_ + kGroupsAtOnce, codes.groups());
  made_.resize(end * sizeof(Group));
  for (size_t group = groups_; group < end; ++group) make_group(codes, group);
  groups_ = end;
}

void Sketches::find_directions(const VectorCodes& codes) {
  const std::vector<float> sample = sample_rows(codes, kSample, kSeed);
  double error = 0;
  for (size_t slot = 0; slot < std::min(kSample, codes.size()); ++slot) {
    const VectorCodes::Coarse& coarse = codes.coarse(slot / kGroupRows);
    const size_t row = slot % kGroupRows;
    error += coarse.across[row] / (std::hypot(coarse.along[row], coarse.across[row]) + 1e-9) / kSample;
  }
  directions_ = principal_directions(sample, codes.dimensions(), kSeed);
  if (!tell_enough(sample, codes.dimensions(), error)) {
    directions_ = {};
    useless_for_ = codes.size();
    return;
  }
  encode_directions(codes.padded_dimensions());
}

// Whether the bounds of sketches, about as wide as they are going to be, leave few of the sample's rows.
bool Sketches::tell_enough(std::span<const float> sample, size_t dimensions, double error) const {
  constexpr double kOfFourBits = 0.1;
  const size_t count = sample.size() / dimensions;
  std::vector<DirectionElements> within;
  std::vector<double> beyond;
  const auto row = [&](size_t i) { return sample.subspan(i * dimensions, dimensions); };
  for (size_t i = 0; i < count; ++i) {
    within.push_back(project(directions_, row(i)));
    double squares = 0;
    for (const float element : within.back()) squares += double{element} * element;
    beyond.push_back(std::sqrt(std::max(0.0, 1 - squares)));
  }
  size_t left = 0;
  for (size_t i = 0; i < kSampleQueries; ++i) {
    double nearest = -1;
    std::vector<double> most;
    for (size_t j = 0; j < count; ++j) {
      float product = 0;
      for (size_t element = 0; element < dimensions; ++element) product += row(i)[element] * row(j)[element];
      double bound = beyond[i] * beyond[j] + error + kOfFourBits;
      for (size_t k = 0; k < kDirections; ++k) bound += double{within[i][k]} * within[j][k];
      most.push_back(bound);
      // The same row may have been drawn again.
      if (product < 1 - 1e-3) nearest = std::max(nearest, double{product});
    }
    left += static_cast<size_t>(std::ranges::count_if(most, [&](double bound) { return bound >= nearest; }));
  }
  return static_cast<double>(left) <= kMostLeft * static_cast<double>(count * kSampleQueries);
}

// The directions v as whole numbers b, of 16 bits: of |v - b / |b|| all roots of sums of squares.
void Sketches::encode_directions(size_t padded) {
  const size_t dimensions = directions_.size();
  std::vector<float> direction(dimensions);
  coded_.clear();
  double squares_of_all = 0;
  for (size_t k = 0; k < kDirections; ++k) {
    double squares = 0;
    for (size_t i = 0; i < dimensions; ++i) {
      direction[i] = directions_[i][k];
      squares += double{direction[i]} * direction[i];
    }
    coded_.emplace_back(direction, padded);
    const double apart = std::abs(std::sqrt(squares) - 1) + std::sqrt(2 - 2 * coded_.back().fine.cosine);
    squares_of_all += apart * apart;
  }
  coding_ = std::sqrt(squares_of_all) + 1e-5;
  // A product with a direction, in float32, is off by a rounding an element and one more, of both lengths.
  const double of_product = static_cast<double>(dimensions + 2) * kFloatRounding * std::sqrt(kDirections);
  rounding_ = 1.1 * (departure(directions_) + of_product) + 1e-6;
  std::vector<const int8_t*> all;
  for (const CodedQuery& each : coded_) all.push_back(each.code.data());
  for (const CodedQuery& each : coded_) all.push_back(each.remainder.data());
  block_.emplace(std::move(all), padded / kElementsOfChunk);
}

void Sketches::make_group(const VectorCodes& codes, size_t group) {
  std::vector<int32_t> products(2 * kDirections * kGroupRows);
  code_kernels().front().queries(codes.group(group), *block_, products.data());
  for (size_t row = 0; row < codes.rows_of_group(group); ++row) {
    make_row(codes, group * kGroupRows + row, products.data() + row, kGroupRows);
  }
}

void Sketches::changed(const VectorCodes& codes, size_t slot) {
  groups_ = std::min(groups_, codes.groups());
  if (slot >= codes.size() || slot / kGroupRows >= groups_) return;
  std::vector<int32_t> products;
  for (const int8_t* const direction : block_->queries()) {
    products.push_back(code_kernels().front().row(codes.upper_halves(slot), codes.chunks(), direction));
  }
  make_row(codes, slot, products.data(), 1);
}

void Sketches::make_row(const VectorCodes& codes, size_t slot, const int32_t* products, size_t apart) {
  constexpr int64_t kUpperShift = 15;
  const size_t row = slot % kGroupRows;
  Group& to = reinterpret_cast<Group*>(made_.data())[slot / kGroupRows];
  const auto half = [&](size_t byte) -> uint8_t& { return to.codes[turned_place(row, byte)]; };
  for (size_t i = 0; i < kChunkBytes; ++i) half(i) = 0;
  to.scale[row] = to.beyond[row] = 0;
  to.error[row] = kNothingKnown;
  const VectorCodes::Coarse& coarse = codes.coarse(slot / kGroupRows);
  const double length = std::hypot(double{coarse.along[row]}, double{coarse.across[row]});
  if (!(coarse.along[row] > 0)) return;
  const double cosine = coarse.along[row] / length;  // of the angle between vector and code
  const double sine = coarse.across[row] / length;
  std::array<float, kDirections> within;  // of the code's direction, what it has in each of those here
  double squares = 0;
  for (size_t k = 0; k < kDirections; ++k) {
    const int64_t code = products[k * apart];
    const int64_t remainder = products[(kDirections + k) * apart];
    const int64_t finer = 2 * (kQueryStep * code + remainder) - kUpperShift * coded_[k].fine.sum;
    within[k] = static_cast<float>(static_cast<double>(finer) / (coded_[k].fine.length * length));
    squares += double{within[k]} * within[k];
  }
  const double size = std::sqrt(squares);
  const double at_least = std::max(0.0, size - coding_);
  double across = size;
  if (size > 1e-3) {
    uint8_t bytes[kDirections];
    const Direction direction = encode_vector(within, bytes).coarse;
    const double code_squares =
        double{direction.along} * direction.along + double{direction.across} * direction.across;
    across = size * direction.across / std::sqrt(code_squares);
    to.scale[row] = static_cast<float>(cosine * size * direction.along / code_squares);
    for (size_t i = 0; i < kChunkBytes; ++i) {
      half(i) = static_cast<uint8_t>((bytes[i] >> 4) | (bytes[kChunkBytes + i] & 0xf0));
    }
  }
  to.error[row] = float_above(cosine * (across + coding_) + sine);
  to.beyond[row] = float_above(cosine * std::sqrt(std::max(0.0, 1 - at_least * at_least) + 2 * rounding_));
}

SketchQuery::SketchQuery(const Sketches& sketches, std::span<const float> rotated, double rounding) {
  const DirectionElements within = project(sketches.directions(), rotated);
  double squares = 0;
  for (const float element : within) squares += double{element} * element;
  double all_squares = 0;
  for (const float element : rotated) all_squares += double{element} * element;
  const double size = std::sqrt(squares);
  double left = size;
  coded_.code.resize(kDirections);
  if (size > 1e-3) {
    coded_ = CodedQuery(within, kDirections);
    shift_ = static_cast<int32_t>(15 * coded_.coarse.sum);
    factor_ = static_cast<float>(size * coded_.coarse.cosine / coded_.coarse.length);
    left = size * coded_.coarse.sine;
  }
  beyond_ = float_above(std::sqrt(std::max(0.0, all_squares - squares) + 4 * sketches.rounding()));
  rest_ = float_above(left + 3 * sketches.rounding() + rounding + 1e-5);
}

float SketchQuery::bounds(const Sketches::Group& group, const int32_t* products, float* most) const {
  static const auto kBounds = choose();
  return kBounds(group, products, {shift_, factor_, beyond_, rest_}, most);
}

}  // namespace quipu
