#include "quipu/vector_store.h"

namespace quipu {

Status check_hnsw_options(const HnswOptions& options) {
  constexpr size_t kMaxM = 512;
  constexpr size_t kMaxCandidates = 100'000;
  if (options.M < 2 || options.M > kMaxM) return Status::invalid_argument("HNSW: M must be 2 to 512");
  if (options.ef_construction < options.M || options.ef_construction > kMaxCandidates) {
    return Status::invalid_argument("HNSW: ef_construction must be M to 100000");
  }
  if (options.ef < 1 || options.ef > kMaxCandidates) {
    return Status::invalid_argument("HNSW: ef must be 1 to 100000");
  }
  return Status::ok();
}

}  // namespace quipu
