// TextIndexer::fold: additions of a term become part of its chunks.

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/text/stored/entry_keys.h"
#include "engine/text/stored/stored_postings.h"

namespace quipu {
namespace {

class TermFold {
 public:
  TermFold(std::string_view name, const StoredTerm& term, EntryReader::Walk& walk, EntryWriter& out)
      : name_(name), term_(term), walk_(walk), out_(out) {}

  Status run(uint32_t settled) {
    TermHead head = term_.head;
    head.documents = term_.documents();
    head.settled = std::max(head.settled, settled);
    add_impacts(head);
    if (head.holds_postings() || term_.head.holds_postings()) {
      QUIPU_RETURN_IF_ERROR(rewrite(head));
    } else {
      QUIPU_RETURN_IF_ERROR(change_chunks());
      if (!term_.come.empty()) head.last_row = std::max(head.last_row, term_.come.back().row);
    }
    for (const std::string& addition : term_.additions) QUIPU_RETURN_IF_ERROR(out_.erase(addition));
    const std::string key = term_key(term_.prefix, kHead, 0);
    if (head.documents != 0) return out_.put(key, make_term_head(head));
    return term_.head_bytes.empty() ? Status::ok() : out_.erase(key);
  }

 private:
  void add_impacts(TermHead& head) const {
    if (head.best.empty() && term_.head.documents != 0) return;  // of few documents; all are read below
    for (const Posting& posting : term_.come) head.best.push_back({posting.frequency, posting.length});
    head.best = best_impacts(head.best);
  }

  // All of the term anew, in the head or in chunks.
  Status rewrite(TermHead& head) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<Posting> all, all_postings(term_, walk_));
    if (all.size() != head.documents) return damaged();
    if (!term_.head.holds_postings()) {
      walk_.seek(term_key(term_.prefix, kChunk, 0));
      for (; walk_.valid() && is_chunk(walk_.key()); walk_.next()) {
        QUIPU_RETURN_IF_ERROR(out_.erase(walk_.key()));
      }
      QUIPU_RETURN_IF_ERROR(walk_.status());
    }
    if (all.empty()) return Status::ok();
    std::vector<Impact> impacts;
    for (const Posting& posting : all) impacts.push_back({posting.frequency, posting.length});
    head.best = best_impacts(impacts);
    head.last_row = all.back().row;
    if (!head.holds_postings()) return put_chunks(all, kChunkPostings);
    chunk_ = make_postings_chunk(all);
    head.postings = chunk_;
    return Status::ok();
  }

  // Each chunk that something comes to, or goes from, is written anew; what comes behind the last one, with
  // it where there is room.
  Status change_chunks() {
    std::span<const Posting> come = term_.come;
    std::span<const Posting> gone = term_.gone;
    while (!come.empty() || !gone.empty()) {
      const uint32_t row = gone.empty()   ? come.front().row
                           : come.empty() ? gone.front().row
                                          : std::min(come.front().row, gone.front().row);
      walk_.seek(term_key(term_.prefix, kChunk, row));
      QUIPU_RETURN_IF_ERROR(walk_.status());
      if (!walk_.valid() || !is_chunk(walk_.key())) return append(come);
      const std::string key(walk_.key());
      const uint32_t last_row = parse_term_key(key)->row;
      std::vector<Posting> postings;
      if (!read_postings_chunk(walk_.value(), postings)) return damaged();
      std::vector<Posting> kept;
      const auto here = take_until(gone, last_row);
      std::ranges::set_difference(postings, here, std::back_inserter(kept), {}, &Posting::row, &Posting::row);
      if (kept.size() + here.size() != postings.size()) return damaged();
      std::vector<Posting> now;
      std::ranges::merge(kept, take_until(come, last_row), std::back_inserter(now), {}, &Posting::row,
                         &Posting::row);
      QUIPU_RETURN_IF_ERROR(out_.erase(key));
      const size_t pieces = (now.size() + kChunkPostings - 1) / kChunkPostings;
      QUIPU_RETURN_IF_ERROR(put_chunks(now, pieces == 0 ? 1 : (now.size() + pieces - 1) / pieces));
      changed_ = key;
    }
    return Status::ok();
  }

  Status append(std::span<const Posting> come) {
    std::vector<Posting> postings;
    walk_.seek(term_key(term_.prefix, kChunk, term_.head.last_row));
    // The last may have been changed just now, or be full: it stays as it is then.
    if (walk_.valid() && is_chunk(walk_.key()) && walk_.key() != changed_) {
      if (!read_postings_chunk(walk_.value(), postings)) return damaged();
      if (postings.size() == kChunkPostings) {
        postings.clear();
      } else {
        QUIPU_RETURN_IF_ERROR(out_.erase(walk_.key()));
      }
    }
    postings.insert(postings.end(), come.begin(), come.end());
    return put_chunks(postings, kChunkPostings);
  }

  static std::span<const Posting> take_until(std::span<const Posting>& postings, uint32_t last_row) {
    const auto end = std::ranges::upper_bound(postings, last_row, {}, &Posting::row);
    const auto count = static_cast<size_t>(end - postings.begin());
    const std::span<const Posting> taken = postings.first(count);
    postings = postings.subspan(count);
    return taken;
  }

  Status put_chunks(std::span<const Posting> postings, size_t size) {
    while (!postings.empty()) {
      const auto chunk = postings.first(std::min(postings.size(), size));
      QUIPU_RETURN_IF_ERROR(
          out_.put(term_key(term_.prefix, kChunk, chunk.back().row), make_postings_chunk(chunk)));
      postings = postings.subspan(chunk.size());
    }
    return Status::ok();
  }

  bool is_chunk(std::string_view key) const { return is_term_key(key, term_.prefix, kChunk); }

  Status damaged() const {
    return Status::corruption("text index: postings of the term \"" + std::string(name_) + "\" are damaged");
  }

  const std::string_view name_;
  const StoredTerm& term_;
  EntryReader::Walk& walk_;
  EntryWriter& out_;
  std::string chunk_;    // in the head
  std::string changed_;  // the key of the last chunk that is written anew
};

}  // namespace

Status TextIndexer::fold(std::string_view term, const EntryReader& stored, uint32_t settled,
                         EntryWriter& out) {
  const std::unique_ptr<EntryReader::Walk> walk = stored.walk();
  seek_near(*walk, term_prefix(term));  // mostly where the term before has left it
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<StoredTerm> read, read_term_here(term, *walk));
  if (read->additions.empty()) return Status::ok();
  return TermFold(term, *read, *walk, out).run(settled);
}

Result<std::vector<std::string>> TextIndexer::terms_to_fold(const EntryReader& stored, std::string_view from,
                                                            size_t at_most) {
  std::vector<std::string> terms;
  const std::unique_ptr<EntryReader::Walk> walk = stored.walk();
  const std::string all = terms_prefix({});
  walk->seek(term_prefix(from));
  while (terms.size() < at_most && walk->valid() && walk->key().starts_with(all)) {
    const std::optional<TermKey> key = parse_term_key(walk->key());
    if (!key) return Status::corruption("text index: the key of a term is damaged");
    if (key->kind == kAddition) {
      terms.push_back(key->term);
      seek_near(*walk, term_prefix(key->term) + kBehindTerm);
    } else if (key->kind == kChunk) {  // there are many; behind them stand additions
      walk->seek(term_key(term_prefix(key->term), kAddition, 0));
    } else {
      walk->next();
    }
  }
  QUIPU_RETURN_IF_ERROR(walk->status());
  return terms;
}

}  // namespace quipu
