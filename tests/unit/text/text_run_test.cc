#include "engine/text/text_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> names(std::span<const TextRun::Term> terms) {
  std::vector<std::string> names;
  for (const TextRun::Term& term : terms) names.emplace_back(term.term);
  return names;
}

struct MadeRun {
  explicit MadeRun(std::initializer_list<std::string_view> texts, uint32_t first_row = 0) : run(first_row) {
    for (const std::string_view text : texts) run.add(text, *analyser);
    run.finish();
  }
  std::unique_ptr<Analyser> analyser = *Analyser::make("english");
  TextRun run;
};

std::vector<uint32_t> rows_of(const TextIndex& index, std::string_view term) {
  Result<TermPostings> postings = index.postings(term);
  std::vector<uint32_t> rows;
  if (postings->documents == 0) return rows;
  for (PostingsCursor cursor(std::move(postings->chunks), Bm25Term({1, 1}, 1)); cursor.row() != kNoRow;
       cursor.next()) {
    rows.push_back(cursor.row());
    rows.push_back(cursor.frequency());
  }
  EXPECT_EQ(postings->documents, rows.size() / 2);
  return rows;
}

TEST(TextRunTest, HasTheTermsOfItsDocuments) {
  const MadeRun made({"Dogs and cats", "", "the cat, the cats; a mouse"}, 10);
  const TextRun& run = made.run;
  EXPECT_EQ(10u, run.first_row());
  EXPECT_EQ(3u, run.documents_added());
  EXPECT_EQ(3u, run.statistics().documents);
  EXPECT_EQ(5u, run.statistics().tokens);
  EXPECT_EQ(2u, run.lengths().at(10));
  EXPECT_EQ(0u, run.lengths().at(11));
  EXPECT_EQ(3u, run.lengths().at(12));
  EXPECT_THAT(names(run.terms()), ElementsAre("cat", "dog", "mous"));
  EXPECT_EQ(2u, run.terms()[0].documents);
  EXPECT_THAT(rows_of(run, "cat"), ElementsAre(10, 1, 12, 2));
  EXPECT_THAT(rows_of(run, "mous"), ElementsAre(12, 1));
  EXPECT_THAT(rows_of(run, "cats"), ElementsAre());
}

TEST(TextRunTest, KeepsTheOrderOfEachText) {
  const MadeRun made({"Dogs and cats", "", "the cat, the cats; a mouse"});
  std::vector<std::string> text;
  for (const PlacedTerm& token : made.run.text(2)) {
    text.push_back(std::string(made.run.terms()[token.term].term) + "@" + std::to_string(token.position));
  }
  EXPECT_THAT(text, ElementsAre("cat@1", "cat@3", "mous@4"));
  EXPECT_TRUE(made.run.text(1).empty());
  const Result<std::vector<PlacedTerm>> places =
      made.run.places(2, std::vector<std::string>{"mous", "bird", "cat"});
  ASSERT_EQ(3u, places->size());
  EXPECT_EQ(1u, (*places)[0].position);
  EXPECT_EQ(2u, (*places)[0].term);
  EXPECT_EQ(4u, (*places)[2].position);
  EXPECT_EQ(0u, (*places)[2].term);
}

TEST(TextRunTest, FindsTermsByTheirBeginning) {
  const MadeRun made({"index indices indirect in inside oxen"});
  EXPECT_THAT(*made.run.terms_with_prefix("ind", 10), ElementsAre("index", "indic", "indirect"));
  EXPECT_THAT(*made.run.terms_with_prefix("ind", 2), ElementsAre("index", "indic"));
  EXPECT_THAT(*made.run.terms_with_prefix("z", 2), ElementsAre());
}

TEST(TextRunTest, ManyDocumentsAreSeveralChunksAndPages) {
  TextRun run(4000);
  const auto analyser = *Analyser::make("words");
  for (int i = 0; i < 10'000; ++i) run.add(i % 3 == 0 ? "common rare" : "common common", *analyser);
  run.finish();
  ASSERT_EQ(2u, run.terms().size());
  EXPECT_EQ(10'000u, run.terms()[0].documents);
  ASSERT_EQ(3u, run.terms()[0].chunks.size());
  EXPECT_EQ(4000u + 4095, run.terms()[0].chunks[0].last_row);
  EXPECT_EQ(4000u + 9999, run.terms()[0].chunks[2].last_row);
  EXPECT_EQ(3334u, run.terms()[1].documents);
  EXPECT_EQ(2u, run.lengths().at(4095));
  EXPECT_EQ(2u, run.lengths().at(13'999));
}

TEST(TextRunTest, AMillionEqualWordsAreOnePosting) {
  TextRun run;
  const auto analyser = *Analyser::make("words");
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) text += "ab ";
  run.add(text, *analyser);
  run.finish();
  EXPECT_THAT(rows_of(run, "ab"), ElementsAre(0, 1'000'000));
  EXPECT_EQ(1'000'000u, run.lengths().at(0));
}

}  // namespace
}  // namespace quipu::testing
