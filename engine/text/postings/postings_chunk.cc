#include "engine/text/postings/postings_chunk.h"

#include <algorithm>

#include "engine/base/varint.h"

namespace quipu {
namespace {

// Blocks with fewer have no impacts: their bound is the term's.
constexpr size_t kFewPostings = 16;

void append_impacts(std::span<const Posting> block, std::string& out) {
  std::vector<Impact> documents;
  documents.reserve(block.size());
  for (const Posting& posting : block) documents.push_back({posting.frequency, posting.length});
  const std::vector<Impact> best = best_impacts(documents);
  append_varint(best.size(), out);
  for (const Impact& impact : best) {
    append_varint(impact.frequency, out);
    append_varint(impact.length, out);
  }
}

bool take_byte(std::string_view& in, uint8_t& byte) {
  if (in.empty()) return false;
  byte = static_cast<uint8_t>(in.front());
  in.remove_prefix(1);
  return true;
}

bool take_bound(std::string_view& in, const TermScore& term, float& bound) {
  uint32_t count = 0;
  if (!take_varint(in, count) || count == 0) return false;
  bound = 0;
  for (; count != 0; --count) {
    Impact impact;
    if (!take_varint(in, impact.frequency) || !take_varint(in, impact.length)) return false;
    bound = std::max(bound, term.bound(impact));
  }
  return true;
}

// The table's entry of a full block, and its numbers.
void append_block(std::span<const Posting, kBlockPostings> block, uint32_t before, std::string& table,
                  std::string& numbers) {
  std::array<uint32_t, kBlockPostings> rows;
  std::array<uint32_t, kBlockPostings> frequencies;
  std::array<uint32_t, kBlockPostings> lengths;
  uint32_t previous = before;
  for (size_t i = 0; i < kBlockPostings; ++i) {
    rows[i] = block[i].row - previous - 1;
    previous = block[i].row;
    frequencies[i] = block[i].frequency - 1;
    lengths[i] = block[i].length;
  }
  const uint32_t row_width = packing_width(rows);
  const uint32_t frequency_width = packing_width(frequencies);
  const uint32_t length_width = packing_width(lengths);
  append_varint(previous - before, table);  // modulo 2^32
  table += static_cast<char>(row_width);
  table += static_cast<char>(frequency_width);
  table += static_cast<char>(length_width);
  append_impacts(block, table);
  pack(rows, row_width, numbers);
  pack(frequencies, frequency_width, numbers);
  pack(lengths, length_width, numbers);
}

void append_last_block(std::span<const Posting> block, uint32_t before, std::string& out) {
  if (block.size() >= kFewPostings) append_impacts(block, out);
  for (const Posting& posting : block) {
    const uint64_t more = posting.frequency == 1 ? 0 : 1;
    append_varint(uint64_t{posting.row - before - 1} << 1 | more, out);
    if (more != 0) append_varint(posting.frequency, out);
    append_varint(posting.length, out);
    before = posting.row;
  }
}

}  // namespace

std::string make_postings_chunk(std::span<const Posting> postings) {
  std::string out;
  const uint32_t first = postings.front().row;
  append_varint(postings.size(), out);
  append_varint(first, out);
  append_varint(postings.back().row - first, out);
  std::string numbers;
  uint32_t before = first - 1;
  for (; postings.size() >= kBlockPostings; postings = postings.subspan(kBlockPostings)) {
    const auto block = postings.first<kBlockPostings>();
    append_block(block, before, out, numbers);
    before = block.back().row;
  }
  out += numbers;
  if (!postings.empty()) append_last_block(postings, before, out);
  return out;
}

bool read_postings_chunk(std::string_view bytes, std::vector<Posting>& postings) {
  PostingsChunk chunk;
  if (!chunk.open(bytes, Bm25Term({}, 0), 0)) return false;
  PostingsChunk::Rows rows;
  PostingsChunk::Rows frequencies;
  PostingsChunk::Rows lengths;
  for (const PostingsChunk::Block& block : chunk.blocks()) {
    if (!chunk.read_rows(block, rows, frequencies, lengths)) return false;
    chunk.read_frequencies(block, frequencies, lengths);
    for (size_t i = 0; i < block.count; ++i) postings.push_back({rows[i], frequencies[i], lengths[i]});
  }
  return true;
}

bool PostingsChunk::open(std::string_view bytes, const TermScore& term, float most) {
  bytes_ = bytes;
  blocks_.clear();
  std::string_view in = bytes;
  uint32_t count = 0;
  uint32_t first = 0;
  uint32_t span = 0;
  if (!take_varint(in, count) || !take_varint(in, first) || !take_varint(in, span)) return false;
  if (count == 0 || count > kChunkPostings || span < count - 1 || span >= kNoRow - first) return false;
  const uint32_t last_row = first + span;
  uint32_t before = first - 1;
  for (uint32_t full = count / kBlockPostings; full != 0; --full) {
    Block block;
    uint32_t rise = 0;
    if (!take_varint(in, rise) || !take_byte(in, block.row_width) || !take_byte(in, block.frequency_width) ||
        !take_byte(in, block.length_width) || !take_bound(in, term, block.bound) || block.row_width > 32 ||
        block.frequency_width > 32 || block.length_width > 32 || rise == 0) {
      return false;
    }
    block.before = before;
    block.last_row = before + rise;
    if (block.last_row > last_row) return false;
    before = block.last_row;
    block.count = kBlockPostings;
    blocks_.push_back(block);
  }
  size_t at = bytes.size() - in.size();
  for (Block& block : blocks_) {
    block.at = static_cast<uint32_t>(at);
    at += packed_bytes(uint32_t{block.row_width} + block.frequency_width + block.length_width);
  }
  if (at > bytes.size()) return false;
  if (count % kBlockPostings == 0) return before == last_row;
  Block block;
  block.before = before;
  block.last_row = last_row;
  block.count = static_cast<uint16_t>(count % kBlockPostings);
  block.bound = most;
  in = bytes.substr(at);
  if (block.count >= kFewPostings && !take_bound(in, term, block.bound)) return false;
  block.at = static_cast<uint32_t>(bytes.size() - in.size());
  blocks_.push_back(block);
  return true;
}

bool PostingsChunk::read_rows(const Block& block, Rows& rows, Rows& frequencies, Rows& lengths) const {
  if (block.count != kBlockPostings) return read_last_rows(block, rows, frequencies, lengths);
  unpack_rising(bytes_.data() + block.at, block.row_width, block.before, rows);
  return rows.back() == block.last_row;
}

void PostingsChunk::read_frequencies(const Block& block, Rows& frequencies, Rows& lengths) const {
  if (block.count != kBlockPostings) return;
  const char* const at = bytes_.data() + block.at + packed_bytes(block.row_width);
  unpack(at, block.frequency_width, frequencies);
  unpack(at + packed_bytes(block.frequency_width), block.length_width, lengths);
  for (uint32_t& frequency : frequencies) ++frequency;
}

bool PostingsChunk::read_last_rows(const Block& block, Rows& rows, Rows& frequencies, Rows& lengths) const {
  std::string_view in = bytes_.substr(block.at);
  uint32_t row = block.before;
  for (size_t i = 0; i < block.count; ++i) {
    uint64_t coded = 0;
    if (!take_varint(in, coded) || coded >> 1 >= kNoRow - (row + 1)) return false;
    row += static_cast<uint32_t>(coded >> 1) + 1;
    rows[i] = row;
    frequencies[i] = 1;
    if ((coded & 1) != 0 && !take_varint(in, frequencies[i])) return false;
    if (!take_varint(in, lengths[i])) return false;
  }
  std::fill(rows.begin() + block.count, rows.end(), kNoRow);
  return in.empty() && row == block.last_row;
}

}  // namespace quipu
