// Text indexes as entries: batches, folds, and what a search makes of them.

#include "engine/text/stored/stored_text_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/text/stored/entry_keys.h"
#include "engine/text/stored/stored_postings.h"
#include "engine/text/text_search.h"
#include "tests/support/memory_text_index.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Values = std::map<std::string, std::string>;

std::vector<std::pair<std::string, float>> hits(const MemoryTextIndex& made, std::string_view query,
                                                size_t k = 10) {
  const auto index = made.index();
  const auto found = search_text(*index, TextQuery::words(query), made.analyser(), k);
  EXPECT_TRUE(found.has_value()) << found.error().message();
  std::vector<std::pair<std::string, float>> named;
  for (const TextHit& hit : *found) named.emplace_back((*index->node_of(hit.row)).value_or("?"), hit.score);
  return named;
}

std::vector<std::string> ids(const MemoryTextIndex& made, std::string_view query) {
  std::vector<std::string> ids;
  for (const auto& [id, score] : hits(made, query)) ids.push_back(id);
  return ids;
}

TEST(EntryKeysTest, TermsOfAnyBytesAreToldApart) {
  const std::string zero("a\0b", 3);
  for (const std::string& term :
       {std::string("a"), zero, std::string("\0", 1), std::string(), std::string("\xff")}) {
    const std::string prefix = term_prefix(term);
    for (const char kind : {kHead, kChunk, kAddition}) {
      const auto parsed = parse_term_key(term_key(prefix, kind, 0x01020304));
      ASSERT_TRUE(parsed.has_value());
      EXPECT_EQ(term, parsed->term);
      EXPECT_EQ(kind, parsed->kind);
      EXPECT_EQ(kind == kHead ? 0U : 0x01020304U, parsed->row);
    }
  }
  EXPECT_FALSE(is_term_key(term_key(term_prefix(zero), kChunk, 1), term_prefix("a"), kChunk));
  EXPECT_TRUE(is_term_key(term_key(term_prefix("a"), kChunk, 1), term_prefix("a"), kChunk));
  EXPECT_TRUE(term_prefix(zero).starts_with(terms_prefix("a")));
  EXPECT_FALSE(parse_term_key("p").has_value());
  EXPECT_FALSE(parse_term_key(term_prefix("a") + kChunk + "123").has_value());
  EXPECT_FALSE(parse_term_key(term_prefix("a") + kBehindTerm).has_value());
}

TEST(EntryKeysTest, LongNodeIdsAreHashed) {
  EXPECT_EQ("nshort", node_key("short"));
  const std::string a = node_key(std::string(100, 'a'));
  EXPECT_EQ(17u, a.size());
  EXPECT_NE(a, node_key(std::string(101, 'a')));
}

TEST(StoredTextIndexTest, ChangesAreSeenAtOnce) {
  MemoryTextIndex made;
  made.change({{"a", made.node("a black cat")}, {"b", made.node("a dog")}});
  EXPECT_THAT(ids(made, "cats"), ElementsAre("a"));
  made.change({{"b", made.node("a dog and a cat")}});
  EXPECT_THAT(ids(made, "cat"), ElementsAre("a", "b"));
  made.change({{"a", ""}});
  EXPECT_THAT(ids(made, "cat"), ElementsAre("b"));
  EXPECT_THAT(ids(made, "black"), IsEmpty());
  EXPECT_EQ((TextTotals{1, 2}), made.totals());
  made.change({{"a", made.node("cat")}});
  made.fold_all();
  EXPECT_THAT(ids(made, "cat"), ElementsAre("a", "b"));
  made.change({{"a", ""}, {"b", ""}});
  made.fold_all();
  EXPECT_EQ((TextTotals{0, 0}), made.totals());
  EXPECT_TRUE(made.entries().entries.empty());
}

TEST(StoredTextIndexTest, TermsWithZerosAreToldApart) {
  MemoryTextIndex made("whitespace");
  const std::string zero("a\0b", 3);
  for (int i = 0; i < 1100; ++i) made.add(zero);  // more than a head holds
  made.fold_all();
  made.add("a");
  EXPECT_EQ(1u, ids(made, "a").size());
  made.fold_all();
  EXPECT_EQ(1u, ids(made, "a").size());
  EXPECT_EQ(10u, ids(made, zero).size());
}

TEST(StoredTextIndexTest, WhatIsNoNodeIsNotIndexed) {
  MemoryTextIndex made;
  made.change({{"a", R"({"x": "cat"})"}, {"b", made.node("cat")}});
  EXPECT_THAT(ids(made, "cat"), ElementsAre("b"));
  made.change({{"a", made.node("cat")}, {"b", R"({"x": 1})"}});
  EXPECT_THAT(ids(made, "cat"), ElementsAre("a"));
  EXPECT_EQ(1u, made.totals().documents);
}

