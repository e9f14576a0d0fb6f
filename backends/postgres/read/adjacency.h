// PostgresAdjacency: the relations of any number of nodes by one statement. Where triplets have a table of
// their own both ways are looked up in an index; elsewhere those that lead to the nodes are found in a pass
// over the collection for each of them.
//
// Thread-safety, lifetime: as its reader.

#ifndef QUIPU_BACKENDS_POSTGRES_READ_ADJACENCY_H_
#define QUIPU_BACKENDS_POSTGRES_READ_ADJACENCY_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "backends/postgres/read/reader.h"
#include "quipu/backend/features.h"

namespace quipu::postgres {

class PostgresAdjacency : public Adjacency {
 public:
  explicit PostgresAdjacency(const PostgresReader& reader) : reader_(reader) {}

  Status for_each_node(std::string_view collection, std::span<const std::string_view> ids, uint64_t at_most,
                       const Use& use) const override;
  // Hands what has been read to `use`.
  static Status hand_over(PostgresReader::Keys keys, const Use& use);

 private:
  const PostgresReader& reader_;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_READ_ADJACENCY_H_
