// Reads of a table of vectors as SQL, and rows as they come back.
//
// Thread-safety: any.

#ifndef QUIPU_BACKENDS_POSTGRES_VECTORS_VECTOR_SQL_H_
#define QUIPU_BACKENDS_POSTGRES_VECTORS_VECTOR_SQL_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/postgres/vectors/query_text.h"
#include "backends/postgres/vectors/table_shape.h"
#include "quipu/backend/shared_tables.h"

namespace quipu::postgres {

// What is read: the text that stands for the table after FROM, named t; its parameters go into the query.
using Source = std::function<std::string(QueryText&)>;

// "WHERE ..." of the rows of a selection, with a space before it, or nothing. Errors: those of filters.
Result<std::string> where(const VectorRowSelection& which, QueryText& query);

// node_id, text, metadata_, embedding of the rows of a selection, in insertion order.
Result<QueryText> select_rows(const Source& source, const VectorRowSelection& which);
// node_id of them.
Result<QueryText> select_ids(const Source& source, const VectorRowSelection& which);

// node_id, text, metadata_, embedding (null unless asked for), distance, the least first. Errors also:
// kInvalidArgument for an embedding of another dimension.
Result<QueryText> select_nearest(const Source& source, const TableShape& shape,
                                 const VectorTable::Search& search, const VectorRowSelection& which);

// The same with a rank, the greatest first, of rows that have words of the text.
Result<QueryText> select_with_words(const Source& source, const std::string& text_search_config,
                                    std::string_view text, size_t limit, const VectorRowSelection& which);

// Rows of such a result. `similarity_of`: what its fifth column comes to; that of null is 0, as in
// PGVectorStore. Errors: kCorruption, naming the node.
Result<std::vector<StoredVectorRow>> rows_of(const ResultSet& result, const TableNames& names,
                                             const std::function<double(double)>& similarity_of = {});

// A way to compare, as pgvector has it.
struct Distance {
  static const Distance& of(SimilarityMode similarity);

  std::string_view op;
  std::string_view class_ending;  // of the class of operators of an index for it, behind the type's name
  double identity;                // the similarity of a distance is this minus it
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_VECTORS_VECTOR_SQL_H_
