// KeyRepeats: tells whether an object may hold a key twice, for all objects that are open at a time.
//
// It keeps a hash a key, so a yes may be wrong and is to be checked by comparing keys; a no is right. Cost: a
// few instructions a key in objects of up to kFewKeys; larger ones are sorted by hash when they end, so that
// no choice of keys makes it slower than n log n.

#ifndef QUIPU_ENGINE_JSON_KEY_REPEATS_H_
#define QUIPU_ENGINE_JSON_KEY_REPEATS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "engine/base/raw_buffer.h"

namespace quipu {

class KeyRepeats {
 public:
  static constexpr size_t kFewKeys = 32;

  // An open object. Objects end in the reverse order of their beginning.
  struct Object {
    size_t first;   // its hashes are from here on
    uint64_t seen;  // a bit for each hash, to skip most comparisons
  };

  KeyRepeats() = default;
  KeyRepeats(const KeyRepeats&) = delete;
  KeyRepeats& operator=(const KeyRepeats&) = delete;

  // Forgets all objects, and the memory that a huge one took.
  void clear() {
    size_ = 0;
    if (many_.capacity() > kMaxKept) {
      many_.clear();
      hashes_ = few_.data();
      capacity_ = few_.size();
    }
  }

  Object begin_object() const { return {size_, 0}; }

  // True when the key may be one of the first kFewKeys again. After a yes nothing need be added any more.
  bool add(Object& object, std::string_view key) {
    const uint64_t hash = hash_of(key);
    const uint64_t bit = uint64_t{1} << (hash >> 58);
    if ((object.seen & bit) != 0 && size_ - object.first < kFewKeys &&
        std::find(hashes_ + object.first, hashes_ + size_, hash) != hashes_ + size_) {
      return true;
    }
    object.seen |= bit;
    if (size_ == capacity_) grow();
    hashes_[size_++] = hash;
    return false;
  }

  // True when two keys of an object of more than kFewKeys may be the same.
  bool end_object(const Object& object) {
    uint64_t* const first = hashes_ + object.first;
    uint64_t* const last = hashes_ + size_;
    size_ = object.first;
    if (last - first <= static_cast<ptrdiff_t>(kFewKeys)) return false;
    std::sort(first, last);
    return std::adjacent_find(first, last) != last;
  }

 private:
  static constexpr size_t kMaxKept = size_t{1} << 17;  // a megabyte

  static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
    return hash ^ hash >> 32;
  }

  static uint64_t hash_of(std::string_view key) {
    const char* at = key.data();
    size_t left = key.size();
    uint64_t hash = left;
    uint64_t word = 0;
    if (left >= 8) {
      for (; left > 8; left -= 8, at += 8) {
        std::memcpy(&word, at, 8);
        hash = mix(hash, word);
      }
      std::memcpy(&word, at + left - 8, 8);  // overlaps the one before unless the length is a multiple
    } else if (left >= 4) {
      uint32_t halves[2];
      std::memcpy(&halves[0], at, 4);
      std::memcpy(&halves[1], at + left - 4, 4);
      word = uint64_t{halves[1]} << 32 | halves[0];
    } else {
      for (; left > 0; --left) word = word << 8 | static_cast<unsigned char>(*at++);
    }
    return mix(hash, word) * 0xff51afd7ed558ccdULL;
  }

  void grow() {
    const bool first_time = many_.capacity() == 0;
    many_.resize(capacity_ * 2);
    if (first_time) std::copy(few_.begin(), few_.end(), many_.data());
    hashes_ = many_.data();
    capacity_ = many_.capacity();
  }

  std::array<uint64_t, 128> few_;  // enough for what is usual; nothing is allocated then
  RawBuffer<uint64_t> many_;
  uint64_t* hashes_ = few_.data();
  size_t size_ = 0;
  size_t capacity_ = few_.size();
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_KEY_REPEATS_H_
