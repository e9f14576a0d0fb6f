// KVIndexStore for Python: index structs are dicts, {"__type__": ..., "__data__": ...}.

#include <nanobind/stl/shared_ptr.h>

#include "python/src/convert/arguments.h"
#include "python/src/convert/json_encoder.h"
#include "python/src/convert/text.h"
#include "python/src/stores/bound.h"
#include "quipu/index_store.h"

namespace nb = nanobind;

namespace quipu::python {

using Indexes = Bound<KVIndexStore>;

void register_index_store(nb::module_& module) {
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
            indexes.run([&](KVIndexStore& store) {
              check(store.add_index_struct(take(IndexStruct::from_json(parse_json(text)))));
            });
          },
          nb::arg("index_struct"))
      .def("persist", &Indexes::persist, nb::arg("persist_path").none(), nb::arg("fs").none());
}

}  // namespace quipu::python
