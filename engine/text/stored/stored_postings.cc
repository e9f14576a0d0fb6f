#include "engine/text/stored/stored_postings.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "engine/base/varint.h"
#include "engine/text/stored/entry_keys.h"

namespace quipu {
namespace {

// Terms of fewer documents have no impacts in their heads.
constexpr size_t kFewDocuments = 16;

Status damaged(std::string_view term, std::string_view what) {
  return Status::corruption("text index: " + std::string(what) + " of the term \"" + std::string(term) +
                            "\" is damaged");
}

std::optional<std::string_view> take_bytes(std::string_view& in) {
  uint32_t size = 0;
  if (!take_varint(in, size) || size > in.size()) return std::nullopt;
  const std::string_view bytes = in.substr(0, size);
  in.remove_prefix(size);
  return bytes;
}

bool read_addition(std::string_view value, std::vector<Posting>& come, std::vector<Posting>& gone) {
  while (!value.empty()) {
    const char kind = value.front();
    value.remove_prefix(1);
    const std::optional<std::string_view> chunk = take_bytes(value);
    if (!chunk || (kind != 0 && kind != 1)) return false;
    if (!read_postings_chunk(*chunk, kind == 0 ? come : gone)) return false;
  }
  return true;
}

void append_chunks(std::span<const Posting> postings, char kind, std::string& out) {
  while (!postings.empty()) {
    const auto chunk = postings.first(std::min(postings.size(), kChunkPostings));
    const std::string bytes = make_postings_chunk(chunk);
    out += kind;
    append_varint(bytes.size(), out);
    out += bytes;
    postings = postings.subspan(chunk.size());
  }
}

// Takes out of both what is in both: it came and went between two folds.
void settle(std::vector<Posting>& come, std::vector<Posting>& gone) {
  std::ranges::sort(come, {}, &Posting::row);
  std::ranges::sort(gone, {}, &Posting::row);
  if (gone.empty()) return;
  std::vector<Posting> come_only;
  std::vector<Posting> gone_only;
  std::ranges::set_difference(come, gone, std::back_inserter(come_only), {}, &Posting::row, &Posting::row);
  std::ranges::set_difference(gone, come, std::back_inserter(gone_only), {}, &Posting::row, &Posting::row);
  come = std::move(come_only);
  gone = std::move(gone_only);
}

std::vector<uint32_t> rows_of(std::span<const Posting> postings) {
  std::vector<uint32_t> rows;
  rows.reserve(postings.size());
  for (const Posting& posting : postings) rows.push_back(posting.row);
  return rows;
}

// Chunks of a term in storage, below a row; then others in memory.
class StoredChunks : public ChunkSource {
 public:
  StoredChunks(const EntryReader& entries, std::string prefix, uint32_t below,
               std::span<const Posting> behind)
      : walk_(entries.walk()), prefix_(std::move(prefix)), below_(below), behind_(chunks_of(behind)) {}

  Result<std::optional<std::string_view>> seek(uint32_t row) override {
    if (in_storage_) {
      std::optional<uint32_t> last_row;
      if (stands_) {  // mostly the next one is wanted
        walk_->next();
        last_row = chunk_here();
      }
      if (!stands_ || (last_row && *last_row < row)) {
        walk_->seek(term_key(prefix_, kChunk, row));
        last_row = chunk_here();
      }
      QUIPU_RETURN_IF_ERROR(walk_->status());
      stands_ = last_row && *last_row < below_;
      if (stands_) return std::optional(walk_->value());
      in_storage_ = false;
    }
    return behind_.seek(row);
  }

 private:
  // The last row of the chunk that walk_ stands on.
  std::optional<uint32_t> chunk_here() const {
    if (!walk_->valid() || !is_term_key(walk_->key(), prefix_, kChunk)) return std::nullopt;
    const std::optional<TermKey> key = parse_term_key(walk_->key());
    return key ? std::optional(key->row) : std::nullopt;
  }

