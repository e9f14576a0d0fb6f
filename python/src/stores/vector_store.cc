// KVVectorStore for Python.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <span>

#include "python/src/convert/arguments.h"
#include "python/src/convert/elements.h"
#include "python/src/convert/json_encoder.h"
#include "python/src/convert/progress.h"
#include "python/src/convert/text.h"
#include "python/src/convert/vector_query.h"
#include "python/src/stores/bound.h"
#include "quipu/storage_context.h"
#include "quipu/vector_store.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

using Vectors = Bound<KVVectorStore>;

void check_count(const char* what, size_t count, size_t ids) {
  if (count == ids) return;
  throw nb::value_error((std::to_string(ids) + " ids and " + std::to_string(count) + " " + what).c_str());
}

// One list an attribute. An empty ref_doc_id counts as none; `nodes` is empty where they are not to be kept,
// and `sparse` None where there are no sparse vectors.
void add(Vectors& vectors, const Arg<"ids", Strings>& ids, const nb::list& embeddings,
         const nb::list& class_names, const nb::list& ref_doc_ids, const nb::list& metadata,
         const nb::list& nodes, const nb::object& sparse) {
  const std::vector<std::string> all_names = to_strings(class_names);
  const std::vector<std::string> all_ref_docs = to_strings(ref_doc_ids);
  std::vector<std::vector<double>> all_elements;
  all_elements.reserve(embeddings.size());
  for (const nb::handle embedding : embeddings) all_elements.push_back(to_elements(embedding));
  std::vector<SparseVector> all_sparse;
  if (!sparse.is_none()) all_sparse = to_sparse_vectors(sparse, ids.size());
  EncodedJson all_metadata = encode_json(metadata);
  EncodedJson all_nodes = encode_json(nodes);
  vectors.run([&](KVVectorStore& store) {
    const Json parsed = std::move(all_metadata).json();
    std::vector<VectorStoreEntry> entries;
    for (const JsonView each : parsed.view().elements()) {
      const size_t i = entries.size();
      entries.push_back({ids.at(i), all_elements.at(i), all_names.at(i), all_ref_docs.at(i), each});
    }
    const Json parsed_nodes = std::move(all_nodes).json();
    for (size_t i = 0; i < all_sparse.size(); ++i) entries.at(i).sparse = &all_sparse[i];
    size_t i = 0;
    for (const JsonView node : parsed_nodes.view().elements()) entries.at(i++).node = node;
    check(store.add_entries(entries));
  });
}

// As add(), of nodes that are an id, a row of `embeddings`, and where they are given, a document and
// metadata.
void add_embeddings(Vectors& vectors, const Arg<"ids", Strings>& ids, const nb::object& embeddings,
                    const Arg<"ref_doc_ids", std::optional<Strings>>& ref_doc_ids,
                    const std::optional<nb::list>& metadata) {
  Matrix matrix(embeddings, "embeddings");
  check_count("embeddings", matrix.rows(), ids.size());
  if (ref_doc_ids) check_count("ref_doc_ids", ref_doc_ids->size(), ids.size());
  if (metadata) check_count("metadata", metadata->size(), ids.size());
  EncodedJson all_metadata = encode_json(metadata ? *metadata : nb::list());
  vectors.run([&](KVVectorStore& store) {
    const size_t columns = matrix.columns();
    const std::vector<double> elements = std::move(matrix).elements();
    const Json parsed = std::move(all_metadata).json();
    std::vector<VectorStoreEntry> entries(ids.size());
    for (size_t i = 0; i < ids.size(); ++i) {
      entries[i].id = ids[i];
      entries[i].embedding = std::span(elements).subspan(i * columns, columns);
      if (ref_doc_ids) entries[i].ref_doc_id = (*ref_doc_ids)[i];
    }
    size_t i = 0;
    for (const JsonView each : parsed.view().elements()) entries[i++].metadata = each;
    check(store.add_entries(entries));
  });
}

std::optional<nb::list> get(Vectors& vectors, const Str<"text_id">& text_id) {
  const auto found = vectors.run([&](const KVVectorStore& store) {
    Result<std::vector<double>> elements = store.get(text_id.view);
    if (!elements && elements.error().code() == StatusCode::kNotFound) {
      return std::optional<std::vector<double>>();
    }
    return std::optional(take(std::move(elements)));
  });
  if (!found) return std::nullopt;
  return to_list(*found);
}

