// KVGraphStore for Python.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>

#include "python/src/stores.h"
#include "python/src/text.h"
#include "quipu/graph_store.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

using Graph = Bound<KVGraphStore>;

template <class... Texts>
nb::list list_of(const Texts&... texts) {
  nb::list list;
  (list.append(to_str(texts)), ...);
  return list;
}

nb::list get(Graph& graph, const Text& subj) {
  const auto edges = graph.run([&](const KVGraphStore& store) { return take(store.get(subj.view)); });
  nb::list found;
  for (const GraphEdge& edge : edges) found.append(list_of(edge.rel, edge.obj));
  return found;
}

nb::dict get_rel_map(Graph& graph, const std::optional<nb::list>& subjs, int depth, int limit) {
  const std::vector<std::string> given = subjs ? to_strings(*subjs) : std::vector<std::string>();
  const GraphRelMap map = graph.run([&](const KVGraphStore& store) {
    return take(store.get_rel_map(subjs ? std::optional<std::span<const std::string>>(given) : std::nullopt,
                                  depth, limit));
  });
  nb::dict found;
  for (const auto& [subj, triplets] : map) {
    nb::list list;
    for (const GraphTriplet& each : triplets) list.append(list_of(each.subj, each.rel, each.obj));
    found[to_str(subj)] = list;
  }
  return found;
}

}  // namespace

void register_graph_store(nb::module_& module) {
  nb::class_<Graph>(module, "GraphStore")
      .def(
          "__init__",
          [](Graph* self, std::shared_ptr<Database> database, const Text& ns) {
            new (self) Graph(std::move(database), ns.view);
          },
          nb::arg("database"), nb::arg("namespace"))
      .def("get", &get, nb::arg("subj"))
      .def("get_rel_map", &get_rel_map, nb::arg("subjs").none(), nb::arg("depth"), nb::arg("limit"))
      .def(
          "upsert_triplet",
          [](Graph& graph, const Text& subj, const Text& rel, const Text& obj) {
            graph.run(
                [&](KVGraphStore& store) { check(store.upsert_triplet(subj.view, rel.view, obj.view)); });
          },
          nb::arg("subj"), nb::arg("rel"), nb::arg("obj"))
      .def(
          "delete",
          [](Graph& graph, const Text& subj, const Text& rel, const Text& obj) {
            graph.run([&](KVGraphStore& store) { check(store.delete_(subj.view, rel.view, obj.view)); });
          },
          nb::arg("subj"), nb::arg("rel"), nb::arg("obj"))
      .def("to_dict",
           [](Graph& graph) {
             return to_str(graph.run([](const KVGraphStore& store) { return take(store.to_dict()); }).text());
           })
      .def(
          "persist",
          [](Graph& graph, const Text& path) {
            graph.run([&](const KVGraphStore& store) { check(store.persist(std::string(path.view))); });
          },
          nb::arg("persist_path"));
}

}  // namespace quipu::python
