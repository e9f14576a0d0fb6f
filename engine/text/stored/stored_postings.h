// What is stored of one term: a head, chunks of postings, and additions, which are what batches have written
// since the last fold. docs/FORMAT.md has the bytes.

#ifndef QUIPU_ENGINE_TEXT_STORED_STORED_POSTINGS_H_
#define QUIPU_ENGINE_TEXT_STORED_STORED_POSTINGS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/postings/postings_chunk.h"
#include "engine/text/text_index.h"
#include "quipu/backend/text_entries.h"

namespace quipu {

// A term that so few documents have, folded, is its head alone.
inline constexpr size_t kHeadPostings = 1024;

struct TermHead {
  uint64_t documents = 0;     // of the folded postings
  uint32_t settled = 0;       // additions have rows from here on
  uint32_t last_row = 0;      // of the folded postings
  std::vector<Impact> best;   // of these or more
  std::string_view postings;  // a chunk of all of them, where they are up to kHeadPostings

  bool holds_postings() const { return documents <= kHeadPostings; }
};
std::string make_term_head(const TermHead& head);
std::optional<TermHead> parse_term_head(std::string_view value);

// The value of an addition: postings of documents that have come, and of those that have gone.
std::string make_addition(std::span<const Posting> come, std::span<const Posting> gone);

// All of a term but the chunks.
struct StoredTerm {
  std::string prefix;
  std::string head_bytes;
  TermHead head;
  std::vector<Posting> come;           // by additions, and not gone since, by rows
  std::vector<Posting> gone;           // folded ones that are gone by additions, by rows
  std::vector<std::string> additions;  // their keys

  uint64_t documents() const { return head.documents + come.size() - gone.size(); }
};
// Reads it, wherever `walk` stands. Errors: kCorruption.
Result<std::unique_ptr<StoredTerm>> read_term(std::string_view term, EntryReader::Walk& walk);
// The same. REQUIRES: `walk` stands where seek(term_prefix(term)) would bring it.
Result<std::unique_ptr<StoredTerm>> read_term_here(std::string_view term, EntryReader::Walk& walk);
// The same as walk.seek(key), but faster where that is one of the next few entries.
void seek_near(EntryReader::Walk& walk, std::string_view key);

// The postings of a term as a search needs them.
Result<TermPostings> postings_of(const StoredTerm& term, const EntryReader& entries);

// All of a term's postings, by rows.
Result<std::vector<Posting>> all_postings(const StoredTerm& term, EntryReader::Walk& walk);

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_STORED_STORED_POSTINGS_H_
