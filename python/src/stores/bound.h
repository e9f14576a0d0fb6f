// The stores over a Database, as the module's files define them.

#ifndef QUIPU_PYTHON_STORES_BOUND_H_
#define QUIPU_PYTHON_STORES_BOUND_H_

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <utility>

#include "python/src/convert/arguments.h"
#include "python/src/convert/fsspec_file_system.h"
#include "python/src/convert/text.h"
#include "python/src/database/database.h"

namespace quipu::python {

// A store and the database under it, which goes last.
template <class Store>
class Bound {
 public:
  template <class... Args>
  explicit Bound(std::shared_ptr<Database> database, Args&&... args)
      : database_(std::move(database)), store_(database_->store(), std::forward<Args>(args)...) {}

  // Runs `call` with the store, without the GIL.
  template <class Call>
  auto run(Call call) {
    return database_->run([&] { return call(store_); });
  }

  // Writes the store's file, to a file system of fsspec or, for None, the disk.
  void persist(const Arg<"persist_path", PathText>& path, const nanobind::object& fs) {
    const FileSystemArgument files(fs);
    const Status persisted = run([&](const Store& store) { return store.persist(path.text, files.files()); });
    files.rethrow();
    check(persisted);
  }

 private:
  std::shared_ptr<Database> database_;
  Store store_;
};

void register_kv_store(nanobind::module_& module);
void register_document_store(nanobind::module_& module);
void register_index_store(nanobind::module_& module);
void register_vector_store(nanobind::module_& module);
void register_postgres_vector_store(nanobind::module_& module);
void register_graph_store(nanobind::module_& module);
void register_property_graph_store(nanobind::module_& module);
void register_chat_store(nanobind::module_& module);

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_STORES_BOUND_H_
