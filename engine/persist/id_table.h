// IdTable: which places ids were seen in, for ids by the million: eight bytes a slot, of which seven are a
// hash and one says the places. Ids whose hashes are alike are one id to it.
//
// Memory is bounded: a table that is full keeps only the ids of which one more bit of the hash is 0, and has
// all others. So nothing that is there is ever missing from it. 700,000 ids are kept in any case, in 8 MiB.

#ifndef QUIPU_ENGINE_PERSIST_ID_TABLE_H_
#define QUIPU_ENGINE_PERSIST_ID_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace quipu {

class IdTable {
 public:
  using Places = uint8_t;  // bits

  // `most_slots`: a power of two.
  explicit IdTable(size_t most_slots = size_t{1} << 20);

  void add(std::string_view id, Places place);
  // True where `id` was seen in one of `places`, and for an id that is not kept.
  bool has(std::string_view id, Places places) const;
  // Whether there were more ids than it keeps.
  bool is_partial() const { return left_out_ != 0; }

 private:
  uint64_t hash(std::string_view id) const;
  // The slot of a hash, or the empty one where it belongs.
  size_t find(uint64_t hash) const;
  void grow();

  const size_t most_slots_;
  const uint64_t seed_;  // so that no input can choose its slots
  std::vector<uint64_t> slots_;
  size_t used_ = 0;
  uint64_t left_out_ = 0;  // ids with one of these bits in their hash are not kept
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_ID_TABLE_H_
