// The key-value calls of a Database. Values come as Python objects and go as JSON text.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>

#include "python/src/database.h"
#include "python/src/json_encoder.h"
#include "python/src/stores.h"
#include "python/src/text.h"
#include "quipu/write_batch.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

using DatabasePtr = std::shared_ptr<Database>;

void put(const DatabasePtr& db, const Text& key, const nb::object& val, const Text& collection) {
  const std::string text = to_json(val);
  db->run([&] { check(db->store()->put(key.view, parse_json(text), collection.view)); });
}

std::optional<nb::str> get(const DatabasePtr& db, const Text& key, const Text& collection) {
  const std::optional<Json> val = db->run([&] { return take(db->store()->get(key.view, collection.view)); });
  if (!val) return std::nullopt;
  return to_str(val->text());
}

nb::list get_all(const DatabasePtr& db, const Text& collection) {
  const std::vector<KVEntry> entries = db->run([&] { return take(db->store()->get_all(collection.view)); });
  nb::list pairs;
  for (const KVEntry& entry : entries) {
    pairs.append(nb::make_tuple(to_str(entry.key), to_str(entry.val.text())));
  }
  return pairs;
}

bool delete_key(const DatabasePtr& db, const Text& key, const Text& collection) {
  return db->run([&] { return take(db->store()->delete_(key.view, collection.view)); });
}

// A value for each key.
void put_all(const DatabasePtr& db, const nb::list& keys, const nb::list& vals, const Text& collection,
             int batch_size) {
  const std::vector<std::string> texts = to_strings(keys);
  const std::string all = to_json(vals);
  db->run([&] {
    const Json values = parse_json(all);
    std::vector<KVPair> pairs;
    for (const JsonView val : values.view().elements()) pairs.push_back({texts.at(pairs.size()), val});
    check(db->store()->put_all(pairs, collection.view, batch_size));
  });
}

nb::list multi_get(const DatabasePtr& db, const nb::list& keys, const Text& collection) {
  const std::vector<std::string> texts = to_strings(keys);
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const auto vals = db->run([&] { return take(db->store()->multi_get(views, collection.view)); });
  nb::list found;
  for (const std::optional<Json>& val : vals) {
    if (val) {
      found.append(to_str(val->text()));
    } else {
      found.append(nb::none());
    }
  }
  return found;
}

bool exists(const DatabasePtr& db, const Text& key, const Text& collection) {
  return db->run([&] { return take(db->store()->exists(key.view, collection.view)); });
}

uint64_t count(const DatabasePtr& db, const Text& collection) {
  return db->run([&] { return take(db->store()->count(collection.view)); });
}

nb::list collections(const DatabasePtr& db) {
  const std::vector<CollectionInfo> infos = db->run([&] { return take(db->store()->collections()); });
  nb::list names;
  for (const CollectionInfo& info : infos) names.append(to_str(info.name));
  return names;
}

bool drop_collection(const DatabasePtr& db, const Text& collection) {
  return db->run([&] { return take(db->store()->drop_collection(collection.view)); });
}

}  // namespace

void register_kv_store(nb::module_& module) {
  module.def("put", &put, nb::arg("database"), nb::arg("key"), nb::arg("val"), nb::arg("collection"));
  module.def("get", &get, nb::arg("database"), nb::arg("key"), nb::arg("collection"));
  module.def("get_all", &get_all, nb::arg("database"), nb::arg("collection"));
  module.def("delete", &delete_key, nb::arg("database"), nb::arg("key"), nb::arg("collection"));
  module.def("put_all", &put_all, nb::arg("database"), nb::arg("keys"), nb::arg("vals"),
             nb::arg("collection"), nb::arg("batch_size"));
  module.def("multi_get", &multi_get, nb::arg("database"), nb::arg("keys"), nb::arg("collection"));
  module.def("exists", &exists, nb::arg("database"), nb::arg("key"), nb::arg("collection"));
  module.def("count", &count, nb::arg("database"), nb::arg("collection"));
  module.def("collections", &collections, nb::arg("database"));
  module.def("drop_collection", &drop_collection, nb::arg("database"), nb::arg("collection"));
}

}  // namespace quipu::python
