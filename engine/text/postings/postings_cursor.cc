#include "engine/text/postings/postings_cursor.h"

#include <algorithm>

namespace quipu {

Result<std::optional<std::string_view>> ChunksInMemory::seek(uint32_t row) {
  while (next_ < chunks_.size() && chunks_[next_].last_row < row) ++next_;
  if (next_ == chunks_.size()) return std::optional<std::string_view>();
  return std::optional(chunks_[next_].bytes);
}

PostingsCursor::PostingsCursor(std::unique_ptr<ChunkSource> source, const TermScore& term,
                               std::span<const Impact> best)
    : source_(std::move(source)), term_(term), list_bound_(best.empty() ? term.bound() : 0) {
  for (const Impact& impact : best) list_bound_ = std::max(list_bound_, term.bound(impact));
  (void)open_chunk(0);
  seek_far(0);
}

// The chunk in which `row` is or would be, at its first block; false behind the last.
bool PostingsCursor::open_chunk(uint32_t row) {
  read_block_ = kNone;
  block_ = 0;
  const Result<std::optional<std::string_view>> bytes = source_->seek(row);
  if (!bytes) return end(bytes.error()), false;
  if (!*bytes) return end(Status::ok()), false;
  if (!chunk_.open(**bytes, term_, list_bound_) || chunk_.blocks().back().last_row < row) {
    return end(Status::corruption("a chunk of postings is damaged")), false;
  }
  bound_ = block().bound;
  last_row_ = block().last_row;
  return true;
}

// No further block is looked at.
void PostingsCursor::end(Status status) {
  if (status_.is_ok()) status_ = std::move(status);
  bound_ = 0;
  last_row_ = kNoRow;
  block_ = kNone;
}

void PostingsCursor::seek_block(uint32_t target) {
  if (target <= last_row_) return;
  if (chunk_.blocks().back().last_row < target) {
    if (!open_chunk(target)) return;
  }
  while (block().last_row < target) ++block_;
  bound_ = block().bound;
  last_row_ = block().last_row;
}

void PostingsCursor::seek_far(uint32_t target) {
  seek_block(target);
  if (block_ == kNone || !read_block()) {
    row_ = kNoRow;
    return;
  }
  seek_in_block(target);
}

// The block that is looked at.
bool PostingsCursor::read_block() {
  if (read_block_ == block_) return true;
  if (!chunk_.read_rows(block(), rows_, frequencies_, lengths_)) {
    end(Status::corruption("a block of postings is damaged"));
    return false;
  }
  has_frequencies_ = block().count != kBlockPostings;
  has_scores_ = false;
  read_block_ = block_;
  read_last_ = last_row_;
  place_ = 0;
  return true;
}

// REQUIRES: target <= read_last_.
void PostingsCursor::seek_in_block(uint32_t target) {
  if (rows_[place_] < target) ++place_;  // mostly the next
  if (rows_[place_] < target) {
    size_t before = place_;
    for (size_t step = kBlockPostings / 2; step != 0; step /= 2) {
      const size_t at = before + step;
      if (at < kBlockPostings && rows_[at] < target) before = at;
    }
    place_ = before + 1;
  }
  row_ = rows_[place_];
}

void PostingsCursor::read_frequencies() {
  chunk_.read_frequencies(chunk_.blocks()[read_block_], frequencies_, lengths_);
  has_frequencies_ = true;
}

uint32_t PostingsCursor::next_row(uint32_t target) {
  constexpr uint32_t kNear = 1024;
  seek_block(target);
  if (block_ == kNone) return kNoRow;
  const uint32_t first = block().before + 1;
  if (last_row_ - first < kNear) return std::max(target, first);
  seek(target);
  return row_;
}

uint32_t PostingsCursor::chunk_last_row(uint32_t row) {
  seek_block(row);
  return block_ == kNone ? kNoRow : chunk_.blocks().back().last_row;
}

float PostingsCursor::bound_until(uint32_t end) const {
  if (block_ == kNone) return 0;
  const std::span<const PostingsChunk::Block> blocks = chunk_.blocks();
  if (blocks.back().last_row < end - 1) return list_bound_;  // of the next chunk nothing is known yet
  float bound = bound_;
  for (size_t i = block_ + 1; i < blocks.size() && blocks[i].before + 1 < end; ++i) {
    bound = std::max(bound, blocks[i].bound);
  }
  return bound;
}

size_t PostingsCursor::postings_between(uint32_t begin, uint32_t end) {
  seek_block(begin);
  if (block_ == kNone || block().before + 1 >= end) return 0;
  return size_t{end - begin} * block().count / (last_row_ - block().before);
}

void PostingsCursor::add_scores(uint32_t begin, uint32_t end, double least, WindowSums& sums) {
  for (seek_block(begin); block_ != kNone && block().before + 1 < end; seek_block(last_row_ + 1)) {
    if (bound_ > least) {
      if (!read_block()) return;
      if (!has_frequencies_) read_frequencies();
      if (!has_scores_) term_.score_all(frequencies_, lengths_, scores_.data());
      has_scores_ = true;
      add_block(begin, end, sums);
    }
    if (last_row_ >= end - 1) return;
  }
}

// What of the block that is read is from `begin` up to `end`.
void PostingsCursor::add_block(uint32_t begin, uint32_t end, WindowSums& sums) {
  if (rows_.front() >= begin && rows_.back() < end) {
    for (size_t i = 0; i < kBlockPostings; ++i) sums.add(rows_[i] - begin, scores_[i]);
    place_ = kBlockPostings - 1;
  } else {
    while (rows_[place_] < begin) ++place_;  // the last is not
    for (; place_ < kBlockPostings && rows_[place_] < end; ++place_) {
      sums.add(rows_[place_] - begin, scores_[place_]);
    }
    if (place_ == kBlockPostings) --place_;
  }
  row_ = std::max(row_, std::min(rows_[place_], read_last_));
}

}  // namespace quipu
