// KeyFilter: a Bloom filter of fixed size over the keys of one load. It tells most new keys from repeated
// ones without a look into the database.

#ifndef QUIPU_BACKENDS_ROCKSDB_KEY_FILTER_H_
#define QUIPU_BACKENDS_ROCKSDB_KEY_FILTER_H_

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace quipu::rocks {

class KeyFilter {
 public:
  KeyFilter() : bits_(kWords) {}

  // Adds a key; true when it may have been there, false when it surely was not.
  bool add(uint32_t collection, std::string_view key) {
    uint64_t hash = std::hash<std::string_view>{}(key) ^ collection * 0x9e3779b97f4a7c15ULL;
    hash ^= hash >> 31;
    bool all_set = true;
    for (int probe = 0; probe < 2; ++probe) {
      hash *= 0xbf58476d1ce4e5b9ULL;
      const uint64_t bit = hash >> (64 - kLogBits);
      uint64_t& word = bits_[bit / 64];
      const uint64_t mask = 1ULL << bit % 64;
      all_set = all_set && (word & mask) != 0;
      word |= mask;
    }
    return all_set;
  }

 private:
  static constexpr int kLogBits = 27;  // 16 MiB: one false alarm in 200 at five million keys
  static constexpr size_t kWords = (1ULL << kLogBits) / 64;
  std::vector<uint64_t> bits_;
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_KEY_FILTER_H_
