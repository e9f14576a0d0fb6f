// CodeIndex: what search scans of a store that keeps codes of its vectors: their upper halves, in memory,
// without ids. All else is read of the few that may be the best. For stores whose VectorIndex would be large;
// queries that need ids, or that codes cannot answer, are not its.
//
// Thread-safety: as a standard container. Cost: half a byte an element, filled up to 64 elements, and 24
// bytes a vector; some 20 more once vectors are changed.

#ifndef QUIPU_ENGINE_VECTORS_STORED_CODE_INDEX_H_
#define QUIPU_ENGINE_VECTORS_STORED_CODE_INDEX_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "engine/vectors/best_vectors.h"
#include "engine/vectors/cascade/candidates.h"
#include "engine/vectors/cascade/sketches.h"
#include "engine/vectors/codes/vector_codes.h"
#include "engine/vectors/id_table.h"
#include "quipu/backend/vector_codes.h"

namespace quipu {

class CodeIndex {
 public:
  // What one of so many vectors takes, about.
  static uint64_t expected_bytes(uint64_t vectors, size_t dimensions);

  // Reads the blocks on so many threads; `check` ends it unless it is OK. REQUIRES: empty. Errors: those of
  // CodeReader::scan_blocks; kCorruption where there are not as many codes as vectors.
  Status load(const CodeReader& reader, size_t threads, const std::function<Status()>& check);
  void put(uint64_t order, std::span<const double> elements);
  void erase(uint64_t order);
  void clear();

  size_t size() const;
  size_t memory_bytes() const;

  // Whether to learn(), which makes queries faster, and keeps within so many bytes.
  bool wants_to_learn(uint64_t bytes) const;
  void learn();

  // Whether top_k() answers.
  bool answers(const TopKQuery& wanted) const;
  // The most similar of all vectors, of which `reader` reads, which has what this has. Nothing where codes do
  // not tell; `gone`: because some vectors are no more. REQUIRES: answers().
  Result<std::optional<VectorStoreQueryResult>> top_k(const TopKQuery& wanted, const CodeReader& reader,
                                                      bool& gone) const;
  // The same for several, which go over the codes together, on so many threads.
  std::vector<Result<std::optional<VectorStoreQueryResult>>> top_k_all(std::span<const TopKQuery> wanted,
                                                                       const CodeReader& reader, bool& gone,
                                                                       size_t threads) const;

 private:
  struct Dimension {
    explicit Dimension(size_t dimensions) : codes(dimensions) { codes.drop_lower_halves(); }
    VectorCodes codes;
    Sketches sketches;             // of these
    std::vector<uint64_t> orders;  // of slots
    IdTable slots;                 // by orders, once any is asked for
  };

  Status load_dimension(const CodeReader& reader, Dimension& dimension, size_t count, size_t threads,
                        const std::function<Status()>& check) const;
  Dimension& dimension_of(size_t dimensions);
  // The one that all vectors have, if there is only one; if it is the query's.
  const Dimension* only_dimension() const;
  const Dimension* only_dimension(size_t dimensions) const;
  static std::optional<uint32_t> slot_of(Dimension& dimension, uint64_t order);
  static void remove(Dimension& dimension, uint64_t order, uint32_t slot);
  Result<std::optional<VectorStoreQueryResult>> best_of(const TopKQuery& wanted, const Dimension& dimension,
                                                        std::vector<Candidate> candidates,
                                                        const CodeReader& reader, bool& gone) const;

  std::map<size_t, Dimension> dimensions_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_STORED_CODE_INDEX_H_