// What a query may find: the ids in insertion order, and a matrix of their embeddings.
nb::tuple candidates(Vectors& vectors, const QueryArguments& arguments) {
  auto found =
      vectors.run([&](const KVVectorStore& store) { return take(store.candidates(arguments.query())); });
  std::vector<std::string> ids;
  std::vector<std::vector<double>> rows;
  for (auto& [id, elements] : found) {
    ids.push_back(std::move(id));
    rows.push_back(std::move(elements));
  }
  return nb::make_tuple(to_list(ids), to_matrix(rows));
}

void delete_nodes(Vectors& vectors, const Arg<"node_ids", std::optional<Strings>>& node_ids,
                  const std::optional<std::string>& filters) {
  vectors.run([&](KVVectorStore& store) {
    const std::optional<MetadataFilters> parsed = parse_filters(filters);
    check(store.delete_nodes(node_ids ? std::optional<std::span<const std::string>>(*node_ids) : std::nullopt,
                             parsed ? &*parsed : nullptr));
  });
}

// The nodes as a document store keeps them.
nb::list texts_of(const std::vector<std::shared_ptr<const BaseNode>>& nodes) {
  nb::list texts;
  for (const auto& node : nodes) texts.append(to_str(node->to_json().text()));
  return texts;
}

nb::list get_nodes(Vectors& vectors, const Arg<"node_ids", std::optional<Strings>>& node_ids,
                   const std::optional<std::string>& filters) {
  return texts_of(vectors.run([&](const KVVectorStore& store) {
    const std::optional<MetadataFilters> parsed = parse_filters(filters);
    return take(
        store.get_nodes(node_ids ? std::optional<std::span<const std::string>>(*node_ids) : std::nullopt,
                        parsed ? &*parsed : nullptr));
  }));
}

nb::tuple to_tuple(const VectorStoreQueryResult& found) {
  return nb::make_tuple(to_list(found.ids), to_list(found.similarities), texts_of(found.nodes));
}

nb::tuple query(Vectors& vectors, const QueryArguments& arguments) {
  return to_tuple(
      vectors.run([&](const KVVectorStore& store) { return take(store.query(arguments.query())); }));
}

nb::list query_all(Vectors& vectors, const std::vector<QueryArguments>& arguments) {
  const auto found = vectors.run([&](const KVVectorStore& store) {
    std::vector<VectorStoreQuery> queries;
    for (const QueryArguments& each : arguments) queries.push_back(each.query());
    return take(store.query_all(queries));
  });
  nb::list results;
  for (const VectorStoreQueryResult& each : found) results.append(to_tuple(each));
  return results;
}

// Of a query for each row of `embeddings`, which is otherwise `arguments`: lists of ids, and a matrix of
// similarities. Where there are fewer results than of another one, ids are None and similarities NaN.
// So many at a time: each query has node ids and filters of its own.
std::vector<VectorStoreQueryResult> query_each(const KVVectorStore& store, std::span<const double> elements,
                                               size_t columns, std::span<VectorStoreQuery> queries) {
  for (size_t i = 0; i < queries.size(); ++i) {
    const auto row = elements.subspan(i * columns, columns);
    queries[i].query_embedding.assign(row.begin(), row.end());
  }
  return take(store.query_all(queries));
}

nb::tuple query_rows(Vectors& vectors, const nb::object& embeddings, const QueryArguments& arguments) {
  constexpr size_t kAtATime = 256;
  Matrix matrix(embeddings, "queries");
  const auto found = vectors.run([&](const KVVectorStore& store) {
    const size_t columns = matrix.columns();
    const size_t rows = matrix.rows();
    std::vector<VectorStoreQuery> queries(std::min(rows, kAtATime), arguments.query());
    const std::vector<double> elements = std::move(matrix).elements();
    std::vector<VectorStoreQueryResult> results;
    for (size_t begin = 0; begin < rows; begin += kAtATime) {
      const size_t count = std::min(kAtATime, rows - begin);
      std::ranges::move(query_each(store, std::span(elements).subspan(begin * columns), columns,
                                   std::span(queries).first(count)),
                        std::back_inserter(results));
    }
    return results;
  });
  size_t most = 0;
  for (const VectorStoreQueryResult& each : found) most = std::max(most, each.ids.size());
  nb::list all_ids;
  std::vector<std::vector<double>> similarities;
  for (const VectorStoreQueryResult& each : found) {
    nb::list ids = to_list(each.ids);
    for (size_t i = each.ids.size(); i < most; ++i) ids.append(nb::none());
    all_ids.append(ids);
    similarities.push_back(each.similarities);
    similarities.back().resize(most, std::numeric_limits<double>::quiet_NaN());
  }
  return nb::make_tuple(all_ids, to_matrix(similarities));
}

