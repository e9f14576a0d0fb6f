// Text search: the first line is a query, each later one a document: a few of the best are the first of all
// that are found. Behind a "c", all of the input is a chunk of postings instead, which may be damaged.

#include "engine/text/text_search.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/memory_text_index.h"

namespace quipu::testing {
namespace {

void read_chunk(std::string_view bytes) {
  PostingsCursor cursor(std::make_unique<ChunksInMemory>(std::vector<ChunksInMemory::Chunk>{{kNoRow, bytes}}),
                        Bm25Term({9, 99}, 1));
  size_t rows = 0;
  for (; cursor.row() != kNoRow; cursor.next()) {
    require(++rows <= kChunkPostings, "a chunk has an end");
    (void)cursor.score();
  }
}

void check_search(const TextIndex& index, const TextQuery& query, Analyser& analyser) {
  const Result<std::vector<TextHit>> all = search_text(index, query, analyser, 1000);
  const Result<std::vector<TextHit>> best = search_text(index, query, analyser, 2);
  require(all.has_value() == best.has_value(), "an error does not depend on k");
  if (!all) return;
  for (size_t i = 0; i < best->size(); ++i) require((*best)[i] == (*all)[i], "the best are the first of all");
  require(best->size() == std::min<size_t>(2, all->size()), "as many as are asked for");
}

}  // namespace

void fuzz_one(std::string_view input) {
  if (input.starts_with('c')) return read_chunk(input.substr(1));
  auto [text, rest] = lines_of(input);
  MemoryTextIndex made;
  while (!rest.empty()) {
    const auto [document, behind] = lines_of(rest);
    rest = behind;
    made.add(document);
  }
  const auto index = made.index();
  check_search(*index, TextQuery::words(text), made.analyser());
  if (const Result<TextQuery> query = TextQuery::parse(text)) check_search(*index, *query, made.analyser());
}

}  // namespace quipu::testing
