#include "engine/text/block_max_score.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/random.h"

namespace quipu::testing {
namespace {

const TextFilter kEverything;
const RowFilter kAll(kEverything);

// Terms of random documents, as chunks and as a table.
struct Corpus {
  Corpus(Random& random, uint32_t rows, size_t terms) : statistics{rows, 0}, postings(terms) {
    for (uint32_t row = 0; row < rows; ++row) {
      const auto length = static_cast<uint32_t>(1 + random.below(1 + random.below(200)));
      statistics.tokens += length;
      for (size_t term = 0; term < terms; ++term) {
        if (!random.one_in(1 + 3 * term * term)) continue;
        postings[term].push_back({row, static_cast<uint32_t>(1 + random.below(length)), length});
      }
    }
    for (const std::vector<Posting>& list : postings) {
      for (std::span<const Posting> rest = list; !rest.empty();) {
        const auto chunk = rest.first(std::min<size_t>(rest.size(), 1000));
        bytes[&list - postings.data()].push_back({chunk.back().row, make_postings_chunk(chunk)});
        rest = rest.subspan(chunk.size());
      }
    }
  }

  Bm25Term term(size_t i) const { return {statistics, Bm25Term::idf(statistics, postings[i].size())}; }

  std::vector<PostingsCursor> cursors(const std::vector<size_t>& terms) const {
    std::vector<PostingsCursor> cursors;
    for (const size_t i : terms) {
      std::vector<ChunksInMemory::Chunk> chunks;
      if (bytes.contains(i)) {
        for (const auto& [last_row, chunk] : bytes.at(i)) chunks.push_back({last_row, chunk});
      }
      std::vector<Impact> documents;
      for (const Posting& posting : postings[i]) documents.push_back({posting.frequency, posting.length});
      const std::vector<Impact> impacts = i % 3 == 0 ? std::vector<Impact>() : best_impacts(documents);
      cursors.emplace_back(std::make_unique<ChunksInMemory>(std::move(chunks)), term(i), impacts);
    }
    return cursors;
  }

  // Every row is scored.
  std::vector<TextHit> best(const std::vector<size_t>& terms, size_t k,
                            const std::vector<uint32_t>* allowed) const {
    std::map<uint32_t, double> scores;
    for (const size_t i : terms) {
      for (const Posting& posting : postings[i]) {
        scores[posting.row] += term(i).score(posting.frequency, posting.length);
      }
    }
    std::vector<TextHit> hits;
    for (const auto& [row, score] : scores) {
      if (allowed == nullptr || std::ranges::binary_search(*allowed, row))
        hits.push_back({row, static_cast<float>(score)});
    }
    std::ranges::stable_sort(hits, std::greater(), &TextHit::score);
    hits.resize(std::min(k, hits.size()));
    return hits;
  }

