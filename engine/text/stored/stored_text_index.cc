#include "engine/text/stored/stored_text_index.h"

#include <algorithm>
#include <utility>

#include "engine/text/stored/entry_keys.h"
#include "engine/text/stored/stored_postings.h"

namespace quipu {

StoredTextIndex::StoredTextIndex(const EntryReader& entries, const TextTotals& totals, Analyser* analyser,
                                 TextOf text_of)
    : entries_(entries),
      totals_(totals),
      analyser_(analyser),
      text_of_(std::move(text_of)),
      walk_(entries.walk()) {}

Result<TermPostings> StoredTextIndex::postings(std::string_view term) const {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<StoredTerm> read, read_term(term, *walk_));
  return postings_of(*read, entries_);
}

Result<std::vector<std::string>> StoredTextIndex::terms_with_prefix(std::string_view prefix,
                                                                    size_t at_most) const {
  const std::string start = terms_prefix(prefix);
  std::vector<std::string> terms;
  walk_->seek(start);
  while (terms.size() < at_most && walk_->valid() && walk_->key().starts_with(start)) {
    const std::optional<TermKey> key = parse_term_key(walk_->key());
    if (!key) return Status::corruption("text index: the key of a term is damaged");
    const std::string behind = term_prefix(key->term) + kBehindTerm;
    terms.push_back(key->term);
    walk_->seek(behind);
  }
  QUIPU_RETURN_IF_ERROR(walk_->status());
  return terms;
}

Result<std::vector<PlacedTerm>> StoredTextIndex::places(uint32_t row,
                                                        std::span<const std::string> terms) const {
  std::vector<PlacedTerm> found;
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> node, node_of(row));
  if (!node) return found;
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> text, text_of_(*node));
  if (!text) return found;
  analyser_->analyse(*text, [&](const Token& token) {
    const auto term = std::ranges::find(terms, token.term);
    if (term != terms.end()) found.push_back({token.position, static_cast<uint32_t>(term - terms.begin())});
  });
  return found;
}

Result<std::optional<std::string>> StoredTextIndex::node_of(uint32_t row) const {
  return entries_.get(row_key(row));
}

Result<std::optional<uint32_t>> StoredTextIndex::row_of(std::string_view node_id) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> stored, entries_.get(node_key(node_id)));
  if (!stored) return std::optional<uint32_t>();
  const std::optional<uint32_t> row = parse_row_value(*stored);
  if (!row) return Status::corruption("text index: the row of a node is damaged");
  return row;
}

}  // namespace quipu
