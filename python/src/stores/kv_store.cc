// The key-value calls of a Database. Values come and go as Python objects.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>

#include "python/src/convert/arguments.h"
#include "python/src/convert/json_encoder.h"
#include "python/src/convert/text.h"
#include "python/src/database/database.h"
#include "python/src/objects/model_reader.h"
#include "python/src/stores/bound.h"
#include "quipu/write_batch.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

using DatabasePtr = std::shared_ptr<Database>;

void put(const DatabasePtr& db, const Str<"key">& key, const nb::object& val,
         const Str<"collection">& collection) {
  EncodedJson encoded = encode_json(val);
  db->run([&] { check(db->store()->put(key.view, std::move(encoded).json(), collection.view)); });
}

nb::object get(const DatabasePtr& db, const Str<"key">& key, const Str<"collection">& collection,
               const ObjectReader* reader) {
  const std::optional<Json> val = db->run([&] { return take(db->store()->get(key.view, collection.view)); });
  return val ? StoredObjects(reader)(val->text()) : nb::none();
}

// NotImplemented where it would have to wait.
nb::object get_at_hand(const DatabasePtr& db, const Str<"key">& key, const Str<"collection">& collection,
                       const ObjectReader* reader) {
  Result<std::optional<Json>> val = db->get_at_hand(key.view, collection.view);
  if (!val && val.error().code() == StatusCode::kBusy) return nb::borrow(Py_NotImplemented);
  const std::optional<Json> found = take(std::move(val));
  return found ? StoredObjects(reader)(found->text()) : nb::none();
}

nb::dict get_all(const DatabasePtr& db, const Str<"collection">& collection, const ObjectReader* reader) {
  const std::vector<KVEntry> entries = db->run([&] { return take(db->store()->get_all(collection.view)); });
  StoredObjects to_object(reader);
  nb::dict found;
  for (const KVEntry& entry : entries) found[to_str(entry.key)] = to_object(entry.val.text());
  return found;
}

bool delete_key(const DatabasePtr& db, const Str<"key">& key, const Str<"collection">& collection) {
  return db->run([&] { return take(db->store()->delete_(key.view, collection.view)); });
}

// A value for each key.
void put_all(const DatabasePtr& db, const Arg<"keys", Strings>& keys, const nb::list& vals,
             const Str<"collection">& collection, Arg<"batch_size", int> batch_size) {
  EncodedJson encoded = encode_json(vals);
  db->run([&] {
    const Json values = std::move(encoded).json();
    std::vector<KVPair> pairs;
    for (const JsonView val : values.view().elements()) pairs.push_back({keys.at(pairs.size()), val});
    check(db->store()->put_all(pairs, collection.view, batch_size));
  });
}

nb::list multi_get(const DatabasePtr& db, const Arg<"keys", Strings>& keys,
                   const Str<"collection">& collection, const ObjectReader* reader) {
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  const auto vals = db->run([&] { return take(db->store()->multi_get(views, collection.view)); });
  StoredObjects to_object(reader);
  nb::list found;
  for (const std::optional<Json>& val : vals) found.append(val ? to_object(val->text()) : nb::none());
  return found;
}

bool exists(const DatabasePtr& db, const Str<"key">& key, const Str<"collection">& collection) {
  return db->run([&] { return take(db->store()->exists(key.view, collection.view)); });
}

uint64_t count(const DatabasePtr& db, const Str<"collection">& collection) {
  return db->run([&] { return take(db->store()->count(collection.view)); });
}

nb::list collections(const DatabasePtr& db) {
  const std::vector<CollectionInfo> infos = db->run([&] { return take(db->store()->collections()); });
  nb::list names;
  for (const CollectionInfo& info : infos) names.append(to_str(info.name));
  return names;
}

bool drop_collection(const DatabasePtr& db, const Str<"collection">& collection) {
  return db->run([&] { return take(db->store()->drop_collection(collection.view)); });
}

}  // namespace

void register_kv_store(nb::module_& module) {
  module.def("put", &put, nb::arg("database"), nb::arg("key").none(), nb::arg("val"),
             nb::arg("collection").none());
  module.def("get", &get, nb::arg("database"), nb::arg("key").none(), nb::arg("collection").none(),
             nb::arg("reader") = nb::none());
  module.def("get_at_hand", &get_at_hand, nb::arg("database"), nb::arg("key").none(),
             nb::arg("collection").none(), nb::arg("reader") = nb::none());
  module.def("get_all", &get_all, nb::arg("database"), nb::arg("collection").none(),
             nb::arg("reader") = nb::none());
  module.def("delete", &delete_key, nb::arg("database"), nb::arg("key").none(), nb::arg("collection").none());
  module.def("put_all", &put_all, nb::arg("database"), nb::arg("keys").none(), nb::arg("vals"),
             nb::arg("collection").none(), nb::arg("batch_size").none());
  module.def("multi_get", &multi_get, nb::arg("database"), nb::arg("keys").none(),
             nb::arg("collection").none(), nb::arg("reader") = nb::none());
  module.def("exists", &exists, nb::arg("database"), nb::arg("key").none(), nb::arg("collection").none());
  module.def("count", &count, nb::arg("database"), nb::arg("collection").none());
  module.def("collections", &collections, nb::arg("database"));
  module.def("drop_collection", &drop_collection, nb::arg("database"), nb::arg("collection").none());
}

}  // namespace quipu::python
