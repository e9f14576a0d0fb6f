#include "python/src/convert/elements.h"

#include <nanobind/ndarray.h>

#include <algorithm>
#include <memory>

namespace nb = nanobind;

namespace quipu::python {
namespace {

using Array = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

std::vector<double> from_sequence(nb::handle vector) {
  const nb::object sequence =
      nb::steal(PySequence_Fast(vector.ptr(), "an embedding is a sequence of numbers"));
  if (!sequence.is_valid()) throw nb::python_error();
  const Py_ssize_t size = PySequence_Fast_GET_SIZE(sequence.ptr());
  PyObject** const items = PySequence_Fast_ITEMS(sequence.ptr());
  std::vector<double> elements(static_cast<size_t>(size));
  for (Py_ssize_t i = 0; i < size; ++i) {
    const double element = PyFloat_AsDouble(items[i]);
    if (element == -1.0 && PyErr_Occurred() != nullptr) throw nb::python_error();
    elements[static_cast<size_t>(i)] = element;
  }
  return elements;
}

}  // namespace

std::vector<double> to_elements(nb::handle vector) {
  if (PyList_Check(vector.ptr()) || PyTuple_Check(vector.ptr())) return from_sequence(vector);
  Array array;
  if (!nb::try_cast<Array>(vector, array)) return from_sequence(vector);
  return {array.data(), array.data() + array.size()};
}

nb::list to_list(std::span<const double> elements) {
  nb::list list;
  for (const double element : elements) list.append(element);
  return list;
}

nb::object to_matrix(const std::vector<std::vector<double>>& rows) {
  const size_t columns = rows.empty() ? 0 : rows.front().size();
  if (std::ranges::any_of(rows, [&](const auto& row) { return row.size() != columns; })) {
    nb::list lists;
    for (const std::vector<double>& row : rows) lists.append(to_list(row));
    return lists;
  }
  auto data = std::make_unique<double[]>(std::max<size_t>(rows.size() * columns, 1));
  double* to = data.get();
  for (const std::vector<double>& row : rows) to = std::copy(row.begin(), row.end(), to);
  const nb::capsule owner(data.get(), [](void* owned) noexcept { delete[] static_cast<double*>(owned); });
  return nb::cast(nb::ndarray<nb::numpy, double, nb::ndim<2>>(data.release(), {rows.size(), columns}, owner));
}

}  // namespace quipu::python
