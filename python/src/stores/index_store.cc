// KVIndexStore for Python: index structs are dicts, {"__type__": ..., "__data__": ...}.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>

#include "python/src/convert/arguments.h"
#include "python/src/convert/json_encoder.h"
#include "python/src/convert/text.h"
#include "python/src/stores/bound.h"
#include "quipu/index_store.h"

namespace nb = nanobind;

namespace quipu::python {

using Indexes = Bound<KVIndexStore>;

namespace {

// Of an id, the stored text and its revision.
nb::tuple to_tuple(const StoredIndexStruct& stored) {
  return nb::make_tuple(to_str(stored.id), to_str(stored.value.text()), stored.revision);
}

// change: {field: [members that go, members that are put, elements that are appended]}, the first two as
// dicts.
std::optional<uint64_t> update_index_struct(Indexes& indexes, const Str<"key">& id, uint64_t revision,
                                            const nb::dict& change) {
  const Json fields = Json::from_canonical(to_json(change));
  return indexes.run([&](KVIndexStore& store) {
    IndexStructChange steps(revision);
    for (const JsonMember& field : fields.view().members()) {
      const std::string name = field.key();
      auto part = field.value.elements().begin();
      for (const JsonMember& gone : (*part).members()) steps.erase(name, gone.key());
      ++part;
      for (const JsonMember& put : (*part).members()) steps.put(name, put.key(), put.value);
      ++part;
      for (const JsonView appended : (*part).elements()) steps.append(name, appended);
    }
    return take(store.update_index_struct(id.view, steps));
  });
}

// How many slots a set has, and how many hold a member or have held one: with the order of the members, what
// it will do when it grows.
nb::tuple set_slots(nb::handle set) {
  if (!PySet_Check(set.ptr())) throw nb::type_error("not a set");
  const auto* const table = reinterpret_cast<PySetObject*>(set.ptr());
  return nb::make_tuple(table->mask + 1, table->fill);
}

}  // namespace

void register_index_store(nb::module_& module) {
  module.def("set_slots", &set_slots, nb::arg("set"));
  module.def(
      "to_json", [](nb::handle object) { return to_str(to_json(object)); }, nb::arg("object"));
  module.def(
      "to_plain_json", [](nb::handle object) { return to_str(to_plain_json(object)); }, nb::arg("object"));
  module.def(
      "check_json", [](nb::handle object) { to_json(object); }, nb::arg("object"));
  nb::class_<Indexes>(module, "IndexStore")
      .def(
          "__init__",
          [](Indexes* self, std::shared_ptr<Database> database, const Str<"namespace">& ns,
             const Str<"collection_suffix">& suffix) {
            new (self) Indexes(std::move(database), ns.view, suffix.view);
          },
          nb::arg("database"), nb::arg("namespace").none(), nb::arg("collection_suffix").none())
      .def(
          "add_index_struct",
          [](Indexes& indexes, const nb::dict& index_struct) {
            const std::string text = to_json(index_struct);
            return indexes.run([&](KVIndexStore& store) {
              return take(store.add_revised(take(IndexStruct::from_json(parse_json(text)))));
            });
          },
          nb::arg("index_struct"))
      .def("update_index_struct", &update_index_struct, nb::arg("key"), nb::arg("revision"),
           nb::arg("change"))
      .def(
          "stored_struct",
          [](Indexes& indexes, const Str<"key">& id) -> nb::object {
            const auto stored =
                indexes.run([&](const KVIndexStore& store) { return take(store.stored_struct(id.view)); });
            return stored ? nb::object(to_tuple(*stored)) : nb::none();
          },
          nb::arg("key"))
      .def("stored_structs",
           [](Indexes& indexes) {
             nb::list all;
             for (const StoredIndexStruct& stored :
                  indexes.run([](const KVIndexStore& store) { return take(store.stored_structs()); })) {
               all.append(to_tuple(stored));
             }
             return all;
           })
      .def("persist", &Indexes::persist, nb::arg("persist_path").none(), nb::arg("fs").none());
}

}  // namespace quipu::python