  TextStatistics statistics;
  std::vector<std::vector<Posting>> postings;
  std::map<size_t, std::vector<std::pair<uint32_t, std::string>>> bytes;
};

TEST(BlockMaxScoreTest, FindsWhatScoringEveryRowFinds) {
  Random random(test_seed());
  for (int round = 0; round < 20; ++round) {
    const auto rows = static_cast<uint32_t>(1 + random.below(round % 4 == 0 ? 20'000 : 700));
    const Corpus corpus(random, rows, 12);
    for (int query = 0; query < 40; ++query) {
      std::vector<size_t> terms;
      for (size_t term = 0; term < 12; ++term) {
        if (random.one_in(3)) terms.push_back(term);
      }
      std::vector<uint32_t> allowed;
      const uint64_t share = 1 + random.below(30);
      for (uint32_t row = 0; row < rows; ++row) {
        if (random.one_in(share)) allowed.push_back(row);
      }
      const std::vector<uint32_t>* const only = random.one_in(2) ? &allowed : nullptr;
      TextFilter wanted;
      if (random.one_in(2)) {
        wanted.rows = only;
      } else if (only != nullptr) {
        wanted.accepts = [&](uint32_t row) { return std::ranges::binary_search(allowed, row); };
      }
      const RowFilter filter(wanted);
      const size_t k = random.below(30);
      std::vector<PostingsCursor> cursors = corpus.cursors(terms);
      TextTopK best(k);
      ASSERT_TRUE(find_top_k(cursors, filter, best).is_ok());
      ASSERT_EQ(corpus.best(terms, k, only), std::move(best).take());
    }
  }
}

// Counts what is asked of it.
class CountedChunks : public ChunksInMemory {
 public:
  CountedChunks(std::vector<Chunk> chunks, int& calls) : ChunksInMemory(std::move(chunks)), calls_(calls) {}
  Result<std::optional<std::string_view>> seek(uint32_t row) override {
    ++calls_;
    return ChunksInMemory::seek(row);
  }

 private:
  int& calls_;
};

TEST(BlockMaxScoreTest, BlocksOfLittleWorthAreNotRead) {
  // Row 3 counts; all that comes after it is worth less, so that reading ends with its block.
  std::vector<Posting> postings;
  for (uint32_t row = 0; row < 4000; ++row) postings.push_back({row, row == 3 ? 40U : 1U, 50});
  const std::string bytes = make_postings_chunk(postings);
  std::vector<PostingsCursor> cursors;
  cursors.emplace_back(std::make_unique<ChunksInMemory>(std::vector<ChunksInMemory::Chunk>{{3999, bytes}}),
                       Bm25Term({4000, 200'000}, 1.0));
  TextTopK best(1);
  ASSERT_TRUE(find_top_k(cursors, kAll, best).is_ok());
  EXPECT_EQ(127U, cursors.front().row());
  EXPECT_EQ(3U, std::move(best).take().front().row);
}

TEST(BlockMaxScoreTest, ChunksOfACommonTermAreSkippedWhereARareOneDecides) {
  std::vector<std::string> bytes;
  std::vector<ChunksInMemory::Chunk> chunks;
  for (uint32_t chunk = 0; chunk < 20; ++chunk) {
    std::vector<Posting> postings;
    for (uint32_t i = 0; i < 4096; ++i) postings.push_back({chunk * 4096 + i, 1, 10});
    bytes.push_back(make_postings_chunk(postings));
  }
  for (uint32_t chunk = 0; chunk < 20; ++chunk) chunks.push_back({chunk * 4096 + 4095, bytes[chunk]});
  const TextStatistics statistics{81'920, 819'200};
  const std::string rare = make_postings_chunk(std::vector<Posting>{{5, 1, 10}, {60'000, 2, 10}});
  std::vector<PostingsCursor> cursors;
  int calls = 0;
  cursors.emplace_back(std::make_unique<CountedChunks>(chunks, calls), Bm25Term(statistics, 0.001));
  cursors.emplace_back(std::make_unique<ChunksInMemory>(std::vector<ChunksInMemory::Chunk>{{60'000, rare}}),
                       Bm25Term(statistics, 9.0));
  TextTopK best(1);
  ASSERT_TRUE(find_top_k(cursors, kAll, best).is_ok());
  EXPECT_EQ(60'000U, std::move(best).take().front().row);
  EXPECT_EQ(2, calls);  // the chunks of the two rows, of twenty
}

TEST(BlockMaxScoreTest, DamageOfAnyTermIsAnError) {
  std::vector<PostingsCursor> cursors;
  const std::string good = make_postings_chunk(std::vector<Posting>{{1, 1, 1}});
  const Bm25Term term({2, 4}, 1.0);
  cursors.emplace_back(std::make_unique<ChunksInMemory>(std::vector<ChunksInMemory::Chunk>{{1, good}}), term);
  cursors.emplace_back(std::make_unique<ChunksInMemory>(std::vector<ChunksInMemory::Chunk>{{1, "x"}}), term);
  TextTopK best(1);
  EXPECT_EQ(StatusCode::kCorruption, find_top_k(cursors, kAll, best).code());
}

TEST(TextTopKTest, AmongEqualScoresTheFirstRowsAreKept) {
  TextTopK best(2);
  EXPECT_LT(best.threshold(), 0);
  for (const uint32_t row : {1, 2, 3}) best.offer(row, 1);
  EXPECT_EQ(1, best.threshold());
  TextTopK better = best;
  EXPECT_EQ((std::vector<TextHit>{{1, 1}, {2, 1}}), std::move(best).take());
  better.offer(4, 2);
  EXPECT_EQ((std::vector<TextHit>{{4, 2}, {1, 1}}), std::move(better).take());
}

}  // namespace
}  // namespace quipu::testing
