// Which documents have a term, how often: postings, in chunks of up to kChunkPostings. A document is a row
// here: a number that an index gives it. docs/FORMAT.md has the bytes.
//
// Thread-safety: as standard containers.

#ifndef QUIPU_ENGINE_TEXT_POSTINGS_POSTINGS_CHUNK_H_
#define QUIPU_ENGINE_TEXT_POSTINGS_POSTINGS_CHUNK_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/postings/bit_packing.h"
#include "engine/text/postings/term_score.h"

namespace quipu {

// No document's row: behind all.
inline constexpr uint32_t kNoRow = UINT32_MAX;
inline constexpr size_t kBlockPostings = kPackedNumbers;
inline constexpr size_t kChunkPostings = 32 * kBlockPostings;

struct Posting {
  uint32_t row = 0;
  uint32_t frequency = 0;  // of the term in the document
  uint32_t length = 0;     // of the document in tokens
  friend bool operator==(const Posting&, const Posting&) = default;
};

// REQUIRES: rows rise and are below kNoRow, frequencies are not 0; 1 to kChunkPostings of them.
std::string make_postings_chunk(std::span<const Posting> postings);
// Adds those of a chunk to `postings`; false where the bytes are no chunk.
bool read_postings_chunk(std::string_view bytes, std::vector<Posting>& postings);

// A chunk that is read: blocks of kBlockPostings rows, the last of which may have fewer. Views the bytes.
class PostingsChunk {
 public:
  struct Block {
    uint32_t last_row = 0;
    float bound = 0;        // of the scores in it
    uint32_t before = 0;    // the row before it; -1 modulo 2^32 where there is none
    uint32_t at = 0;        // where its numbers lie in the bytes
    uint8_t row_width = 0;  // of packed blocks
    uint8_t frequency_width = 0;
    uint8_t length_width = 0;
    uint16_t count = 0;
  };
  using Rows = std::array<uint32_t, kBlockPostings>;

  // Reads what is before the numbers; false where the bytes are no chunk. `term` makes the bounds, none of
  // which is above `most`.
  bool open(std::string_view bytes, const TermScore& term, float most);
  std::span<const Block> blocks() const { return blocks_; }

  // Those behind the last are kNoRow; false where the bytes are damaged. Frequencies and lengths of a block
  // with fewer than kBlockPostings come with its rows.
  bool read_rows(const Block& block, Rows& rows, Rows& frequencies, Rows& lengths) const;
  void read_frequencies(const Block& block, Rows& frequencies, Rows& lengths) const;

 private:
  bool read_last_rows(const Block& block, Rows& rows, Rows& frequencies, Rows& lengths) const;

  std::string_view bytes_;
  std::vector<Block> blocks_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_POSTINGS_POSTINGS_CHUNK_H_
