// The keys of docs/FORMAT.md, Text indexes.

#ifndef QUIPU_ENGINE_TEXT_STORED_ENTRY_KEYS_H_
#define QUIPU_ENGINE_TEXT_STORED_ENTRY_KEYS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quipu {

// Of a term's entries the first is its head, then come chunks by their last rows, then additions.
inline constexpr char kHead = 0;
inline constexpr char kChunk = 1;
inline constexpr char kAddition = 2;
inline constexpr char kBehindTerm = 0x7F;

// Begins the keys of all terms that begin so, and only these.
std::string terms_prefix(std::string_view beginning);
// Begins the keys of a term's entries; behind it stand a kind and, but for the head, a row.
std::string term_prefix(std::string_view term);
std::string term_key(std::string_view term_prefix, char kind, uint32_t row);
// Whether a key is such a one. The keys of other terms may begin so, too: then a 0xFF follows.
inline bool is_term_key(std::string_view key, std::string_view term_prefix, char kind) {
  return key.size() > term_prefix.size() && key.starts_with(term_prefix) && key[term_prefix.size()] == kind;
}
// The term of such a key, and where its prefix ends; nothing where it is no such key.
struct TermKey {
  std::string term;
  size_t prefix = 0;
  char kind = kHead;
  uint32_t row = 0;
};
std::optional<TermKey> parse_term_key(std::string_view key);

// Where the row of a node stands, and where the node of a row.
std::string node_key(std::string_view node_id);
// The value under a node's key.
std::string row_value(uint32_t row);
std::optional<uint32_t> parse_row_value(std::string_view value);
std::string row_key(uint32_t row);
std::optional<uint32_t> parse_row_key(std::string_view key);
inline constexpr char kNodeTag = 'n';
inline constexpr char kRowTag = 'i';
inline constexpr char kTermTag = 'p';

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_STORED_ENTRY_KEYS_H_
