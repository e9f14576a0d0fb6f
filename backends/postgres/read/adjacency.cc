#include "backends/postgres/read/adjacency.h"

#include <utility>

namespace quipu::postgres {

Status PostgresAdjacency::for_each_node(std::string_view collection, std::span<const std::string_view> ids,
                                        uint64_t at_most, const Use& use) const {
  QUIPU_ASSIGN_OR_RETURN(PostgresReader::Keys keys, reader_.adjacent(ids, collection, at_most));
  return hand_over(std::move(keys), use);
}

Status PostgresAdjacency::hand_over(PostgresReader::Keys keys, const Use& use) {
  for (size_t i = 0; i < keys.size(); ++i) {
    QUIPU_ASSIGN_OR_RETURN(const bool more, use(i, std::move(keys[i])));
    if (!more) break;
  }
  return Status::ok();
}

}  // namespace quipu::postgres
