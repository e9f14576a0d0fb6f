// Metadata filters as SQL over the column metadata_, as LlamaIndex's PGVectorStore translates them, but that
// keys and values are parameters, % and _ of a text match are themselves, what cannot be compared with a
// number does not match instead of failing, and NOT is known. docs/COMPATIBILITY.md has each operator.

#ifndef QUIPU_BACKENDS_POSTGRES_VECTORS_FILTER_SQL_H_
#define QUIPU_BACKENDS_POSTGRES_VECTORS_FILTER_SQL_H_

#include <string>

#include "backends/postgres/vectors/query_text.h"
#include "quipu/status.h"
#include "quipu/vector_store.h"

namespace quipu::postgres {

// A condition over the table t; its parameters go into `query`. Errors: kInvalidArgument for a value that the
// operator does not take, for keys and values that PostgreSQL's text cannot hold, and for too many filters.
Result<std::string> filter_sql(const MetadataFilters& filters, QueryText& query);

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_VECTORS_FILTER_SQL_H_
