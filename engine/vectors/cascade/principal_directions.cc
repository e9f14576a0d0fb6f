#include "engine/vectors/cascade/principal_directions.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "engine/vectors/codes/rotation.h"

namespace quipu {
namespace {

// How often the directions are turned towards the vectors.
constexpr size_t kRounds = 2;

using Eight = float __attribute__((vector_size(32)));
constexpr size_t kEights = kDirections / 8;

// Numbers, one for each direction, in registers.
struct Sums {
  Eight eights[kEights] = {};

  __attribute__((always_inline)) void add(const DirectionElements& elements, float times) {
    for (size_t i = 0; i < kEights; ++i) {
      Eight eight;
      std::memcpy(&eight, &elements[8 * i], sizeof(eight));
      eights[i] += eight * times;
    }
  }
  __attribute__((always_inline)) void store(DirectionElements& to) const {
    std::memcpy(to.data(), eights, sizeof(eights));
  }
};

__attribute__((always_inline)) inline void project_on(const Directions& directions, const float* vector,
                                                      DirectionElements& products) {
  Sums sums;
  for (size_t i = 0; i < directions.size(); ++i) sums.add(directions[i], vector[i]);
  sums.store(products);
}

// The sum of the vectors, each as often as its product with a direction is.
__attribute__((always_inline)) inline void turn(std::span<const float> vectors, const Directions& directions,
                                                Directions& turned) {
  const size_t dimensions = directions.size();
  for (DirectionElements& elements : turned) elements.fill(0);
  DirectionElements products;
  for (size_t at = 0; at < vectors.size(); at += dimensions) {
    project_on(directions, &vectors[at], products);
    for (size_t i = 0; i < dimensions; ++i) {
      Sums sums;
      sums.add(turned[i], 1);
      sums.add(products, vectors[at + i]);
      sums.store(turned[i]);
    }
  }
}

struct Kernels {
  void (*project)(const Directions& directions, const float* vector, DirectionElements& products);
  void (*turn)(std::span<const float> vectors, const Directions& directions, Directions& turned);
};

void project_plain(const Directions& directions, const float* vector, DirectionElements& products) {
  project_on(directions, vector, products);
}

void turn_plain(std::span<const float> vectors, const Directions& directions, Directions& turned) {
  turn(vectors, directions, turned);
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) void project_avx2(const Directions& directions, const float* vector,
                                                  DirectionElements& products) {
  project_on(directions, vector, products);
}

__attribute__((target("avx2"))) void turn_avx2(std::span<const float> vectors, const Directions& directions,
                                               Directions& turned) {
  turn(vectors, directions, turned);
}

Kernels choose() {
  return __builtin_cpu_supports("avx2") ? Kernels{project_avx2, turn_avx2}
                                        : Kernels{project_plain, turn_plain};
}

#else

Kernels choose() { return {project_plain, turn_plain}; }

#endif

const Kernels& kernels() {
  static const Kernels kKernels = choose();
  return kKernels;
}

double product(const Directions& directions, size_t a, size_t b) {
  double sum = 0;
  for (const DirectionElements& elements : directions) sum += double{elements[a]} * elements[b];
  return sum;
}

void randomize(Directions& directions, size_t direction, std::mt19937_64& random) {
  for (DirectionElements& elements : directions) {
    elements[direction] = static_cast<float>(random() >> 40) / static_cast<float>(1 << 23) - 1;
  }
}

// What a direction has of those before it goes, in two turns, for what rounding leaves of it. One of which
// nothing is left is drawn anew.
void make_orthonormal(Directions& directions, std::mt19937_64& random) {
  for (size_t b = 0; b < kDirections; ++b) {
    for (int turn = 0; turn < 2; ++turn) {
      const double before = product(directions, b, b);
      for (size_t a = 0; a < b; ++a) {
        const auto part = static_cast<float>(product(directions, a, b));
        for (DirectionElements& elements : directions) elements[b] -= part * elements[a];
      }
      const double left = product(directions, b, b);
      if (!(left > 1e-8 * before)) {
        randomize(directions, b, random);
        turn = -1;
        continue;
      }
      const auto factor = static_cast<float>(1 / std::sqrt(left));
      for (DirectionElements& elements : directions) elements[b] *= factor;
    }
  }
}

}  // namespace

DirectionElements project(const Directions& directions, std::span<const float> vector) {
  DirectionElements products;
  kernels().project(directions, vector.data(), products);
  return products;
}

double departure(const Directions& directions) {
  double squares = 0;
  for (size_t a = 0; a < kDirections; ++a) {
    for (size_t b = 0; b < kDirections; ++b) {
      const double off = product(directions, a, b) - (a == b ? 1 : 0);
      squares += off * off;
    }
  }
  return std::sqrt(squares);
}

std::vector<float> sample_rows(const VectorCodes& codes, size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> rows;
  rows.reserve(count * codes.dimensions());
  for (size_t i = 0; i < count; ++i) {
    const size_t slot = random() % codes.size();
    const VectorCodes::Coarse& coarse = codes.coarse(slot / kGroupRows);
    const size_t row = slot % kGroupRows;
    const float length = std::hypot(coarse.along[row], coarse.across[row]);
    const float factor = length > 0 ? 1 / length : 0;
    const uint8_t* const halves = codes.upper_halves(slot);
    for (size_t element = 0; element < codes.dimensions(); ++element) {
      const size_t within = element % kElementsOfChunk;
      const uint8_t both = halves[element / kElementsOfChunk * kChunkBytes + within % kChunkBytes];
      const int half = within < kChunkBytes ? both & 15 : both >> 4;
      rows.push_back(factor * static_cast<float>(2 * half - 15));
    }
  }
  return rows;
}

// The directions are at last rotated among themselves: then none has much more of the vectors than others, so
// that few bits tell most.
Directions principal_directions(std::span<const float> vectors, size_t dimensions, uint64_t seed) {
  std::mt19937_64 random(seed);
  Directions directions(dimensions);
  for (size_t i = 0; i < kDirections; ++i) randomize(directions, i, random);
  make_orthonormal(directions, random);
  Directions turned(dimensions);
  for (size_t round = 0; round < kRounds; ++round) {
    kernels().turn(vectors, directions, turned);
    std::swap(directions, turned);
    make_orthonormal(directions, random);
  }
  const Rotation rotation(kDirections);
  for (DirectionElements& elements : directions) rotation.apply(elements.data());
  return directions;
}

}  // namespace quipu
