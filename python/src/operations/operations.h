// What is done with databases as a whole, as the module's files define it.

#ifndef QUIPU_PYTHON_OPERATIONS_OPERATIONS_H_
#define QUIPU_PYTHON_OPERATIONS_OPERATIONS_H_

#include <nanobind/nanobind.h>

namespace quipu::python {

void register_persist_dir(nanobind::module_& module);
void register_contents(nanobind::module_& module);
void register_migrate(nanobind::module_& module);
void register_backup(nanobind::module_& module);

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_OPERATIONS_OPERATIONS_H_
