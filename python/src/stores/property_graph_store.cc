// KVPropertyGraphStore for Python: nodes and relations come as dicts, and go as objects.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>

#include <array>

#include "python/src/convert/arguments.h"
#include "python/src/convert/json_encoder.h"
#include "python/src/convert/text.h"
#include "python/src/convert/vector_query.h"
#include "python/src/objects/model_reader.h"
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

nb::list to_objects(const std::vector<LabelledNode>& nodes, const ObjectReader& reader) {
  StoredObjects to_object(&reader);
  nb::list objects;
  for (const LabelledNode& node : nodes) objects.append(to_object(node.to_json().text()));
  return objects;
}

// [(source, relation, target), ...]; each triplet has objects of its own.
nb::list to_objects(const std::vector<Triplet>& triplets, const ObjectReader& nodes,
                    const ObjectReader& relations) {
  StoredObjects to_node(&nodes);
  StoredObjects to_relation(&relations);
  nb::list objects;
  for (const Triplet& triplet : triplets) {
    nb::object source = to_node(triplet.source.to_json().text());
    nb::object relation = to_relation(triplet.relation.to_json().text());
    objects.append(
        nb::make_tuple(std::move(source), std::move(relation), to_node(triplet.target.to_json().text())));
  }
  return objects;
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

nb::list get(PropertyGraph& graph, const Text& properties, const nb::list& ids, const ObjectReader& nodes) {
  const std::vector<std::string> wanted = to_strings(ids);
  const std::vector<LabelledNode> found = graph.run([&](const KVPropertyGraphStore& store) {
    return take(store.get(parse_json(properties.view), wanted));
  });
  return to_objects(found, nodes);
}

nb::list get_triplets(PropertyGraph& graph, const Text& selection, const ObjectReader& nodes,
                      const ObjectReader& relations) {
  const std::vector<Triplet> found = graph.run([&](const KVPropertyGraphStore& store) {
    return take(store.get_triplets(parse_selection(selection.view)));
  });
  return to_objects(found, nodes, relations);
}

nb::list get_rel_map(PropertyGraph& graph, const Text& graph_nodes, Arg<"depth", int> depth,
                     Arg<"limit", int> limit, const nb::list& ignore_rels, const ObjectReader& nodes,
                     const ObjectReader& relations) {
  const std::vector<std::string> ignored = to_strings(ignore_rels);
  const std::vector<Triplet> found = graph.run([&](const KVPropertyGraphStore& store) {
    return take(store.get_rel_map(parse_nodes(parse_json(graph_nodes.view)), depth, limit, ignored));
  });
  return to_objects(found, nodes, relations);
}

void upsert_nodes(PropertyGraph& graph, const nb::list& nodes) {
  EncodedJson encoded = encode_json(nodes);
  graph.run([&](KVPropertyGraphStore& store) {
    check(store.upsert_nodes(parse_nodes(std::move(encoded).json())));
  });
}

// The strings of a relation's dict, without a look at its JSON; false where they are not as its class makes
// them.
bool read_strings(nb::handle relation, std::array<Text, 3>& strings, nb::object& properties) {
  static constexpr std::array<const char*, 4> kNames = {"label", "source_id", "target_id", "properties"};
  if (!PyDict_CheckExact(relation.ptr()) || PyDict_GET_SIZE(relation.ptr()) != Py_ssize_t{kNames.size()})
    return false;
  Py_ssize_t position = 0;
  PyObject* name = nullptr;
  PyObject* member = nullptr;
  for (size_t i = 0; PyDict_Next(relation.ptr(), &position, &name, &member) != 0; ++i) {
    if (!PyUnicode_CheckExact(name) || PyUnicode_CompareWithASCIIString(name, kNames[i]) != 0) return false;
    if (i == strings.size()) {
      properties = nb::borrow(member);
    } else if (!PyUnicode_CheckExact(member) || !to_text(member, strings[i]) ||
               strings[i].kept.ptr() != member) {
      return PyErr_Clear(), false;  // a surrogate, at which two strings may be one
    }
  }
  return PyDict_CheckExact(properties.ptr());
}

// Whether all values of a relation's properties are of the types that JSON has for itself.
bool are_plain(nb::handle properties) {
  Py_ssize_t position = 0;
  PyObject* name = nullptr;
  PyObject* value = nullptr;
  while (PyDict_Next(properties.ptr(), &position, &name, &value) != 0) {
    const bool plain = value == Py_None || PyUnicode_CheckExact(value) || PyLong_CheckExact(value) ||
                       PyFloat_CheckExact(value) || PyBool_Check(value);
    if (!plain) return false;
  }
  return true;
}

std::optional<Relation> read_relation(nb::handle values, bool plain) {
  std::array<Text, 3> strings;
  nb::object properties;
  if (!read_strings(values, strings, properties) || (plain && !are_plain(properties))) return std::nullopt;
  EncodedJson encoded = encode_json(properties, /*depth=*/2);
  if (!encoded.is_canonical()) return std::nullopt;
  return Relation(strings[0].view, strings[1].view, strings[2].view, std::move(encoded).json());
}

// A relation of `type` is read from its fields, where its class would write them as they are; every other
// one from the dict that `to_dict` makes of it.
Relation to_relation(nb::handle given, nb::handle type, nb::handle to_dict) {
  if (Py_TYPE(given.ptr()) == reinterpret_cast<PyTypeObject*>(type.ptr())) {
    const nb::object fields = nb::steal(PyObject_GenericGetDict(given.ptr(), nullptr));
    if (!fields.is_valid()) throw nb::python_error();
    if (std::optional<Relation> read = read_relation(fields, /*plain=*/true)) return *std::move(read);
  }
  const nb::object dict = to_dict(given);
  if (std::optional<Relation> read = read_relation(dict, /*plain=*/false)) return *std::move(read);
  return take(Relation::from_json(encode_json(dict, /*depth=*/1).json()));
}

void upsert_relations(PropertyGraph& graph, nb::handle given, nb::handle type, nb::handle to_dict) {
  std::vector<Relation> relations;
  for (const nb::handle each : given) relations.push_back(to_relation(each, type, to_dict));
  graph.run([&](KVPropertyGraphStore& store) { check(store.upsert_relations(relations)); });
}

void delete_selected(PropertyGraph& graph, const Text& selection) {
  graph.run([&](KVPropertyGraphStore& store) { check(store.delete_(parse_selection(selection.view))); });
}

nb::tuple vector_query(PropertyGraph& graph, const QueryArguments& arguments, const ObjectReader& nodes) {
  const ScoredNodes found = graph.run(
      [&](const KVPropertyGraphStore& store) { return take(store.vector_query(arguments.query())); });
  nb::list similarities;
  for (const double each : found.similarities) similarities.append(each);
  return nb::make_tuple(to_objects(found.nodes, nodes), similarities);
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
      .def("get", &get, nb::arg("properties"), nb::arg("ids"), nb::arg("nodes"))
      .def("get_triplets", &get_triplets, nb::arg("selection"), nb::arg("nodes"), nb::arg("relations"))
      .def("get_rel_map", &get_rel_map, nb::arg("graph_nodes"), nb::arg("depth").none(),
           nb::arg("limit").none(), nb::arg("ignore_rels"), nb::arg("nodes"), nb::arg("relations"))
      .def("upsert_nodes", &upsert_nodes, nb::arg("nodes"))
      .def("upsert_relations", &upsert_relations, nb::arg("relations"), nb::arg("type"), nb::arg("to_dict"))
      .def("delete", &delete_selected, nb::arg("selection"))
      .def("vector_query", &vector_query, nb::arg("query"), nb::arg("nodes"))
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
