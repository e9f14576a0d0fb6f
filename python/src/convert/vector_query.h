// QueryArguments: a VectorStoreQuery as Python passes it.

#ifndef QUIPU_PYTHON_CONVERT_VECTOR_QUERY_H_
#define QUIPU_PYTHON_CONVERT_VECTOR_QUERY_H_

#include <nanobind/nanobind.h>

#include <optional>
#include <string>
#include <vector>

#include "quipu/vector_store.h"

namespace quipu::python {

class QueryArguments {
 public:
  QueryArguments(VectorStoreQuery query, std::optional<std::string> filters)
      : query_(std::move(query)), filters_(std::move(filters)) {}

  // Called without the GIL. Errors: those of MetadataFilters::from_json.
  VectorStoreQuery query() const;

 private:
  VectorStoreQuery query_;
  std::optional<std::string> filters_;  // JSON text
};

// The filters of JSON text; nothing for none.
std::optional<MetadataFilters> parse_filters(const std::optional<std::string>& text);

// Sparse vectors as (indices, values), a list of each for each vector. Error: ValueError unless there are
// `count`.
std::vector<SparseVector> to_sparse_vectors(nanobind::handle pair, size_t count);

void register_vector_query(nanobind::module_& module);

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_CONVERT_VECTOR_QUERY_H_
