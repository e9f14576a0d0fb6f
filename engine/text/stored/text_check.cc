// TextCheck: from the postings a sum of hashes for each row, with which the terms of its node are compared.

#include <utility>
#include <vector>

#include "engine/text/stored/content_reader.h"
#include "engine/text/stored/entry_keys.h"
#include "engine/text/stored/stored_postings.h"
#include "engine/text/text_run.h"
#include "quipu/backend/text_entries.h"

namespace quipu {
namespace {

uint64_t hash_of(std::string_view term, const Posting& posting) {
  uint64_t x = std::hash<std::string_view>{}(term);
  x ^= (uint64_t{posting.frequency} << 32 | posting.length) * 0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

class Check : public TextCheck {
 public:
  Check(std::unique_ptr<ContentReader> content, const EntryReader& stored)
      : content_(std::move(content)), stored_(stored) {}

  Status read() {
    QUIPU_RETURN_IF_ERROR(read_terms());
    return read_rows();
  }

  Result<std::string> check(std::string_view key, std::string_view value) override {
    const std::optional<std::string> content = content_->content_of(value);
    QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> stored, stored_.get(node_key(key)));
    if (!content) return std::string(stored ? "the text index has it, but it has no text" : "");
    const std::optional<uint32_t> place = stored ? parse_row_value(*stored) : std::nullopt;
    if (!place) return std::string("is missing in the text index");
    const uint32_t row = *place;
    QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> node, stored_.get(row_key(row)));
    if (!node || *node != key) return std::string("the text index has another node at its row");
    TextRun run;
    content_->add(row, *content, run);
    totals_.documents += 1;
    totals_.tokens += run.tokens();
    uint64_t sum = 0;
    for (const TextRun::Term& term : run.finish()) sum += hash_of(term.term, term.postings.front());
    if (row >= sums_.size()) sums_.resize(size_t{row} + 1);
    const bool fits = std::exchange(sums_[row], 0) == sum;
    return std::string(fits ? "" : "the text index has other terms of it than its text");
  }

  Result<std::string> finish(const TextTotals& totals) override {
    if (rows_ != totals_.documents) {
      return "the text index has rows of " + std::to_string(rows_) + " nodes, of which " +
             std::to_string(totals_.documents) + " are there";
    }
    for (const uint64_t sum : sums_) {
      if (sum != 0) return std::string("the text index has postings of a node that is not there");
    }
    if (totals == totals_) return std::string();
    return "the text index counts " + std::to_string(totals.documents) + " nodes and " +
           std::to_string(totals.tokens) + " tokens, but has " + std::to_string(totals_.documents) + " and " +
           std::to_string(totals_.tokens);
  }

 private:
  Status read_terms() {
    const std::unique_ptr<EntryReader::Walk> terms = stored_.walk();
    const std::unique_ptr<EntryReader::Walk> walk = stored_.walk();
    const std::string all = terms_prefix({});
    terms->seek(all);
    while (terms->valid() && terms->key().starts_with(all)) {
      const std::optional<TermKey> key = parse_term_key(terms->key());
      if (!key) return Status::corruption("text index: the key of a term is damaged");
      QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<StoredTerm> term, read_term(key->term, *walk));
      QUIPU_ASSIGN_OR_RETURN(const std::vector<Posting> postings, all_postings(*term, *walk));
      if (postings.size() != term->documents()) {
        return Status::corruption("text index: the term \"" + key->term + "\" counts " +
                                  std::to_string(term->documents()) + " nodes but has " +
                                  std::to_string(postings.size()));
      }
      for (const Posting& posting : postings) {
        if (posting.row >= sums_.size()) sums_.resize(size_t{posting.row} + 1);
        sums_[posting.row] += hash_of(key->term, posting);
      }
      terms->seek(term_prefix(key->term) + kBehindTerm);
    }
    return terms->status();
  }

  Status read_rows() {
    const std::unique_ptr<EntryReader::Walk> walk = stored_.walk();
    const std::string all(1, kRowTag);
    for (walk->seek(all); walk->valid() && walk->key().starts_with(all); walk->next()) {
      if (!parse_row_key(walk->key())) return Status::corruption("text index: the key of a row is damaged");
      ++rows_;
    }
    return walk->status();
  }

  const std::unique_ptr<ContentReader> content_;
  const EntryReader& stored_;
  std::vector<uint64_t> sums_;  // by rows; 0 where all is as it should be
  uint64_t rows_ = 0;
  TextTotals totals_;
};

}  // namespace

Result<std::unique_ptr<TextCheck>> TextCheck::begin(const TextIndexer& indexer, const EntryReader& stored) {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<ContentReader> content, ContentReader::make(indexer.analyser()));
  auto check = std::make_unique<Check>(std::move(content), stored);
  QUIPU_RETURN_IF_ERROR(check->read());
  return std::unique_ptr<TextCheck>(std::move(check));
}

}  // namespace quipu
