// Exact search by codes: which few vectors may be among the most similar ones. What a vector's code and a
// query's tell bounds their similarity from both sides; a vector whose upper bound is below the k-th best
// lower bound is none of them. Where there are sketches of the codes, these leave few whose codes are read.
// README.md has the bounds and why they hold.

#ifndef QUIPU_ENGINE_VECTORS_CASCADE_CODE_SEARCH_H_
#define QUIPU_ENGINE_VECTORS_CASCADE_CODE_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "engine/vectors/cascade/candidates.h"
#include "engine/vectors/cascade/sketches.h"
#include "engine/vectors/codes/code_kernels.h"
#include "engine/vectors/codes/vector_codes.h"
#include "quipu/vector_store.h"

namespace quipu {

struct CodeQuery {
  std::span<const double> elements;  // with a regular norm
  size_t k;                          // at least 1
  SimilarityMode mode;
  double threshold = -std::numeric_limits<double>::infinity();  // lower scores do not count
};

// Those, by ascending slots, among which the `k` most similar of `allowed` (null: of all) must be, all that
// are as similar as the k-th included. `sketches` of these codes, or null. REQUIRES: !codes.has_irregular().
std::vector<Candidate> find_candidates(const VectorCodes& codes, const Sketches* sketches,
                                       const CodeQuery& query, const std::vector<uint32_t>* allowed,
                                       const CodeKernels& kernels = code_kernels().front());

// The same of all slots for each query; the queries go over the codes together, on so many threads where
// these have enough to do. Nothing for a query that has more than `most` candidates, so that the memory is
// bounded: some 32 bytes each, for each thread.
std::vector<std::optional<std::vector<Candidate>>> find_candidates_together(
    const VectorCodes& codes, const Sketches* sketches, std::span<const CodeQuery> queries, size_t most,
    size_t threads = 1, const CodeKernels& kernels = code_kernels().front());

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_CASCADE_CODE_SEARCH_H_
