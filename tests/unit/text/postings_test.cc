// Chunks of postings and the walk through them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/varint.h"
#include "engine/text/postings/postings_cursor.h"
#include "tests/support/random.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;

const Bm25Term kTerm({1000, 20'000}, 2.0);

std::vector<Posting> random_postings(Random& random, size_t count, uint32_t gap, uint32_t first = 0) {
  std::vector<Posting> postings;
  uint32_t row = first;
  for (size_t i = 0; i < count; ++i) {
    row += static_cast<uint32_t>(random.below(gap)) + (i == 0 ? 0 : 1);
    const auto frequency = static_cast<uint32_t>(1 + random.below(random.one_in(4) ? 9 : 1));
    postings.push_back({row, frequency, frequency + static_cast<uint32_t>(random.below(60))});
  }
  return postings;
}

// In chunks of at most `size`.
struct Chunks {
  Chunks(std::span<const Posting> postings, size_t size) {
    while (!postings.empty()) {
      const auto chunk = postings.first(std::min(size, postings.size()));
      bytes.push_back(make_postings_chunk(chunk));
      last_rows.push_back(chunk.back().row);
      postings = postings.subspan(chunk.size());
    }
  }
  std::unique_ptr<ChunkSource> source() const {
    std::vector<ChunksInMemory::Chunk> chunks;
    for (size_t i = 0; i < bytes.size(); ++i) chunks.push_back({last_rows[i], bytes[i]});
    return std::make_unique<ChunksInMemory>(std::move(chunks));
  }
  std::vector<std::string> bytes;
  std::vector<uint32_t> last_rows;
};

TEST(PostingsChunkTest, TheBytesOfAFewPostingsAreAsTheFormatHasThem) {
  const std::string bytes = make_postings_chunk(std::vector<Posting>{{5, 1, 10}, {6, 3, 9}, {200, 1, 4}});
  std::string expected;
  for (const uint64_t number : {3, 5, 195,         // how many, the first row, from it to the last
                                0 << 1, 10,        // row 5, of ten tokens
                                0 << 1 | 1, 3, 9,  // row 6, three times in nine tokens
                                193 << 1, 4}) {    // row 200
    append_varint(number, expected);
  }
  EXPECT_EQ(expected, bytes);
}

TEST(PostingsChunkTest, AFullBlockIsATableEntryAndPackedNumbers) {
  std::vector<Posting> postings;
  for (uint32_t i = 0; i < kBlockPostings; ++i) postings.push_back({2 * i, 1 + i % 2, 7});
  const std::string bytes = make_postings_chunk(postings);
  std::string expected;
  for (const uint64_t number : {128, 0, 254, 255, 1, 1, 3, 1, 2, 7}) append_varint(number, expected);
  // Rows: the first lies on the row before, all others one away; frequencies 0 and 1 in turn.
  std::string numbers(32, '\xff');
  numbers[0] = '\xfe';
  for (size_t lane = 0; lane < 4; ++lane) {
    for (size_t byte = 0; byte < 4; ++byte) numbers[16 + 4 * lane + byte] = lane % 2 == 0 ? '\0' : '\xff';
  }
  EXPECT_EQ(expected + numbers + std::string(48, '\xff'), bytes);  // each length in three bits: 7
}

TEST(PostingsCursorTest, WalksThroughAllChunks) {
  Random random(test_seed());
  for (const uint32_t count : {1, 2, 15, 16, 127, 128, 129, 300, 4096, 4097, 9000}) {
    const std::vector<Posting> postings =
        random_postings(random, count, 1 + count % 7 * 40, random.one_in(2) ? 0 : 77);
    const Chunks chunks(postings, random.one_in(2) ? kChunkPostings : 130);
    PostingsCursor cursor(chunks.source(), kTerm);
    for (const Posting& posting : postings) {
      ASSERT_EQ(posting.row, cursor.row());
      ASSERT_EQ(posting.frequency, cursor.frequency());
      ASSERT_EQ(posting.length, cursor.length());
      ASSERT_EQ(kTerm.score(posting.frequency, posting.length), cursor.score());
      ASSERT_GE(cursor.block_bound(), kTerm.score(posting.frequency, posting.length));
      ASSERT_GE(cursor.block_last_row(), posting.row);
      cursor.next();
    }
    EXPECT_EQ(kNoRow, cursor.row());
    EXPECT_EQ(0, cursor.block_bound());
    EXPECT_TRUE(cursor.status().is_ok()) << cursor.status().message();
  }
}

TEST(PostingsChunkTest, IsReadAsAWhole) {
  Random random(test_seed());
  for (const size_t count : {1, 127, 128, 500, 4096}) {
    const std::vector<Posting> postings = random_postings(random, count, 30, 5);
    std::vector<Posting> read = {{1, 1, 1}};
    ASSERT_TRUE(read_postings_chunk(make_postings_chunk(postings), read));
    EXPECT_EQ(postings, std::vector<Posting>(read.begin() + 1, read.end()));
  }
  std::vector<Posting> none;
  EXPECT_FALSE(read_postings_chunk("x", none));
}

TEST(PostingsCursorTest, SeeksAsIfItWentThroughAll) {
  Random random(test_seed());
  for (int round = 0; round < 300; ++round) {
    const std::vector<Posting> postings = random_postings(random, 1 + random.below(2000), 50);
    const Chunks chunks(postings, 1 + random.below(600));
    PostingsCursor cursor(chunks.source(), kTerm);
    uint32_t target = 0;
    while (cursor.row() != kNoRow) {
      target += static_cast<uint32_t>(random.below(random.one_in(5) ? 20'000 : 120));
      if (random.one_in(3)) {
        cursor.seek_block(target);
        const auto in = std::ranges::lower_bound(postings, target, {}, &Posting::row);
        ASSERT_EQ(in == postings.end(), cursor.block_last_row() == kNoRow);
        if (in != postings.end()) {
          ASSERT_GE(cursor.block_last_row(), target);
          ASSERT_GE(cursor.block_bound(), kTerm.score(in->frequency, in->length));
        }
      }
      const uint32_t expected = std::max(target, cursor.row());
      cursor.seek(target);
      const auto found = std::ranges::lower_bound(postings, expected, {}, &Posting::row);
      ASSERT_EQ(found == postings.end() ? kNoRow : found->row, cursor.row()) << target;
      if (found != postings.end()) {
        ASSERT_EQ(found->frequency, cursor.frequency());
      }
    }
  }
}

TEST(PostingsCursorTest, TheHighestRowsAreRows) {
  const Chunks chunks(std::vector<Posting>{{0, 1, 1}, {kNoRow - 1, UINT32_MAX, UINT32_MAX}}, 10);
  PostingsCursor cursor(chunks.source(), kTerm);
  cursor.seek(1);
  EXPECT_EQ(kNoRow - 1, cursor.row());
  EXPECT_EQ(UINT32_MAX, cursor.frequency());
  cursor.next();
  EXPECT_EQ(kNoRow, cursor.row());
}

TEST(PostingsCursorTest, NoChunksAreNoRows) {
  PostingsCursor cursor(std::make_unique<ChunksInMemory>(std::vector<ChunksInMemory::Chunk>()), kTerm);
  EXPECT_EQ(kNoRow, cursor.row());
  EXPECT_TRUE(cursor.status().is_ok());
}

TEST(PostingsCursorTest, DamagedChunksAreErrorsAtWorst) {
  Random random(test_seed());
  const std::vector<Posting> postings = random_postings(random, 300, 5);
  const std::string bytes = make_postings_chunk(postings);
  size_t errors = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::string damaged = bytes.substr(0, size);
    if (!random.one_in(3)) {
      damaged = bytes;
      damaged[size] = static_cast<char>(random.below(256));
    }
    PostingsCursor cursor(
        std::make_unique<ChunksInMemory>(std::vector<ChunksInMemory::Chunk>{{kNoRow, damaged}}), kTerm);
    size_t rows = 0;
    while (cursor.row() != kNoRow && ++rows <= kChunkPostings) {
      (void)cursor.frequency();
      cursor.next();
    }
    ASSERT_LE(rows, kChunkPostings);
    if (!cursor.status().is_ok()) {
      EXPECT_EQ(StatusCode::kCorruption, cursor.status().code());
      ++errors;
    }
  }
  EXPECT_GT(errors, bytes.size() / 4);
}

}  // namespace
}  // namespace quipu::testing
