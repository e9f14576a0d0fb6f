// MemoryTextIndex: a text index whose entries are in a map, written as any batch writes them.

#ifndef QUIPU_TESTS_SUPPORT_MEMORY_TEXT_INDEX_H_
#define QUIPU_TESTS_SUPPORT_MEMORY_TEXT_INDEX_H_

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "engine/text/analysis/analyser.h"
#include "engine/text/stored/content_reader.h"
#include "engine/text/stored/node_text.h"
#include "engine/text/stored/stored_text_index.h"
#include "quipu/backend/text_entries.h"
#include "quipu/json.h"

namespace quipu::testing {

class EntryMap : public EntryReader, public EntryWriter {
 public:
  Result<std::optional<std::string>> get(std::string_view key) const override {
    const auto found = entries.find(key);
    return found == entries.end() ? std::optional<std::string>() : std::optional(found->second);
  }
  std::unique_ptr<Walk> walk() const override { return std::make_unique<MapWalk>(entries); }
  Status put(std::string_view key, std::string_view value) override {
    changes.insert_or_assign(std::string(key), std::string(value));
    return Status::ok();
  }
  Status erase(std::string_view key) override {
    changes.insert_or_assign(std::string(key), std::nullopt);
    return Status::ok();
  }
  // Writes are seen from here on, as those of a batch.
  void commit() {
    for (auto& [key, value] : changes) {
      if (value) {
        entries.insert_or_assign(key, *std::move(value));
      } else {
        entries.erase(key);
      }
    }
    changes.clear();
  }

  using Entries = std::map<std::string, std::string, std::less<>>;
  Entries entries;
  std::map<std::string, std::optional<std::string>> changes;

 private:
  class MapWalk : public Walk {
   public:
    explicit MapWalk(const Entries& entries) : entries_(entries), at_(entries.end()) {}
    void seek(std::string_view key) override { at_ = entries_.lower_bound(key); }
    void next() override { ++at_; }
    bool valid() const override { return at_ != entries_.end(); }
    std::string_view key() const override { return at_->first; }
    std::string_view value() const override { return at_->second; }
    Status status() const override { return Status::ok(); }

   private:
    const Entries& entries_;
    Entries::const_iterator at_;
  };
};

class MemoryTextIndex {
 public:
  explicit MemoryTextIndex(std::string_view analyser = "english")
      : indexer_(*TextIndexer::make(analyser)),
        analyser_(analyser == SPARSE_VECTORS ? nullptr : *Analyser::make(analyser)) {}

  static std::string node(std::string_view text) {
    std::string json = R"({"__data__": {"id_": "x", "text": )";
    append_json_string(text, json);
    return json + R"(, "class_name": "TextNode"}, "__type__": "1"})";
  }

  // One batch: what the values of these keys will be; empty: gone.
  void change(const std::map<std::string, std::string>& values) {
    const auto batch = indexer_->begin(entries_, entries_);
    for (const auto& [key, value] : values) {
      std::string& stored = values_[key];
      const Status changed = batch->change(key, stored, value, next_row_++);
      EXPECT_TRUE(changed.is_ok()) << changed.message();
      stored = value;
    }
    EXPECT_TRUE(batch->finish().is_ok());
    totals_.documents += batch->added().documents;
    totals_.tokens += batch->added().tokens;
    entries_.commit();
    for (const std::string& term : std::move(*batch).terms_to_fold()) fold(term);
  }
  void fold(std::string_view term) {
    const Status folded = TextIndexer::fold(term, entries_, next_row_, entries_);
    EXPECT_TRUE(folded.is_ok()) << folded.message();
    entries_.commit();
  }
  void fold_all() {
    const std::vector<std::string> terms = *TextIndexer::terms_to_fold(entries_, {}, SIZE_MAX);
    for (const std::string& term : terms) fold(term);
  }
  // A document; its row is the next one.
  void add(std::string_view text) { change({{"d" + std::to_string(next_row_), node(text)}}); }

  // As it is now; must go before it changes.
  std::unique_ptr<StoredTextIndex> index() const {
    return std::make_unique<StoredTextIndex>(
        entries_, totals_, analyser_.get(),
        [this](std::string_view id) -> Result<std::optional<std::string>> {
          const auto found = values_.find(std::string(id));
          return found == values_.end() ? std::nullopt : text_of_node(found->second);
        });
  }
  Analyser& analyser() const { return *analyser_; }
  EntryMap& entries() { return entries_; }
  const TextTotals& totals() const { return totals_; }
  uint32_t next_row() const { return next_row_; }
  const std::map<std::string, std::string>& values() const { return values_; }

 private:
  std::shared_ptr<TextIndexer> indexer_;
  std::unique_ptr<Analyser> analyser_;
  EntryMap entries_;
  TextTotals totals_;
  uint32_t next_row_ = 0;
  std::map<std::string, std::string> values_;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_MEMORY_TEXT_INDEX_H_