// Random changes, folds of any terms at any time: as if all had been written at once.
TEST(StoredTextIndexTest, IsWhatANewIndexOfTheSameNodesIs) {
  Random random(test_seed());
  for (int round = 0; round < 4; ++round) {
    MemoryTextIndex made("words");
    std::map<std::string, std::string> values;
    const size_t nodes = round == 0 ? 3000 : 60;
    for (int batch = 0; batch < 150; ++batch) {
      Values changes;
      const size_t count = random.one_in(10) ? nodes : 1 + random.below(5);
      for (size_t i = 0; i < count; ++i) {
        const std::string id = "n" + std::to_string(random.below(nodes));
        std::string text;
        for (size_t word = random.below(30); word != 0; --word) {
          text += "w" + std::to_string(random.below(1 + random.below(1 + random.below(200)))) + " ";
        }
        changes[id] = random.one_in(4) ? "" : MemoryTextIndex::node(text);
      }
      made.change(changes);
      for (const auto& [id, value] : changes) values[id] = value;
      if (random.one_in(5)) made.fold("w" + std::to_string(random.below(5)));
      if (random.one_in(40)) made.fold_all();
    }
    MemoryTextIndex anew("words");
    anew.change(values);
    ASSERT_EQ(anew.totals(), made.totals());
    for (int query = 0; query < 60; ++query) {
      std::string words;
      for (size_t word = 1 + random.below(5); word != 0; --word) {
        words += "w" + std::to_string(random.below(1 + random.below(200))) + " ";
      }
      auto expected = hits(anew, words, 5000);
      auto found = hits(made, words, 5000);
      // Rows, which decide among equal scores, differ.
      std::ranges::sort(expected);
      std::ranges::sort(found);
      ASSERT_EQ(expected, found) << words;
      const auto best = hits(made, words, 7);
      ASSERT_EQ(std::min<size_t>(7, found.size()), best.size());
    }
    const auto check = TextCheck::begin(**TextIndexer::make("words"), made.entries());
    ASSERT_TRUE(check.has_value()) << check.error().message();
    for (const auto& [id, value] : made.values()) {
      if (!value.empty()) {
        EXPECT_EQ("", *(*check)->check(id, value));
      }
    }
    EXPECT_EQ("", *(*check)->finish(made.totals()));
  }
}

TEST(StoredTextIndexTest, BatchesMayComeInAnotherOrderThanTheirRows) {
  MemoryTextIndex made("words");
  const auto indexer = *TextIndexer::make("words");
  // More than a head holds, so that there are chunks.
  for (uint32_t row = 5000; row < 9000; ++row) {
    const auto batch = indexer->begin(made.entries(), made.entries());
    ASSERT_TRUE(batch->change("d" + std::to_string(row), {}, made.node("common"), row).is_ok());
    ASSERT_TRUE(batch->finish().is_ok());
  }
  made.entries().commit();
  made.fold("common");
  ASSERT_EQ(2u, made.entries().entries.size() - 2 * 4000);  // the head and a chunk
  for (const uint32_t row : {7u, 6000u - 1500u, 20'000u}) {
    const auto batch = indexer->begin(made.entries(), made.entries());
    ASSERT_TRUE(batch->change("l" + std::to_string(row), {}, made.node("common"), row).is_ok());
    ASSERT_TRUE(batch->finish().is_ok());
    made.entries().commit();
  }
  const auto rows = [&] {
    std::vector<uint32_t> rows;
    const auto index = made.index();
    Result<TermPostings> postings = index->postings("common");
    PostingsCursor cursor(std::move(postings->chunks), Bm25Term({4003, 4003}, 1));
    for (; cursor.row() != kNoRow; cursor.next()) rows.push_back(cursor.row());
    EXPECT_EQ(4003u, postings->documents);
    return rows;
  };
  const std::vector<uint32_t> before = rows();
  ASSERT_EQ(4003u, before.size());
  EXPECT_EQ(7u, before.front());
  EXPECT_EQ(20'000u, before.back());
  EXPECT_TRUE(std::ranges::is_sorted(before));
  made.fold("common");
  EXPECT_EQ(before, rows());
}

TEST(StoredTextIndexTest, DamageIsAnError) {
  MemoryTextIndex made;
  made.change({{"a", made.node("a black cat")}});
  made.fold_all();
  for (auto& [key, value] : made.entries().entries) {
    if (key.starts_with(term_prefix("cat"))) value = "x";
  }
  const auto index = made.index();
  const auto found = search_text(*index, TextQuery::words("cat"), made.analyser(), 1);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(StatusCode::kCorruption, found.error().code());
  EXPECT_EQ("text index: the head of the term \"cat\" is damaged", found.error().message());
}

TEST(TextCheckTest, FindsWhatIsWrong) {
  const auto indexer = *TextIndexer::make("english");
  MemoryTextIndex made;
  made.change({{"a", made.node("a black cat")}, {"b", made.node("a dog")}});
  const auto problems = [&](const Values& values, TextTotals totals) {
    const auto check = TextCheck::begin(*indexer, made.entries());
    EXPECT_TRUE(check.has_value());
    std::vector<std::string> found;
    for (const auto& [key, value] : values) {
      const std::string problem = *(*check)->check(key, value);
      if (!problem.empty()) found.push_back(key + ": " + problem);
    }
    const std::string rest = *(*check)->finish(totals);
    if (!rest.empty()) found.push_back(rest);
    return found;
  };
  const Values right = made.values();
  EXPECT_THAT(problems(right, {2, 3}), IsEmpty());
  EXPECT_THAT(problems(right, {2, 4}),
              ElementsAre("the text index counts 2 nodes and 4 tokens, but has 2 and 3"));
  EXPECT_THAT(problems({{"a", right.at("a")}}, {1, 2}),
              ElementsAre("the text index has rows of 2 nodes, of which 1 are there"));
  Values changed = right;
  changed["b"] = made.node("a cat");
  EXPECT_EQ("b: the text index has other terms of it than its text", problems(changed, {2, 3}).front());
  Values more = right;
  more["c"] = made.node("a bird");
  EXPECT_EQ("c: is missing in the text index", problems(more, {3, 4}).front());
}

}  // namespace
}  // namespace quipu::testing
