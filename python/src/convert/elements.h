// Vectors between Python and the library: lists of float, and numpy arrays, of which no element becomes a
// Python object.

#ifndef QUIPU_PYTHON_CONVERT_ELEMENTS_H_
#define QUIPU_PYTHON_CONVERT_ELEMENTS_H_

#include <nanobind/nanobind.h>

#include <span>
#include <vector>

namespace quipu::python {

// The numbers of a sequence or of a one-dimensional array. Error: TypeError.
std::vector<double> to_elements(nanobind::handle vector);
nanobind::list to_list(std::span<const double> elements);
// A numpy array of the rows; a list of lists where they are not equally long, which numpy refuses.
nanobind::object to_matrix(const std::vector<std::vector<double>>& rows);

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_CONVERT_ELEMENTS_H_
