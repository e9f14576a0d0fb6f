// The 16,384 slots of a Redis Cluster: which one a key belongs to. Keys of one slot are on one server, and a
// script over them is atomic.

#ifndef QUIPU_BACKENDS_REDIS_CLIENT_SLOT_H_
#define QUIPU_BACKENDS_REDIS_CLIENT_SLOT_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace quipu::redis {

inline constexpr size_t kSlots = 16384;

// What of a key is hashed: the text between its first "{" and the "}" that follows, unless that is empty or
// not there; then the whole key.
std::string_view hashed_part(std::string_view key);
bool has_hash_tag(std::string_view key);

uint16_t slot_of(std::string_view key);

// A text in braces with which a key begins that is to be in the slot of `key`: "{...}".
std::string hash_tag_like(std::string_view key);

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_CLIENT_SLOT_H_
