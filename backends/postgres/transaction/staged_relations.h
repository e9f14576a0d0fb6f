// The relations of nodes as a transaction has them: those of its snapshot under its changes.

#ifndef QUIPU_BACKENDS_POSTGRES_TRANSACTION_STAGED_RELATIONS_H_
#define QUIPU_BACKENDS_POSTGRES_TRANSACTION_STAGED_RELATIONS_H_

#include <span>
#include <string_view>

#include "backends/postgres/read/reader.h"
#include "backends/postgres/transaction/staged_changes.h"

namespace quipu::postgres {

// `stored`: of each of `ids` what the snapshot has, as Adjacency has it.
PostgresReader::Keys merged_relations(const StagedChanges::Changes& changes,
                                      std::span<const std::string_view> ids, PostgresReader::Keys stored);

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_TRANSACTION_STAGED_RELATIONS_H_
