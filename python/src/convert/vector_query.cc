#include "python/src/convert/vector_query.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "python/src/convert/arguments.h"
#include "python/src/convert/elements.h"
#include "python/src/convert/errors.h"
#include "python/src/convert/text.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

VectorStoreQueryMode mode_of(std::string_view name) {
  using Mode = VectorStoreQueryMode;
  static constexpr std::pair<std::string_view, Mode> kModes[] = {
      {"default", Mode::DEFAULT},
      {"sparse", Mode::SPARSE},
      {"hybrid", Mode::HYBRID},
      {"text_search", Mode::TEXT_SEARCH},
      {"semantic_hybrid", Mode::SEMANTIC_HYBRID},
      {"svm", Mode::SVM},
      {"logistic_regression", Mode::LOGISTIC_REGRESSION},
      {"linear_regression", Mode::LINEAR_REGRESSION},
      {"mmr", Mode::MMR},
  };
  for (const auto& [known, mode] : kModes) {
    if (known == name) return mode;
  }
  throw StatusError(Status::invalid_argument("Invalid query mode: " + std::string(name)));
}

// A query by text alone has none, and a store that knows no such mode says so.
std::vector<double> elements_of(nb::handle embedding, VectorStoreQueryMode mode, std::string_view name) {
  using Mode = VectorStoreQueryMode;
  if (!embedding.is_none()) return to_elements(embedding);
  const bool searches_text = mode == Mode::SPARSE || mode == Mode::HYBRID || mode == Mode::TEXT_SEARCH ||
                             mode == Mode::SEMANTIC_HYBRID;
  if (searches_text) return {};
  throw nb::type_error(("the query has no query_embedding, which the mode '" + std::string(name) +
                        "' needs: embed its text first")
                           .c_str());
}

}  // namespace

std::optional<MetadataFilters> parse_filters(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return take(MetadataFilters::from_json(parse_json(*text)));
}

std::vector<SparseVector> to_sparse_vectors(nb::handle pair, size_t count) {
  const auto [indices, values] =
      nb::cast<std::pair<std::vector<std::vector<uint32_t>>, std::vector<std::vector<double>>>>(pair);
  if (indices.size() != count || values.size() != count) {
    throw nb::value_error(("sparse vectors of " + std::to_string(count) + " texts are " +
                           std::to_string(indices.size()) + " lists of indices and " +
                           std::to_string(values.size()) + " of values")
                              .c_str());
  }
  std::vector<SparseVector> vectors;
  for (size_t i = 0; i < count; ++i) vectors.push_back({indices[i], values[i]});
  return vectors;
}

VectorStoreQuery QueryArguments::query() const {
  VectorStoreQuery query = query_;
  query.filters = parse_filters(filters_);
  return query;
}

void register_vector_query(nb::module_& module) {
  nb::class_<QueryArguments>(module, "VectorQuery")
      .def(
          "__init__",
          [](QueryArguments* self, nb::object embedding, Arg<"similarity_top_k", int> similarity_top_k,
             const Arg<"node_ids", std::optional<Strings>>& node_ids, const Text& mode,
             const std::optional<std::string>& filters,
             const Arg<"mmr_threshold", std::optional<double>>& mmr_threshold,
             const std::optional<Text>& query_str, const Arg<"alpha", std::optional<double>>& alpha,
             const Arg<"sparse_top_k", std::optional<int>>& sparse_top_k,
             const Arg<"hybrid_top_k", std::optional<int>>& hybrid_top_k,
             const Arg<"doc_ids", std::optional<Strings>>& doc_ids, const nb::object& sparse) {
            VectorStoreQuery query;
            query.mode = mode_of(mode.view);
            query.query_embedding = elements_of(embedding, query.mode, mode.view);
            query.similarity_top_k = similarity_top_k;
            if (node_ids) query.node_ids = *node_ids;
            if (mmr_threshold) query.mmr_threshold = *mmr_threshold;
            if (query_str) query.query_str = query_str->view;
            if (alpha) query.alpha = *alpha;
            if (sparse_top_k) query.sparse_top_k = *sparse_top_k;
            if (hybrid_top_k) query.hybrid_top_k = *hybrid_top_k;
            if (doc_ids) query.doc_ids = *doc_ids;
            if (!sparse.is_none()) query.sparse_embedding = to_sparse_vectors(sparse, 1).front();
            new (self) QueryArguments(std::move(query), filters);
          },
          nb::arg("embedding").none(), nb::arg("similarity_top_k").none(), nb::arg("node_ids").none(),
          nb::arg("mode"), nb::arg("filters").none(), nb::arg("mmr_threshold").none(),
          nb::arg("query_str").none(), nb::arg("alpha").none(), nb::arg("sparse_top_k").none(),
          nb::arg("hybrid_top_k").none(), nb::arg("doc_ids").none(), nb::arg("sparse").none());
}

}  // namespace quipu::python
