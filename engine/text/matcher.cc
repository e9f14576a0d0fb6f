#include "engine/text/matcher.h"

#include <algorithm>
#include <utility>

namespace quipu {
namespace {

Status first_error(const std::vector<MatcherPtr>& parts) {
  for (const MatcherPtr& part : parts) QUIPU_RETURN_IF_ERROR(part->status());
  return Status::ok();
}

class TermMatcher : public Matcher {
 public:
  explicit TermMatcher(PostingsCursor cursor) : cursor_(std::move(cursor)) { begin(); }
  double score() override { return cursor_.score(); }
  uint32_t length() override { return cursor_.length(); }
  Status status() const override { return cursor_.status(); }

 protected:
  uint32_t find(uint32_t target) override {
    cursor_.seek(target);
    return cursor_.row();
  }

 private:
  PostingsCursor cursor_;
};

class AllMatcher : public Matcher {
 public:
  explicit AllMatcher(std::vector<MatcherPtr> parts) : parts_(std::move(parts)) { begin(); }
  double score() override {
    double score = 0;
    for (const MatcherPtr& part : parts_) score += part->score();
    return score;
  }
  uint32_t length() override { return parts_.front()->length(); }
  Status status() const override { return first_error(parts_); }

 protected:
  uint32_t find(uint32_t target) override {
    for (size_t agreed = 0, i = 0; agreed < parts_.size(); i = (i + 1) % parts_.size()) {
      parts_[i]->seek(target);
      const uint32_t row = parts_[i]->row();
      if (row == kNoRow) return kNoRow;
      agreed = row == target ? agreed + 1 : 1;
      target = row;
    }
    return target;
  }

 private:
  std::vector<MatcherPtr> parts_;
};

class AnyMatcher : public Matcher {
 public:
  explicit AnyMatcher(std::vector<MatcherPtr> parts) : parts_(std::move(parts)) {
    for (const MatcherPtr& part : parts_) heap_.push_back(part.get());
    std::ranges::make_heap(heap_, is_behind);
    begin();
  }
  double score() override {
    double score = 0;
    add_score(0, score);
    return score;
  }
  uint32_t length() override { return heap_.front()->length(); }
  Status status() const override { return first_error(parts_); }

 protected:
  uint32_t find(uint32_t target) override {
    while (!heap_.empty() && heap_.front()->row() < target) {
      std::ranges::pop_heap(heap_, is_behind);
      heap_.back()->seek(target);
      std::ranges::push_heap(heap_, is_behind);
    }
    return heap_.empty() ? kNoRow : heap_.front()->row();
  }

 private:
  static bool is_behind(const Matcher* a, const Matcher* b) { return a->row() > b->row(); }

  // Those at the row are at the top of the heap.
  void add_score(size_t i, double& score) {
    if (i >= heap_.size() || heap_[i]->row() != row()) return;
    score += heap_[i]->score();
    add_score(2 * i + 1, score);
    add_score(2 * i + 2, score);
  }

  std::vector<MatcherPtr> parts_;
  std::vector<Matcher*> heap_;  // the lowest row in front
};

class GroupMatcher : public Matcher {
 public:
  GroupMatcher(MatcherPtr found, MatcherPtr optional, MatcherPtr excluded)
      : found_(std::move(found)), optional_(std::move(optional)), excluded_(std::move(excluded)) {
    begin();
  }
  double score() override {
    double score = found_->score();
    if (optional_ == nullptr) return score;
    optional_->seek(row());
    if (optional_->row() == row()) score += optional_->score();
    return score;
  }
  uint32_t length() override { return found_->length(); }
  Status status() const override {
    QUIPU_RETURN_IF_ERROR(found_->status());
    if (optional_ != nullptr) QUIPU_RETURN_IF_ERROR(optional_->status());
    return excluded_ == nullptr ? Status::ok() : excluded_->status();
  }

 protected:
  uint32_t find(uint32_t target) override {
    for (found_->seek(target); found_->row() != kNoRow; found_->seek(found_->row() + 1)) {
      if (excluded_ == nullptr) break;
      excluded_->seek(found_->row());
      if (excluded_->row() != found_->row()) break;
    }
    return found_->row();
  }

 private:
  MatcherPtr found_;
  MatcherPtr optional_;
  MatcherPtr excluded_;
};

class PhraseMatcher : public Matcher {
 public:
  PhraseMatcher(MatcherPtr all, PhraseSlots phrase, const TextIndex& index, const Bm25Term& worth)
      : all_(std::move(all)), phrase_(std::move(phrase)), index_(index), worth_(worth) {
    begin();
  }
  double score() override { return worth_.score(frequency_, all_->length()); }
  uint32_t length() override { return all_->length(); }
  Status status() const override { return status_.is_ok() ? all_->status() : status_; }

 protected:
  uint32_t find(uint32_t target) override {
    for (all_->seek(target); all_->row() != kNoRow; all_->seek(all_->row() + 1)) {
      const Result<std::vector<PlacedTerm>> places = index_.places(all_->row(), phrase_.terms);
      if (!places) {
        status_ = places.error();
        return kNoRow;
      }
      frequency_ = count(*places);
      if (frequency_ != 0) break;
    }
    return all_->row();
  }

 private:
  // How often the phrase is there.
  uint32_t count(const std::vector<PlacedTerm>& places) const {
    std::vector<std::vector<uint32_t>> positions(phrase_.terms.size());
    for (const PlacedTerm& place : places) positions[place.term].push_back(place.position);
    std::vector<uint32_t> starts = positions[phrase_.slots.front().term];
    std::vector<uint32_t> kept;
    for (const PlacedTerm& slot : phrase_.slots) {
      // Both are sorted.
      const std::vector<uint32_t>& there = positions[slot.term];
      auto at = there.begin();
      kept.clear();
      for (const uint32_t start : starts) {
        while (at != there.end() && *at < start + slot.position) ++at;
        if (at == there.end()) break;
        if (*at == start + slot.position) kept.push_back(start);
      }
      starts.swap(kept);
    }
    return static_cast<uint32_t>(starts.size());
  }

  MatcherPtr all_;
  PhraseSlots phrase_;
  const TextIndex& index_;
  Bm25Term worth_;
  uint32_t frequency_ = 0;
  Status status_;
};

}  // namespace

MatcherPtr make_term_matcher(PostingsCursor cursor) {
  return std::make_unique<TermMatcher>(std::move(cursor));
}

MatcherPtr make_all_matcher(std::vector<MatcherPtr> parts) {
  return parts.size() == 1 ? std::move(parts.front()) : std::make_unique<AllMatcher>(std::move(parts));
}

MatcherPtr make_any_matcher(std::vector<MatcherPtr> parts) {
  return parts.size() == 1 ? std::move(parts.front()) : std::make_unique<AnyMatcher>(std::move(parts));
}

MatcherPtr make_group_matcher(MatcherPtr found, MatcherPtr optional, MatcherPtr excluded) {
  if (optional == nullptr && excluded == nullptr) return found;
  return std::make_unique<GroupMatcher>(std::move(found), std::move(optional), std::move(excluded));
}

MatcherPtr make_phrase_matcher(MatcherPtr all, PhraseSlots phrase, const TextIndex& index,
                               const Bm25Term& worth) {
  return std::make_unique<PhraseMatcher>(std::move(all), std::move(phrase), index, worth);
}

}  // namespace quipu
