// RowSearch: exact search by codes that a store keeps, of which only upper halves are in memory: of
// candidates by these the rows are read, of which the lower halves tell the few vectors that are compared.

#ifndef QUIPU_ENGINE_VECTORS_STORED_ROW_SEARCH_H_
#define QUIPU_ENGINE_VECTORS_STORED_ROW_SEARCH_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "engine/vectors/best_vectors.h"
#include "engine/vectors/cascade/candidates.h"
#include "engine/vectors/cascade/code_search.h"
#include "engine/vectors/cascade/query_bounds.h"
#include "engine/vectors/codes/vector_codes.h"
#include "quipu/backend/vector_codes.h"
#include "quipu/status.h"
#include "quipu/vector_store.h"

namespace quipu {

// Whether codes tell which of so many vectors to compare: none of them is irregular.
bool codes_tell(const TopKQuery& wanted, size_t count);

class RowSearch {
 public:
  // `codes`: any of vectors that have as many elements as the query. All must outlive this. REQUIRES:
  // codes_tell().
  RowSearch(const TopKQuery& wanted, const VectorCodes& codes, const CodeReader& reader);

  // What to ask codes for: find_candidates(); of those that reach `threshold`, and what is known here.
  CodeQuery query(double threshold = -std::numeric_limits<double>::infinity()) const;
  // So many are at least as similar.
  double threshold() const { return candidates_.threshold(); }
  // Reads the rows of these candidates, slots of `codes`, as far as they may be among the best; `order_of` a
  // slot: the vector's. Errors: those of CodeReader::get_rows.
  Status take(const VectorCodes& codes, std::vector<Candidate> candidates,
              const std::function<uint64_t(uint32_t slot)>& order_of);
  // As if all that `other` has taken had been taken here. REQUIRES: it is for the same query, and reads of
  // the same moment.
  void add(RowSearch& other);
  // Whether there are more that may be than are worth to be named, or rows are gone: codes do not tell.
  bool fails() const { return candidates_.too_many() || gone_; }
  bool gone() const { return gone_; }

  // The best of all that were taken, but of those that are gone. REQUIRES: !fails().
  Result<VectorStoreQueryResult> finish();

 private:
  struct Kept {
    uint64_t order;
    std::string id;
  };
  struct Read {
    uint64_t order;
    uint32_t slot;
  };

  Status read(const VectorCodes& codes, std::vector<Read> rows);
  void take_row(const VectorCodes& codes, uint32_t slot, const CodeRow& row);

  const TopKQuery wanted_;
  const CodeReader& reader_;
  QueryBounds bounds_;
  Candidates candidates_;  // their slots are places in kept_
  std::vector<Kept> kept_;
  bool gone_ = false;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_STORED_ROW_SEARCH_H_