nb::list namespaces(const std::shared_ptr<Database>& database) {
  const auto stores =
      database->run([&] { return take(StorageContext::over(database->store())).vector_stores(); });
  nb::list names;
  for (const auto& [name, store] : stores) names.append(to_str(name));
  return names;
}

}  // namespace

void register_vector_store(nb::module_& module) {
  register_vector_query(module);
  module.def("vector_store_namespaces", &namespaces, nb::arg("database"));
  nb::class_<Vectors>(module, "VectorStore")
      .def(
          "__init__",
          [](Vectors* self, std::shared_ptr<Database> database, const Str<"namespace">& ns,
             Flag<"stores_text"> stores_text, const Str<"docstore_namespace">& docstore) {
            new (self) Vectors(std::move(database), ns.view, stores_text);
            self->run([&](KVVectorStore& store) { store.use_document_store(docstore.view); });
          },
          nb::arg("database"), nb::arg("namespace").none(), nb::arg("stores_text").none(),
          nb::arg("docstore_namespace").none())
      .def("add", &add, nb::arg("ids").none(), nb::arg("embeddings"), nb::arg("class_names"),
           nb::arg("ref_doc_ids"), nb::arg("metadata"), nb::arg("nodes"), nb::arg("sparse").none())
      .def("add_embeddings", &add_embeddings, nb::arg("ids").none(), nb::arg("embeddings").none(),
           nb::arg("ref_doc_ids").none(), nb::arg("metadata").none())
      .def("get_nodes", &get_nodes, nb::arg("node_ids").none(), nb::arg("filters").none())
      .def("get", &get, nb::arg("text_id").none())
      .def(
          "delete",
          [](Vectors& vectors, const Str<"ref_doc_id">& ref_doc_id) {
            vectors.run([&](KVVectorStore& store) { check(store.delete_(ref_doc_id.view)); });
          },
          nb::arg("ref_doc_id").none())
      .def("delete_nodes", &delete_nodes, nb::arg("node_ids").none(), nb::arg("filters").none())
      .def("clear", [](Vectors& vectors) { vectors.run([](KVVectorStore& store) { check(store.clear()); }); })
      .def("query", &query, nb::arg("query"))
      .def("query_all", &query_all, nb::arg("queries"))
      .def("query_rows", &query_rows, nb::arg("embeddings").none(), nb::arg("query"))
      .def("candidates", &candidates, nb::arg("query"))
      .def(
          "use_ann",
          [](Vectors& vectors, Arg<"recall", double> recall, nb::object progress) {
            ProgressToPython to_python(std::move(progress));
            const Status made =
                vectors.run([&](KVVectorStore& store) { return store.use_ann(recall, std::ref(to_python)); });
            to_python.rethrow();
            check(made);
          },
          nb::arg("recall").none(), nb::arg("progress").none())
      .def("drop_ann",
           [](Vectors& vectors) { vectors.run([](KVVectorStore& store) { check(store.drop_ann()); }); })
      .def(
          "use_hnsw",
          [](Vectors& vectors, Arg<"M", size_t> m, Arg<"ef_construction", size_t> ef_construction,
             Arg<"ef", size_t> ef, nb::object progress) {
            ProgressToPython to_python(std::move(progress));
            const HnswOptions options{.M = m, .ef_construction = ef_construction, .ef = ef};
            const Status made = vectors.run(
                [&](KVVectorStore& store) { return store.use_hnsw(options, std::ref(to_python)); });
            to_python.rethrow();
            check(made);
          },
          nb::arg("M").none(), nb::arg("ef_construction").none(), nb::arg("ef").none(),
          nb::arg("progress").none())
      .def("drop_hnsw",
           [](Vectors& vectors) { vectors.run([](KVVectorStore& store) { check(store.drop_hnsw()); }); })
      .def("to_dict",
           [](Vectors& vectors) {
             return to_str(
                 vectors.run([](const KVVectorStore& store) { return take(store.to_dict()); }).text());
           })
      .def("persist", &Vectors::persist, nb::arg("persist_path").none(), nb::arg("fs").none());
}

}  // namespace quipu::python
