// Terms, documents and scores as bm25s and PyStemmer have them: tests/data/text_scores.py.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "engine/text/text_search.h"
#include "quipu/json.h"
#include "tests/support/memory_text_index.h"

namespace quipu::testing {
namespace {

Json golden() {
  std::ifstream file(QUIPU_SOURCE_DIR "/tests/data/text_scores.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Result<Json> json = Json::parse(text);
  EXPECT_TRUE(json.has_value()) << json.error().message();
  return *std::move(json);
}

TEST(TextScoresTest, TermsAreThoseOfBm25s) {
  const Json all = golden();
  size_t checked = 0;
  for (const JsonView analysis : all.view().find("analyses")->elements()) {
    const auto analyser = Analyser::make(analysis.find("analyser")->string());
    ASSERT_TRUE(analyser.has_value());
    std::vector<std::string> expected;
    for (const JsonView term : analysis.find("terms")->elements()) expected.push_back(term.string());
    std::vector<std::string> terms;
    (*analyser)->analyse(analysis.find("text")->string(),
                         [&](const Token& token) { terms.emplace_back(token.term); });
    EXPECT_EQ(expected, terms) << analysis.text();
    ++checked;
  }
  EXPECT_EQ(28u, checked);
}

TEST(TextScoresTest, ScoresAreThoseOfBm25s) {
  const Json all = golden();
  MemoryTextIndex made;
  for (const JsonView document : all.view().find("documents")->elements()) made.add(document.string());
  const auto index = made.index();
  size_t checked = 0;
  for (const JsonView query : all.view().find("queries")->elements()) {
    const TextQuery words = TextQuery::words(query.find("text")->string());
    const Result<std::vector<TextHit>> all_hits =
        search_text(*index, words, made.analyser(), made.next_row());
    const Result<std::vector<TextHit>> hits = search_text(*index, words, made.analyser(), 10);
    ASSERT_TRUE(hits.has_value());
    size_t place = 0;
    for (const JsonView expected : query.find("hits")->elements()) {
      ASSERT_LT(place, hits->size()) << query.text();
      const auto element = expected.elements().begin();
      const auto row = static_cast<uint32_t>(*(*element).int64());
      auto second = element;
      const double score = *(*++second).number();
      EXPECT_NEAR(score, (*hits)[place].score, score * 1e-5) << query.text();
      // Its own document has that score: another one may only stand here by a tie.
      const auto own = std::ranges::find(*all_hits, row, &TextHit::row);
      ASSERT_NE(own, all_hits->end());
      EXPECT_NEAR(score, own->score, score * 1e-5) << query.text();
      ++place;
      ++checked;
    }
    EXPECT_EQ(place, hits->size()) << query.text();
  }
  EXPECT_GT(checked, 300u);
}

}  // namespace
}  // namespace quipu::testing
