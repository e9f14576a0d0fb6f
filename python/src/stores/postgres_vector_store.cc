// PostgresVectorStore for Python.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "python/src/convert/arguments.h"
#include "python/src/convert/elements.h"
#include "python/src/convert/json_encoder.h"
#include "python/src/convert/text.h"
#include "python/src/convert/vector_query.h"
#include "python/src/objects/model_reader.h"
#include "python/src/stores/bound.h"
#include "quipu/postgres_vector_store.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

using Vectors = Bound<PostgresVectorStore>;
using IndexedKeys = std::vector<std::pair<std::string, std::string>>;

SimilarityMode similarity_of(std::string_view name) {
  if (name == "cosine") return SimilarityMode::DEFAULT;
  if (name == "dot_product") return SimilarityMode::DOT_PRODUCT;
  if (name == "euclidean") return SimilarityMode::EUCLIDEAN;
  throw StatusError(Status::invalid_argument("similarity is cosine, dot_product or euclidean, not " +
                                             Json::from_string(name).text()));
}

// `nodes`, of which an iterable yields one after the other, as document stores keep them, but for the
// embeddings.
void add(Vectors& vectors, nb::handle nodes, const nb::list& embeddings) {
  std::vector<std::vector<double>> elements;
  elements.reserve(embeddings.size());
  for (const nb::handle embedding : embeddings) elements.push_back(to_elements(embedding));
  EncodedJson encoded = encode_items(nodes, /*plain=*/false);
  vectors.run([&](PostgresVectorStore& store) {
    const Json parsed = std::move(encoded).json();
    std::vector<JsonView> views;
    views.reserve(elements.size());
    for (const JsonView node : parsed.view().elements()) views.push_back(node);
    check(store.add_stored(views, elements));
  });
}

nb::list to_objects(const std::vector<std::shared_ptr<const BaseNode>>& nodes, const ObjectReader& reader) {
  StoredObjects to_object(&reader);
  nb::list objects;
  for (const auto& node : nodes) objects.append(to_object(node->to_json().text()));
  return objects;
}

std::optional<std::span<const std::string>> span_of(const std::optional<Strings>& ids) {
  return ids ? std::optional<std::span<const std::string>>(*ids) : std::nullopt;
}

nb::list get_nodes(Vectors& vectors, const Arg<"node_ids", std::optional<Strings>>& node_ids,
                   const std::optional<std::string>& filters, const ObjectReader& reader) {
  return to_objects(vectors.run([&](const PostgresVectorStore& store) {
    const std::optional<MetadataFilters> parsed = parse_filters(filters);
    return take(store.get_nodes(span_of(node_ids), parsed ? &*parsed : nullptr));
  }),
                    reader);
}

void delete_nodes(Vectors& vectors, const Arg<"node_ids", std::optional<Strings>>& node_ids,
                  const std::optional<std::string>& filters) {
  vectors.run([&](PostgresVectorStore& store) {
    const std::optional<MetadataFilters> parsed = parse_filters(filters);
    check(store.delete_nodes(span_of(node_ids), parsed ? &*parsed : nullptr));
  });
}

nb::tuple query(Vectors& vectors, const QueryArguments& arguments, const Text& similarity,
                const Arg<"doc_ids", std::optional<Strings>>& doc_ids,
                const Arg<"query_str", std::optional<Text>>& query_str,
                const Arg<"sparse_top_k", std::optional<int>>& sparse_top_k, const ObjectReader& reader) {
  const SimilarityMode mode = similarity_of(similarity.view);
  PostgresQueryOptions more;
  if (doc_ids) more.doc_ids = *doc_ids;
  if (query_str) more.query_str = std::string(query_str->view);
  if (sparse_top_k) more.sparse_top_k = *sparse_top_k;
  const VectorStoreQueryResult found = vectors.run([&](const PostgresVectorStore& store) {
    VectorStoreQuery wanted = arguments.query();
    wanted.similarity = mode;
    return take(store.query(wanted, more));
  });
  return nb::make_tuple(to_list(found.ids), to_list(found.similarities), to_objects(found.nodes, reader));
}

void use_hnsw(Vectors& vectors, Arg<"M", size_t> m, Arg<"ef_construction", size_t> ef_construction,
              const Text& similarity) {
  const SimilarityMode mode = similarity_of(similarity.view);
  vectors.run([&](PostgresVectorStore& store) {
    check(store.use_hnsw({.M = m, .ef_construction = ef_construction}, mode));
  });
}

}  // namespace

void register_postgres_vector_store(nb::module_& module) {
  nb::class_<Vectors>(module, "PostgresVectorStore")
      .def(
          "__init__",
          [](Vectors* self, std::shared_ptr<Database> database, const Str<"table_name">& table_name,
             Arg<"embed_dim", size_t> embed_dim, Flag<"hybrid_search"> hybrid_search,
             const Str<"text_search_config">& text_search_config, Flag<"use_jsonb"> use_jsonb,
             Flag<"use_halfvec"> use_halfvec, IndexedKeys indexed_metadata_keys,
             Arg<"hnsw_ef_search", size_t> hnsw_ef_search) {
            new (self) Vectors(std::move(database),
                               VectorTableOptions{.table_name = std::string(table_name.view),
                                                  .embed_dim = embed_dim,
                                                  .hybrid_search = hybrid_search,
                                                  .text_search_config = std::string(text_search_config.view),
                                                  .use_jsonb = use_jsonb,
                                                  .use_halfvec = use_halfvec,
                                                  .indexed_metadata_keys = std::move(indexed_metadata_keys),
                                                  .hnsw_ef_search = hnsw_ef_search});
          },
          nb::arg("database"), nb::arg("table_name").none(), nb::arg("embed_dim").none(),
          nb::arg("hybrid_search").none(), nb::arg("text_search_config").none(), nb::arg("use_jsonb").none(),
          nb::arg("use_halfvec").none(), nb::arg("indexed_metadata_keys"), nb::arg("hnsw_ef_search").none())
      .def("add", &add, nb::arg("nodes"), nb::arg("embeddings"))
      .def("get_nodes", &get_nodes, nb::arg("node_ids").none(), nb::arg("filters").none(), nb::arg("nodes"))
      .def(
          "delete",
          [](Vectors& vectors, const Str<"ref_doc_id">& ref_doc_id) {
            vectors.run([&](PostgresVectorStore& store) { check(store.delete_(ref_doc_id.view)); });
          },
          nb::arg("ref_doc_id").none())
      .def("delete_nodes", &delete_nodes, nb::arg("node_ids").none(), nb::arg("filters").none())
      .def("clear",
           [](Vectors& vectors) { vectors.run([](PostgresVectorStore& store) { check(store.clear()); }); })
      .def("query", &query, nb::arg("query"), nb::arg("similarity"), nb::arg("doc_ids").none(),
           nb::arg("query_str").none(), nb::arg("sparse_top_k").none(), nb::arg("nodes"))
      .def("use_hnsw", &use_hnsw, nb::arg("M").none(), nb::arg("ef_construction").none(),
           nb::arg("similarity"))
      .def(
          "drop_hnsw",
          [](Vectors& vectors) { vectors.run([](PostgresVectorStore& store) { check(store.drop_hnsw()); }); })
      .def("count", [](Vectors& vectors) {
        return vectors.run([](const PostgresVectorStore& store) { return take(store.count()); });
      });
}

}  // namespace quipu::python