  std::vector<ChunksInMemory::Chunk> chunks_of(std::span<const Posting> postings) {
    std::vector<ChunksInMemory::Chunk> chunks;
    while (!postings.empty()) {
      const auto chunk = postings.first(std::min(postings.size(), kChunkPostings));
      chunks.push_back({chunk.back().row, bytes_.emplace_back(make_postings_chunk(chunk))});
      postings = postings.subspan(chunk.size());
    }
    return chunks;
  }

  const std::unique_ptr<EntryReader::Walk> walk_;
  const std::string prefix_;
  const uint32_t below_;
  std::deque<std::string> bytes_;
  ChunksInMemory behind_;
  bool in_storage_ = below_ != 0;
  bool stands_ = false;  // walk_, on a chunk
};

// One chunk that this holds.
class HeldChunk : public ChunkSource {
 public:
  explicit HeldChunk(std::string bytes, uint32_t last_row) : bytes_(std::move(bytes)), last_row_(last_row) {}
  Result<std::optional<std::string_view>> seek(uint32_t row) override {
    if (row > last_row_) return std::optional<std::string_view>();
    return std::optional<std::string_view>(bytes_);
  }

 private:
  const std::string bytes_;
  const uint32_t last_row_;
};

// Reads chunks from the one that has `row`, or would have it, on.
Status read_chunks(std::string_view prefix, uint32_t row, EntryReader::Walk& walk,
                   std::vector<Posting>& postings, uint32_t& first_last_row) {
  bool first = true;
  for (walk.seek(term_key(prefix, kChunk, row)); walk.valid() && is_term_key(walk.key(), prefix, kChunk);
       walk.next()) {
    const std::optional<TermKey> key = parse_term_key(walk.key());
    if (!key) return Status::corruption("text index: a key is damaged");
    if (std::exchange(first, false)) first_last_row = key->row;
    if (!read_postings_chunk(walk.value(), postings)) return damaged(key->term, "a chunk");
  }
  return walk.status();
}

}  // namespace

std::string make_term_head(const TermHead& head) {
  std::string value;
  append_varint(head.documents, value);
  append_varint(head.settled, value);
  append_varint(head.last_row, value);
  const bool few = head.documents < kFewDocuments;
  append_varint(few ? 0 : head.best.size(), value);
  if (!few) {
    for (const Impact& impact : head.best) {
      append_varint(impact.frequency, value);
      append_varint(impact.length, value);
    }
  }
  if (head.holds_postings()) value += head.postings;
  return value;
}

std::optional<TermHead> parse_term_head(std::string_view value) {
  TermHead head;
  uint32_t impacts = 0;
  if (!take_varint(value, head.documents) || !take_varint(value, head.settled) ||
      !take_varint(value, head.last_row) || !take_varint(value, impacts)) {
    return std::nullopt;
  }
  for (; impacts != 0; --impacts) {
    Impact impact;
    if (!take_varint(value, impact.frequency) || !take_varint(value, impact.length)) return std::nullopt;
    head.best.push_back(impact);
  }
  if (head.holds_postings() == value.empty() && head.documents != 0) return std::nullopt;
  head.postings = value;
  return head;
}

std::string make_addition(std::span<const Posting> come, std::span<const Posting> gone) {
  std::string value;
  append_chunks(come, 0, value);
  append_chunks(gone, 1, value);
  return value;
}

void seek_near(EntryReader::Walk& walk, std::string_view key) {
  if (walk.valid() && walk.key() < key) {
    constexpr int kFew = 8;
    for (int i = 0; i < kFew && walk.valid() && walk.key() < key; ++i) walk.next();
    if (walk.valid() && walk.key() >= key) return;
  }
  walk.seek(key);
}

Result<std::unique_ptr<StoredTerm>> read_term(std::string_view term, EntryReader::Walk& walk) {
  walk.seek(term_prefix(term));
  return read_term_here(term, walk);
}

Result<std::unique_ptr<StoredTerm>> read_term_here(std::string_view term, EntryReader::Walk& walk) {
  auto read = std::make_unique<StoredTerm>();
  read->prefix = term_prefix(term);
  if (walk.valid() && walk.key() == term_key(read->prefix, kHead, 0)) {
    read->head_bytes = walk.value();
    const std::optional<TermHead> head = parse_term_head(read->head_bytes);
    if (!head) return damaged(term, "the head");
    read->head = *head;
    walk.next();
  }
  // Past chunks.
  const std::string additions = term_key(read->prefix, kAddition, read->head.settled);
  if (walk.valid() && walk.key().starts_with(read->prefix) && walk.key() < additions) walk.seek(additions);
  for (; walk.valid() && is_term_key(walk.key(), read->prefix, kAddition); walk.next()) {
    if (!read_addition(walk.value(), read->come, read->gone)) return damaged(term, "an addition");
    read->additions.emplace_back(walk.key());
  }
  QUIPU_RETURN_IF_ERROR(walk.status());
  settle(read->come, read->gone);
  return read;
}

Result<std::vector<Posting>> all_postings(const StoredTerm& term, EntryReader::Walk& walk) {
  std::vector<Posting> folded;
  if (term.head.holds_postings()) {
    if (!term.head.postings.empty() && !read_postings_chunk(term.head.postings, folded)) {
      return damaged(term.prefix, "the head");
    }
  } else {
    uint32_t unused = 0;
    QUIPU_RETURN_IF_ERROR(read_chunks(term.prefix, 0, walk, folded, unused));
  }
  std::vector<Posting> there;
  std::ranges::set_difference(folded, term.gone, std::back_inserter(there), {}, &Posting::row, &Posting::row);
  std::vector<Posting> all;
  std::ranges::merge(there, term.come, std::back_inserter(all), {}, &Posting::row, &Posting::row);
  return all;
}

Result<TermPostings> postings_of(const StoredTerm& term, const EntryReader& entries) {
  TermPostings postings;
  postings.documents = term.documents();
  if (postings.documents == 0) return postings;
  const bool added = !term.come.empty() || !term.gone.empty();
  std::vector<Posting> few;  // those that the head has no impacts of
  if (term.head.best.empty() && term.head.documents != 0 && !read_postings_chunk(term.head.postings, few)) {
    return damaged(term.prefix, "the head");
  }
  if (added || !few.empty()) {
    std::vector<Impact> impacts = term.head.best;
    for (const Posting& posting : few) impacts.push_back({posting.frequency, posting.length});
    for (const Posting& posting : term.come) impacts.push_back({posting.frequency, posting.length});
    postings.best = best_impacts(impacts);
  } else {
    postings.best = term.head.best;
  }
  if (term.head.holds_postings()) {
    if (!added) {
      postings.chunks = std::make_unique<HeldChunk>(std::string(term.head.postings), term.head.last_row);
      return postings;
    }
    const std::unique_ptr<EntryReader::Walk> walk = entries.walk();
    QUIPU_ASSIGN_OR_RETURN(const std::vector<Posting> all, all_postings(term, *walk));
    postings.chunks = std::make_unique<StoredChunks>(entries, term.prefix, 0, all);
    return postings;
  }
  postings.gone = rows_of(term.gone);
  uint32_t below = kNoRow;
  std::vector<Posting> behind = term.come;
  if (!behind.empty() && behind.front().row < term.head.last_row) {
    // Batches that were written in another order than their rows were given out.
    const std::unique_ptr<EntryReader::Walk> walk = entries.walk();
    std::vector<Posting> folded;
    QUIPU_RETURN_IF_ERROR(read_chunks(term.prefix, behind.front().row, *walk, folded, below));
    behind.clear();
    std::ranges::merge(folded, term.come, std::back_inserter(behind), {}, &Posting::row, &Posting::row);
  }
  postings.chunks = std::make_unique<StoredChunks>(entries, term.prefix, below, behind);
  return postings;
}

}  // namespace quipu
