#include "engine/vectors/partitions/probe.h"

#include "engine/vectors/codes/similarity.h"
#include "engine/vectors/codes/vector_code.h"

namespace quipu {
namespace {

constexpr int32_t kUpperShift = 15;
constexpr int64_t kByteShift = 255;

std::vector<float> unit_rotated(std::span<const double> query, const Rotation& rotation) {
  std::vector<float> rotated(query.size());
  const double factor = 1 / norm_of(query);
  for (size_t i = 0; i < query.size(); ++i) rotated[i] = static_cast<float>(query[i] * factor);
  rotation.apply(rotated.data());
  return rotated;
}

}  // namespace

Probe::Probe(std::span<const double> query, const Rotation& rotation)
    : Probe(std::span<const float>(unit_rotated(query, rotation))) {}

Probe::Probe(std::span<const float> rotated) {
  const size_t padded = (rotated.size() + kElementsOfChunk - 1) / kElementsOfChunk * kElementsOfChunk;
  CodedQuery coded(rotated, padded);
  code_ = std::move(coded.code);
  shift_ = static_cast<int32_t>(kUpperShift * coded.coarse.sum);
  byte_shift_ = kByteShift * coded.coarse.sum;
  factor_ = static_cast<float>(coded.coarse.cosine / coded.coarse.length);
}

Probe::Probe(const CodedRows& rows, size_t row) : code_(rows.chunks() * kElementsOfChunk) {
  const std::span<const uint8_t> upper = rows.upper(row);
  int32_t sum = 0;
  for (size_t i = 0; i < rows.dimensions(); ++i) {
    const uint8_t both = upper[i / kElementsOfChunk * kChunkBytes + i % kChunkBytes];
    const int half = i % kElementsOfChunk < kChunkBytes ? both & 15 : both >> 4;
    code_[i] = static_cast<int8_t>(2 * half - kUpperShift);
    sum += code_[i];
  }
  shift_ = kUpperShift * sum;
  byte_shift_ = kByteShift * sum;
  const Direction direction = rows.coarse(row);
  factor_ = direction.along / (direction.along * direction.along + direction.across * direction.across);
}

std::vector<Probe> probes_of(const CodedRows& rows, size_t begin, size_t end) {
  std::vector<Probe> probes;
  probes.reserve(end - begin);
  for (size_t row = begin; row < end; ++row) probes.emplace_back(rows, row);
  return probes;
}

std::vector<const int8_t*> codes_of(const std::vector<Probe>& probes) {
  std::vector<const int8_t*> codes;
  for (const Probe& probe : probes) codes.push_back(probe.code());
  return codes;
}

}  // namespace quipu
