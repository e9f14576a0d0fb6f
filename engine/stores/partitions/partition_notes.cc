#include "engine/stores/partitions/partition_notes.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "quipu/backend/vector_codes.h"

namespace quipu {
namespace {

constexpr char kMeanForm = 1;
constexpr char kPartitionsForm = 2;
// Without deviations; it is calibrated anew.
constexpr char kFormerPartitionsForm = 1;

// Numbers are as x86-64 has them, low byte first.
template <class Number>
void append(Number number, std::string& bytes) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

template <class Number>
bool take(std::string_view& bytes, Number& number) {
  if (bytes.size() < sizeof(number)) return false;
  std::memcpy(&number, bytes.data(), sizeof(number));
  bytes.remove_prefix(sizeof(number));
  return true;
}

}  // namespace

std::string PartitionsNote::to_bytes() const {
  std::string bytes(1, kPartitionsForm);
  append(static_cast<uint32_t>(dimensions), bytes);
  append(next, bytes);
  append(recall, bytes);
  append(calibrated, bytes);
  append(reach.partition, bytes);
  append(reach.group, bytes);
  append(reach.deviations, bytes);
  append(newest, bytes);
  for (const auto& [partition, count] : rows) {
    append(partition, bytes);
    append(count, bytes);
  }
  return bytes;
}

std::optional<PartitionsNote> PartitionsNote::parse(std::string_view bytes) {
  PartitionsNote note;
  char form = 0;
  uint32_t dimensions = 0;
  const bool read =
      take(bytes, form) && take(bytes, dimensions) && take(bytes, note.next) && take(bytes, note.recall) &&
      take(bytes, note.calibrated) && take(bytes, note.reach.partition) && take(bytes, note.reach.group) &&
      (form == kFormerPartitionsForm || take(bytes, note.reach.deviations)) && take(bytes, note.newest);
  if (!read || (form != kPartitionsForm && form != kFormerPartitionsForm)) return std::nullopt;
  if (form == kFormerPartitionsForm) note.recall = 0;
  if (dimensions == 0 || VectorEncoder::half_bytes(dimensions) == 0) return std::nullopt;
  const Reach& reach = note.reach;
  if (!std::isfinite(reach.partition) || !std::isfinite(reach.group) || !(reach.deviations >= 0)) {
    return std::nullopt;
  }
  note.dimensions = dimensions;
  while (!bytes.empty()) {
    uint64_t partition = 0;
    uint32_t count = 0;
    if (!take(bytes, partition) || !take(bytes, count)) return std::nullopt;
    if (partition < CodeBlock::kFirstMoved || partition >= note.next) return std::nullopt;
    if (!note.rows.emplace(partition, count).second) return std::nullopt;
  }
  return note;
}

// In the order of their numbers.
std::string mean_key(uint64_t partition) {
  std::string key(kMeanNote);
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(partition >> shift);
  return key;
}

std::optional<uint64_t> partition_of_mean_key(std::string_view key) {
  if (!key.starts_with(kMeanNote) || key.size() != kMeanNote.size() + sizeof(uint64_t)) return std::nullopt;
  uint64_t partition = 0;
  for (const char byte : key.substr(kMeanNote.size()))
    partition = partition << 8 | static_cast<uint8_t>(byte);
  return partition;
}

std::string mean_to_bytes(std::span<const float> mean) {
  float largest = 0;
  for (const float element : mean) largest = std::max(largest, std::abs(element));
  const float step = largest / 127;
  std::string bytes(1, kMeanForm);
  append(step, bytes);
  for (const float element : mean) {
    append(static_cast<int8_t>(step > 0 ? std::lround(element / step) : 0), bytes);
  }
  return bytes;
}

std::optional<std::vector<float>> parse_mean(std::string_view bytes, size_t dimensions) {
  char form = 0;
  float step = 0;
  if (!take(bytes, form) || form != kMeanForm || !take(bytes, step)) return std::nullopt;
  if (!std::isfinite(step) || bytes.size() != dimensions) return std::nullopt;
  std::vector<float> mean;
  mean.reserve(dimensions);
  for (const char byte : bytes) mean.push_back(step * static_cast<float>(static_cast<int8_t>(byte)));
  return mean;
}

}  // namespace quipu
