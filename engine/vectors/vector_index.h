// VectorIndex: all vectors of one store in memory, with what a query needs: their ids, their order, and
// columns of their metadata.
//
// Thread-safety: as a standard container.

#ifndef QUIPU_ENGINE_VECTORS_VECTOR_INDEX_H_
#define QUIPU_ENGINE_VECTORS_VECTOR_INDEX_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/vectors/best_vectors.h"
#include "engine/vectors/cascade/candidates.h"
#include "engine/vectors/cascade/sketches.h"
#include "engine/vectors/codes/vector_codes.h"
#include "engine/vectors/filters/metadata_columns.h"
#include "engine/vectors/id_table.h"
#include "engine/vectors/top_k_heap.h"
#include "quipu/backend/vector_codes.h"
#include "quipu/vector_store.h"

namespace quipu {

class VectorIndex {
 public:
  // Adds a vector, or replaces the one of this id. `order`: its place, be it another than the id had, larger
  // comes later; without it, the one that the id has, or behind all others. When it throws std::bad_alloc,
  // the index may only be cleared.
  void put(std::string_view id, std::optional<uint64_t> order, std::span<const double> elements);
  // Reads codes that a store keeps, and the ids; `check` ends it unless it is OK. REQUIRES: empty. Errors:
  // those of CodeReader; kCorruption where codes are not those of the vectors.
  Status load(const CodeReader& reader, const std::function<Status()>& check);
  void erase(std::string_view id);
  void clear();
  bool empty() const { return places_.size() == 0; }
  size_t size() const { return places_.size(); }
  size_t dimensions() const;  // the most that a vector has
  // What mmr() takes when all vectors are asked.
  uint64_t mmr_bytes() const { return uint64_t{size()} * dimensions() * sizeof(double); }
  // What one of so many vectors takes, about, with all of their codes.
  static uint64_t expected_bytes(uint64_t vectors, size_t dimensions);
  // About what it takes, columns included.
  size_t memory_bytes() const;
  // Makes do with so many bytes: a third of them at most are for an index with the lower halves of codes.
  // False where it takes more without them.
  bool keep_within(uint64_t bytes);
  // Whether to learn(), which makes queries faster, and keeps within so many bytes.
  bool wants_to_learn(uint64_t bytes) const;
  void learn();
  // About `count` rows from everywhere, or all.
  std::vector<uint32_t> sample(size_t count) const;

  std::optional<uint32_t> row_of(std::string_view id) const;
  std::string_view id_of(uint32_t row) const { return rows_[row].id; }
  size_t rows() const { return rows_.size(); }  // those of deleted vectors included
  bool holds(uint32_t row) const { return rows_[row].codes != nullptr; }

  MetadataColumns& columns() { return columns_; }
  const MetadataColumns& columns() const { return columns_; }

  // Calls `use` with every row, or with those of `ids` that there are, each once, in no order.
  template <class Use>
  void for_each_row(const std::vector<std::string>* ids, const Use& use) const {
    if (ids == nullptr) {
      for (uint32_t row = 0; row < rows_.size(); ++row) {
        if (holds(row)) use(row);
      }
      return;
    }
    std::unordered_set<uint32_t> seen;
    for (const std::string& id : *ids) {
      const std::optional<uint32_t> row = row_of(id);
      if (row && seen.insert(*row).second) use(*row);
    }
  }
  uint64_t order_of(uint32_t row) const { return rows_[row].order; }
  void sort(std::vector<uint32_t>& rows) const {
    std::ranges::sort(rows, {}, [this](uint32_t row) { return rows_[row].order; });
  }

  using Fetch = FetchVectors;
  using TopK = TopKQuery;
  // `rows` null: all. Errors: kInvalidArgument "ValueError: shapes ..." where dimensions differ.
  Result<VectorStoreQueryResult> top_k(const TopK& wanted, const std::vector<uint32_t>* rows,
                                       const Fetch& fetch) const;
  // The same of all rows for several queries, which go over the index together, on so many threads.
  std::vector<Result<VectorStoreQueryResult>> top_k_all(std::span<const TopK> wanted, const Fetch& fetch,
                                                        size_t threads) const;
  // `rows` in order. Memory: all their vectors.
  Result<VectorStoreQueryResult> mmr(std::span<const double> query, int k, double threshold,
                                     SimilarityMode mode, const std::vector<uint32_t>& rows,
                                     const Fetch& fetch) const;

 private:
  // How many vectors are in memory at a time where many are compared exactly.
  static constexpr size_t kFetchedAtOnce = 256;

  struct Row {
    std::string id;
    uint64_t order = 0;
    VectorCodes* codes = nullptr;  // null: deleted
  };
  struct Dimension {
    explicit Dimension(size_t dimensions) : codes(dimensions) {}
    VectorCodes codes;
    Sketches sketches;  // of these
    std::vector<uint32_t> row_of_slot;
  };

  // A row for a new id.
  uint32_t add_row(std::string_view id, uint64_t order);
  Dimension& dimension_of(size_t dimensions);
  // `code`: elements, or what is stored of them.
  template <class Code>
  void insert(uint32_t row, Dimension& dimension, const Code& code);
  Status load_blocks(const CodeReader& reader, Dimension& dimension, const std::function<Status()>& check);
  void remove_codes(uint32_t row);
  // Whether codes say which of so many rows of a dimension to compare.
  static bool scans(const TopK& wanted, const Dimension& dimension, size_t count);
  // The best of the candidates of so many rows; nothing where ties need all of them.
  Result<std::optional<VectorStoreQueryResult>> best_of(const TopK& wanted, const Dimension& dimension,
                                                        std::vector<Candidate> candidates, size_t count,
                                                        const Fetch& fetch) const;
  Result<std::vector<ScoredId>> compare(const TopK& wanted, std::vector<uint32_t> rows,
                                        const Fetch& fetch) const;
  std::vector<std::string_view> ids_of(std::span<const uint32_t> rows) const;
  // Of the rows from `begin` on, as many as are fetched at once.
  std::vector<std::string_view> ids_of(const std::vector<uint32_t>& rows, size_t begin) const {
    return ids_of(std::span(rows).subspan(begin, std::min(kFetchedAtOnce, rows.size() - begin)));
  }
  // The dimension that all of `rows` have, which is the query's.
  Result<const Dimension*> dimension_for(size_t query_size, const std::vector<uint32_t>* rows) const;

  std::deque<Row> rows_;
  std::vector<uint32_t>
      slot_of_row_;  // apart from rows_, so that a query reads of many rows no more than that
  std::vector<uint32_t> free_rows_;
  IdTable places_;
  std::map<size_t, Dimension> dimensions_;
  MetadataColumns columns_;
  uint64_t next_order_ = 0;
  size_t id_bytes_ = 0;
  bool keeps_lower_halves_ = true;
};

// The error where a query has not as many elements as a vector that it is compared with.
Status shapes_differ(size_t query, size_t vector);
// That of MMR where no vector is left that it could pick.
Status no_similarity_compares();

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_VECTOR_INDEX_H_
