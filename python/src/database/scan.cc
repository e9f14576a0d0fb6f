#include "python/src/database/scan.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/unique_ptr.h>

#include "python/src/convert/arguments.h"
#include "python/src/convert/text.h"
#include "python/src/objects/model_reader.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

// A scan and the database that must outlive its iterator.
struct BoundScan {
  BoundScan(std::shared_ptr<Database> on, std::shared_ptr<Scan> pairs)
      : database(std::move(on)), scan(std::move(pairs)) {}

  std::shared_ptr<Database> database;
  std::shared_ptr<Scan> scan;
};

std::unique_ptr<BoundScan> start(const std::shared_ptr<Database>& database, const ScanOptions& options,
                                 const Str<"collection">& collection) {
  auto scan = database->run(
      [&] { return std::make_shared<Scan>(take(database->store()->scan(options, collection.view))); });
  database->add(scan);
  return std::make_unique<BoundScan>(database, std::move(scan));
}

nb::list next(const BoundScan& bound, size_t count, const ObjectReader* reader) {
  const std::vector<KVEntry> entries = bound.database->run([&] { return bound.scan->next(count); });
  StoredObjects to_object(reader);
  nb::list pairs;
  for (const KVEntry& entry : entries) {
    pairs.append(nb::make_tuple(to_str(entry.key), to_object(entry.val.text())));
  }
  return pairs;
}

}  // namespace

std::vector<KVEntry> Scan::next(size_t count) {
  std::lock_guard lock(mutex_);
  if (!pairs_) throw StatusError(Status::invalid_argument("the scan has ended: its store was closed"));
  std::vector<KVEntry> entries;
  while (entries.size() < count && pairs_->next()) {
    entries.push_back({std::string(pairs_->key()), Json::from_canonical(std::string(pairs_->val().text()))});
  }
  check(pairs_->status());
  return entries;
}

void Scan::end() {
  std::lock_guard lock(mutex_);
  pairs_.reset();
}

void register_scan(nb::module_& module) {
  nb::class_<BoundScan>(module, "Scan")
      .def("next", &next, nb::arg("count"), nb::arg("reader") = nb::none())
      .def("end", [](const BoundScan& bound) { bound.database->run([&] { bound.scan->end(); }); });
  module.def(
      "scan",
      [](const std::shared_ptr<Database>& database, const Str<"collection">& collection,
         const Str<"prefix">& prefix, const Arg<"start", std::optional<Text>>& start_key,
         const Arg<"end", std::optional<Text>>& end_key, Arg<"limit", uint64_t> limit,
         Flag<"reverse"> reverse, Flag<"keys_only"> keys_only, Flag<"insertion_order"> insertion_order) {
        ScanOptions options;
        options.prefix = prefix.view;
        if (start_key) options.start = std::string(start_key->view);
        if (end_key) options.end = std::string(end_key->view);
        options.limit = limit;
        options.reverse = reverse;
        options.keys_only = keys_only;
        options.order = insertion_order ? ScanOptions::Order::kInsertion : ScanOptions::Order::kKey;
        return start(database, options, collection);
      },
      nb::arg("database"), nb::arg("collection").none(), nb::arg("prefix").none(), nb::arg("start").none(),
      nb::arg("end").none(), nb::arg("limit").none(), nb::arg("reverse").none(), nb::arg("keys_only").none(),
      nb::arg("insertion_order").none());
}

}  // namespace quipu::python
