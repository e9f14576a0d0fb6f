// KVGraphStore for Python.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>

#include "python/src/convert/arguments.h"
#include "python/src/convert/text.h"
#include "python/src/stores/bound.h"
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

nb::list get(Graph& graph, const Str<"subj">& subj) {
  const auto edges = graph.run([&](const KVGraphStore& store) { return take(store.get(subj.view)); });
  nb::list found;
  for (const GraphEdge& edge : edges) found.append(list_of(edge.rel, edge.obj));
  return found;
}

nb::dict get_rel_map(Graph& graph, const Arg<"subjs", std::optional<Strings>>& subjs, Arg<"depth", int> depth,
                     Arg<"limit", int> limit) {
  const GraphRelMap map = graph.run([&](const KVGraphStore& store) {
    return take(store.get_rel_map(subjs ? std::optional<std::span<const std::string>>(*subjs) : std::nullopt,
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
          [](Graph* self, std::shared_ptr<Database> database, const Str<"namespace">& ns) {
            new (self) Graph(std::move(database), ns.view);
          },
          nb::arg("database"), nb::arg("namespace").none())
      .def("get", &get, nb::arg("subj").none())
      .def("get_rel_map", &get_rel_map, nb::arg("subjs").none(), nb::arg("depth").none(),
           nb::arg("limit").none())
      .def(
          "upsert_triplet",
          [](Graph& graph, const Str<"subj">& subj, const Str<"rel">& rel, const Str<"obj">& obj) {
            graph.run(
                [&](KVGraphStore& store) { check(store.upsert_triplet(subj.view, rel.view, obj.view)); });
          },
          nb::arg("subj").none(), nb::arg("rel").none(), nb::arg("obj").none())
      .def(
          "delete",
          [](Graph& graph, const Str<"subj">& subj, const Str<"rel">& rel, const Str<"obj">& obj) {
            graph.run([&](KVGraphStore& store) { check(store.delete_(subj.view, rel.view, obj.view)); });
          },
          nb::arg("subj").none(), nb::arg("rel").none(), nb::arg("obj").none())
      .def("to_dict",
           [](Graph& graph) {
             return to_str(graph.run([](const KVGraphStore& store) { return take(store.to_dict()); }).text());
           })
      .def("persist", &Graph::persist, nb::arg("persist_path").none(), nb::arg("fs").none());
}

}  // namespace quipu::python
