// KVPropertyGraphStore for Python: nodes, relations and triplets are JSON text of arrays.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>

#include "python/src/convert/arguments.h"
#include "python/src/convert/text.h"
#include "python/src/convert/vector_query.h"
#include "python/src/stores/bound.h"
#include "quipu/property_graph_store.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

using PropertyGraph = Bound<KVPropertyGraphStore>;

std::vector<LabelledNode> parse_nodes(JsonView array) {
  std::vector<LabelledNode> nodes;
  for (const JsonView node : array.elements()) nodes.push_back(take(LabelledNode::from_json(node)));
  return nodes;
}

std::string nodes_text(const std::vector<LabelledNode>& nodes) {
  std::string text = "[";
  for (const LabelledNode& node : nodes) {
    if (text.size() > 1) text += ", ";
    text += node.to_json().text();
  }
  return text + "]";
}

// [[source, relation, target], ...]
std::string triplets_text(const std::vector<Triplet>& triplets) {
  std::string text = "[";
  for (const Triplet& triplet : triplets) {
    text += text.size() > 1 ? ", [" : "[";
    text += triplet.source.to_json().text() + ", " + triplet.relation.to_json().text() + ", " +
            triplet.target.to_json().text() + "]";
  }
  return text + "]";
}

std::vector<std::string> strings(JsonView array) {
  std::vector<std::string> texts;
  for (const JsonView text : array.elements()) texts.push_back(text.string());
  return texts;
}

// {"entity_names": [...], "relation_names": [...], "properties": {...}, "ids": [...]}
GraphSelection parse_selection(std::string_view text) {
  const Json selection = parse_json(text);
  const JsonView view = selection.view();
  return {.entity_names = strings(*view.find("entity_names")),
          .relation_names = strings(*view.find("relation_names")),
          .properties = Json::from_canonical(std::string(view.find("properties")->text())),
          .ids = strings(*view.find("ids"))};
}

nb::str get(PropertyGraph& graph, const Text& properties, const nb::list& ids) {
  const std::vector<std::string> wanted = to_strings(ids);
  return to_str(graph.run([&](const KVPropertyGraphStore& store) {
    return nodes_text(take(store.get(parse_json(properties.view), wanted)));
  }));
}

nb::str get_triplets(PropertyGraph& graph, const Text& selection) {
  return to_str(graph.run([&](const KVPropertyGraphStore& store) {
    return triplets_text(take(store.get_triplets(parse_selection(selection.view))));
  }));
}

nb::str get_rel_map(PropertyGraph& graph, const Text& nodes, Arg<"depth", int> depth, Arg<"limit", int> limit,
                    const nb::list& ignore_rels) {
  const std::vector<std::string> ignored = to_strings(ignore_rels);
  return to_str(graph.run([&](const KVPropertyGraphStore& store) {
    return triplets_text(take(store.get_rel_map(parse_nodes(parse_json(nodes.view)), depth, limit, ignored)));
  }));
}

void upsert_nodes(PropertyGraph& graph, const Text& nodes) {
  graph.run(
      [&](KVPropertyGraphStore& store) { check(store.upsert_nodes(parse_nodes(parse_json(nodes.view)))); });
}

void upsert_relations(PropertyGraph& graph, const Text& relations) {
  graph.run([&](KVPropertyGraphStore& store) {
    const Json parsed = parse_json(relations.view);
    std::vector<Relation> made;
    for (const JsonView each : parsed.view().elements()) made.push_back(take(Relation::from_json(each)));
    check(store.upsert_relations(made));
  });
}

void delete_selected(PropertyGraph& graph, const Text& selection) {
  graph.run([&](KVPropertyGraphStore& store) { check(store.delete_(parse_selection(selection.view))); });
}

nb::tuple vector_query(PropertyGraph& graph, const QueryArguments& arguments) {
  const ScoredNodes found = graph.run(
      [&](const KVPropertyGraphStore& store) { return take(store.vector_query(arguments.query())); });
  nb::list similarities;
  for (const double each : found.similarities) similarities.append(each);
  return nb::make_tuple(to_str(nodes_text(found.nodes)), similarities);
}

}  // namespace

void register_property_graph_store(nb::module_& module) {
  nb::class_<PropertyGraph>(module, "PropertyGraphStore")
      .def(
          "__init__",
          [](PropertyGraph* self, std::shared_ptr<Database> database, const Text& ns,
             std::optional<bool> supports_vector_queries) {
            new (self) PropertyGraph(std::move(database), ns.view, supports_vector_queries);
          },
          nb::arg("database"), nb::arg("namespace"), nb::arg("supports_vector_queries").none())
      .def("supports_vector_queries",
           [](PropertyGraph& graph) {
             return graph.run(
                 [](const KVPropertyGraphStore& store) { return take(store.supports_vector_queries()); });
           })
      .def("get", &get, nb::arg("properties"), nb::arg("ids"))
      .def("get_triplets", &get_triplets, nb::arg("selection"))
      .def("get_rel_map", &get_rel_map, nb::arg("graph_nodes"), nb::arg("depth").none(),
           nb::arg("limit").none(), nb::arg("ignore_rels"))
      .def("upsert_nodes", &upsert_nodes, nb::arg("nodes"))
      .def("upsert_relations", &upsert_relations, nb::arg("relations"))
      .def("delete", &delete_selected, nb::arg("selection"))
      .def("vector_query", &vector_query, nb::arg("query"))
      .def(
          "get_schema",
          [](PropertyGraph& graph) {
            return to_str(
                graph.run([](const KVPropertyGraphStore& store) { return take(store.get_schema()); }).text());
          })
      .def("to_dict",
           [](PropertyGraph& graph) {
             return to_str(
                 graph.run([](const KVPropertyGraphStore& store) { return take(store.to_dict()); }).text());
           })
      .def("persist", &PropertyGraph::persist, nb::arg("persist_path").none(), nb::arg("fs").none());
}

}  // namespace quipu::python
