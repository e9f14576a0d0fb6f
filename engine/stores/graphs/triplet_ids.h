// A triplet's three ids, and the keys that they make.

#ifndef QUIPU_ENGINE_STORES_GRAPHS_TRIPLET_IDS_H_
#define QUIPU_ENGINE_STORES_GRAPHS_TRIPLET_IDS_H_

#include <string>
#include <string_view>

#include "engine/layout/storage_layout.h"
#include "quipu/status.h"

namespace quipu {

// Their JSON array is the triplet's key, so that the triplets of one source stand together; those of one
// target are found by an index over the value.
struct TripletIds {
  std::string source;
  std::string label;
  std::string target;
};

inline std::string triplet_key(const TripletIds& ids) {
  return triplet_key(ids.source, ids.label, ids.target);
}
inline std::string relation_key(const TripletIds& ids) {
  return relation_key(ids.source, ids.label, ids.target);
}
Result<TripletIds> parse_triplet_key(std::string_view key);

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_GRAPHS_TRIPLET_IDS_H_
