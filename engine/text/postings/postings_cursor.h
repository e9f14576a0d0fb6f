// PostingsCursor: goes through the documents that have a term, by rising rows, and skips blocks of which it
// is known that they are worth too little.
//
// Thread-safety: one thread at a time. Errors (damaged chunks, those of the source) end the rows; status()
// tells.

#ifndef QUIPU_ENGINE_TEXT_POSTINGS_POSTINGS_CURSOR_H_
#define QUIPU_ENGINE_TEXT_POSTINGS_POSTINGS_CURSOR_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/text/postings/postings_chunk.h"
#include "engine/text/postings/term_score.h"
#include "engine/text/postings/window_sums.h"
#include "quipu/status.h"

namespace quipu {

// Where the chunks of one term come from, by rising rows.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  // The first chunk whose last row is `row` or behind it; nothing: there is none. Rows of successive calls
  // rise. The bytes live until the next call.
  virtual Result<std::optional<std::string_view>> seek(uint32_t row) = 0;
};

// Chunks that are in memory.
class ChunksInMemory : public ChunkSource {
 public:
  struct Chunk {
    uint32_t last_row;
    std::string_view bytes;
  };
  explicit ChunksInMemory(std::vector<Chunk> chunks) : chunks_(std::move(chunks)) {}
  Result<std::optional<std::string_view>> seek(uint32_t row) override;

 private:
  std::vector<Chunk> chunks_;
  size_t next_ = 0;
};

class PostingsCursor {
 public:
  // Stands on the first row. `best`: impacts of all documents, as best_impacts() has them; empty: not known.
  PostingsCursor(std::unique_ptr<ChunkSource> source, const TermScore& term,
                 std::span<const Impact> best = {});

  uint32_t row() const { return row_; }  // kNoRow: behind the last
  // REQUIRES: row() != kNoRow, and no seek_block() went past its block.
  uint32_t frequency() {
    if (!has_frequencies_) read_frequencies();
    return frequencies_[place_];
  }
  // Of the document in tokens. REQUIRES: as frequency().
  uint32_t length() {
    if (!has_frequencies_) read_frequencies();
    return lengths_[place_];
  }
  // What the term is worth there. REQUIRES: as frequency().
  float score() {
    if (!has_frequencies_) read_frequencies();
    return term_.score(frequencies_[place_], lengths_[place_]);
  }
  void next() { seek(row_ + 1); }  // REQUIRES: row() != kNoRow
  // To the first row that is `target` or behind it. REQUIRES: target >= that of any seek_block().
  void seek(uint32_t target) {
    if (target <= row_) return;
    if (target <= read_last_) {
      seek_in_block(target);
    } else {
      seek_far(target);
    }
  }

  // Looks at the block that `target` would be in, without reading it, and stays where it is.
  void seek_block(uint32_t target);
  // Of that block, or of the one that row() is in: what its scores do not exceed, and its last row. kNoRow
  // and 0 behind the last block.
  float block_bound() const { return bound_; }
  uint32_t block_last_row() const { return last_row_; }

  // What no score exceeds.
  float bound() const { return list_bound_; }

  // For many rows at a time: windows, that rise from call to call. row() is not kept up to date; a seek() to
  // the window's end or behind it does that.

  // The first row that is `target` or behind it, or one not far before it. kNoRow: there is none.
  uint32_t next_row(uint32_t target);
  // The last row of the chunk that `row` would be in.
  uint32_t chunk_last_row(uint32_t row);
  // What no score exceeds from the block that is looked at up to `end`.
  float bound_until(uint32_t end) const;
  // About how many rows there are from `begin` up to `end`.
  size_t postings_between(uint32_t begin, uint32_t end);
  // Adds the scores of rows from `begin` up to `end`, but for blocks whose bound is `least` or below it.
  void add_scores(uint32_t begin, uint32_t end, double least, WindowSums& sums);
  const Status& status() const { return status_; }

 private:
  void read_frequencies();
  bool read_block();
  void add_block(uint32_t begin, uint32_t end, WindowSums& sums);
  void seek_far(uint32_t target);
  void seek_in_block(uint32_t target);
  bool open_chunk(uint32_t row);
  void end(Status status);
  const PostingsChunk::Block& block() const { return chunk_.blocks()[block_]; }

  static constexpr size_t kNone = SIZE_MAX;

  std::unique_ptr<ChunkSource> source_;
  TermScore term_;
  float list_bound_;
  // What is looked at.
  PostingsChunk chunk_;
  size_t block_ = 0;
  float bound_ = 0;
  uint32_t last_row_ = 0;
  // What is read.
  size_t read_block_ = kNone;  // of chunk_
  bool has_frequencies_ = false;
  bool has_scores_ = false;
  uint32_t row_ = 0;
  uint32_t read_last_ = 0;  // the last of rows_
  size_t place_ = 0;        // of row_ in rows_
  PostingsChunk::Rows rows_;
  PostingsChunk::Rows frequencies_;
  PostingsChunk::Rows lengths_;
  std::array<float, kBlockPostings> scores_;
  Status status_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_POSTINGS_POSTINGS_CURSOR_H_
