// TextIndexer: what batches write of the texts that they change.

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "engine/text/stored/content_pool.h"
#include "engine/text/stored/entry_keys.h"
#include "engine/text/stored/stored_postings.h"
#include "engine/text/text_run.h"
#include "quipu/backend/text_entries.h"

namespace quipu {
namespace {

// Of a large batch so many postings are brought into entries at a time.
constexpr size_t kRunPostings = 1 << 20;
// One of so many additions has its term folded, of large ones more: so a term has about so many of them, and
// so many postings in them.
constexpr uint64_t kAdditionsOfATerm = 32;
constexpr uint64_t kAddedPostings = 512;

uint64_t mixed(uint64_t x) {  // of SplitMix64
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

bool is_to_be_folded(std::string_view term, uint32_t row, size_t postings) {
  const uint64_t chance = mixed(std::hash<std::string_view>{}(term) + row * 0x9e3779b97f4a7c15);
  return chance % kAddedPostings < kAddedPostings / kAdditionsOfATerm + postings;
}

class IndexerBatch : public TextIndexer::Batch {
 public:
  IndexerBatch(ContentPool& pool, const EntryReader& stored, EntryWriter& out)
      : content_(pool.take()), stored_(stored), out_(out) {}

  Status change(std::string_view key, std::string_view before, std::string_view after,
                uint32_t row) override {
    const std::optional<std::string> old_content = content_->content_of(before);
    const std::optional<std::string> content = content_->content_of(after);
    if (old_content == content) return Status::ok();
    const std::string place = node_key(key);
    if (old_content) QUIPU_RETURN_IF_ERROR(remove(place, *old_content, row));
    if (content) {
      content_->add(row, *content, come_);
      places_.push_back({place, row_value(row)});
      places_.push_back({row_key(row), std::string(key)});
    } else {
      places_.push_back({place, std::nullopt});
    }
    number_ = row;
    return come_.postings() + gone_.postings() < kRunPostings ? Status::ok() : flush();
  }

  Status finish() override { return flush(); }
  TextTotals added() const override { return added_; }
  std::vector<std::string> terms_to_fold() && override { return std::move(terms_to_fold_); }

 private:
  Status remove(std::string_view place, const std::string& content, uint32_t row) {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> stored, stored_.get(place));
    const std::optional<uint32_t> old_row = stored ? parse_row_value(*stored) : std::nullopt;
    if (!old_row) {
      return Status::corruption("text index: it lacks a node that it should have; repair it");
    }
    content_->add(row, content, gone_);
    old_rows_.emplace_back(row, *old_row);
    places_.push_back({row_key(*old_row), std::nullopt});
    return Status::ok();
  }

  // Postings of removed documents have the rows of the changes so far.
  std::vector<Posting> with_old_rows(std::span<const Posting> gone) const {
    std::vector<Posting> postings(gone.begin(), gone.end());
    for (Posting& posting : postings) {
      posting.row =
          std::ranges::lower_bound(old_rows_, posting.row, {}, &std::pair<uint32_t, uint32_t>::first)->second;
    }
    std::ranges::sort(postings, {}, &Posting::row);
    return postings;
  }

  Status write_places() {
    std::ranges::sort(places_, {}, &Place::key);
    for (const Place& place : places_) {
      QUIPU_RETURN_IF_ERROR(place.value ? out_.put(place.key, *place.value) : out_.erase(place.key));
    }
    places_.clear();
    return Status::ok();
  }

  // Brings what was collected into one addition for each term. Keys rise, which makes them faster to insert.
  Status flush() {
    QUIPU_RETURN_IF_ERROR(write_places());
    added_.documents += come_.documents() - gone_.documents();
    added_.tokens += come_.tokens() - gone_.tokens();
    const std::vector<TextRun::Term> come = come_.finish();
    const std::vector<TextRun::Term> gone = gone_.finish();
    auto a = come.begin();
    auto b = gone.begin();
    while (a != come.end() || b != gone.end()) {
      const bool is_a = a != come.end() && (b == gone.end() || a->term <= b->term);
      const bool is_b = b != gone.end() && (a == come.end() || b->term <= a->term);
      const std::string_view term = is_a ? a->term : b->term;
      const std::vector<Posting> removed = is_b ? with_old_rows(b->postings) : std::vector<Posting>();
      const std::span<const Posting> added = is_a ? a->postings : std::span<const Posting>();
      QUIPU_RETURN_IF_ERROR(
          out_.put(term_key(term_prefix(term), kAddition, number_), make_addition(added, removed)));
      if (is_to_be_folded(term, number_, added.size() + removed.size())) terms_to_fold_.emplace_back(term);
      if (is_a) ++a;
      if (is_b) ++b;
    }
    come_ = {};
    gone_ = {};
    old_rows_.clear();
    return Status::ok();
  }

  // Of a node or a row.
  struct Place {
    std::string key;
    std::optional<std::string> value;  // nothing: it goes
  };

  const ContentPool::Lease content_;
  const EntryReader& stored_;
  EntryWriter& out_;
  std::vector<Place> places_;
  TextRun come_;
  TextRun gone_;
  std::vector<std::pair<uint32_t, uint32_t>> old_rows_;  // row of the change, row of what it removes
  uint32_t number_ = 0;                                  // the row of the last change
  TextTotals added_;
  std::vector<std::string> terms_to_fold_;
};

class Indexer : public TextIndexer {
 public:
  explicit Indexer(std::shared_ptr<ContentPool> pool) : pool_(std::move(pool)) {}
  const std::string& analyser() const override { return pool_->name(); }
  const std::string& version() const override { return pool_->version(); }
  std::unique_ptr<Batch> begin(const EntryReader& stored, EntryWriter& out) const override {
    return std::make_unique<IndexerBatch>(*pool_, stored, out);
  }

 private:
  const std::shared_ptr<ContentPool> pool_;
};

}  // namespace

Result<std::shared_ptr<TextIndexer>> TextIndexer::make(std::string_view analyser) {
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<ContentPool> pool, ContentPool::of(analyser));
  return std::shared_ptr<TextIndexer>(std::make_shared<Indexer>(std::move(pool)));
}

}  // namespace quipu
