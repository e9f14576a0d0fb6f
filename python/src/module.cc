// quipu._native: the library for the classes of the package. Only conversion is done here; what LlamaIndex's
// classes are is done in Python, what is stored in the library.

#include <nanobind/nanobind.h>

#include "python/src/convert/errors.h"
#include "python/src/database/database.h"
#include "python/src/database/scan.h"
#include "python/src/objects/model_reader.h"
#include "python/src/operations/operations.h"
#include "python/src/stores/bound.h"
#include "quipu/version.h"

NB_MODULE(_native, module) {
  using namespace quipu::python;
  nanobind::set_leak_warnings(false);  // stores that are open at the end of the process are closed, not freed
  module.attr("__version__") = QUIPU_VERSION;
  register_errors(module);
  register_model_reader(module);
  register_database(module);
  register_scan(module);
  register_kv_store(module);
  register_document_store(module);
  register_index_store(module);
  register_vector_store(module);
  register_postgres_vector_store(module);
  register_graph_store(module);
  register_property_graph_store(module);
  register_chat_store(module);
  register_persist_dir(module);
  register_contents(module);
  register_migrate(module);
  register_backup(module);
}
