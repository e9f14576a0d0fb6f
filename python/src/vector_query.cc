#include "python/src/vector_query.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include "python/src/elements.h"
#include "python/src/errors.h"
#include "python/src/text.h"

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

}  // namespace

std::optional<MetadataFilters> parse_filters(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return take(MetadataFilters::from_json(parse_json(*text)));
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
          [](QueryArguments* self, nb::object embedding, int similarity_top_k,
             const std::optional<nb::list>& node_ids, const Text& mode,
             const std::optional<std::string>& filters, std::optional<double> mmr_threshold) {
            VectorStoreQuery query;
            query.query_embedding = to_elements(embedding);
            query.similarity_top_k = similarity_top_k;
            if (node_ids) query.node_ids = to_strings(*node_ids);
            query.mode = mode_of(mode.view);
            if (mmr_threshold) query.mmr_threshold = *mmr_threshold;
            new (self) QueryArguments(std::move(query), filters);
          },
          nb::arg("embedding"), nb::arg("similarity_top_k"), nb::arg("node_ids").none(), nb::arg("mode"),
          nb::arg("filters").none(), nb::arg("mmr_threshold").none());
}

}  // namespace quipu::python
