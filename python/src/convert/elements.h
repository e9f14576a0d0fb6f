// Vectors between Python and the library: lists of float, and arrays, of which no element becomes a Python
// object. An array is what has Python's buffer protocol or __dlpack__, such as numpy's; numpy is needed to
// return one.

#ifndef QUIPU_PYTHON_CONVERT_ELEMENTS_H_
#define QUIPU_PYTHON_CONVERT_ELEMENTS_H_

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstddef>
#include <span>
#include <vector>

namespace quipu::python {

using AnyArray = nanobind::ndarray<nanobind::ro, nanobind::device::cpu>;

// The numbers of a sequence or of an array. Errors: TypeError; ValueError for an array of other than one
// dimension.
std::vector<double> to_elements(nanobind::handle vector);
nanobind::list to_list(std::span<const double> elements);
// A numpy array of the rows; a list of lists where they are not equally long, which numpy refuses.
nanobind::object to_matrix(const std::vector<std::vector<double>>& rows);

// Embeddings as the rows of an array of float32 or float64, with strides of whole elements, or as a list of
// embeddings of one length. Keeps the array, and so its memory.
class Matrix {
 public:
  // Errors: TypeError for what is neither; ValueError for an array of other than two dimensions, and for
  // embeddings of several lengths. They name the argument.
  Matrix(nanobind::handle given, const char* name);

  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }
  // Row by row, copied. Called without the GIL, once; who writes to the array meanwhile changes what is
  // copied.
  std::vector<double> elements() &&;

 private:
  void read_list(nanobind::handle list, const char* name);

  AnyArray array_;
  std::vector<double> listed_;
  size_t rows_ = 0;
  size_t columns_ = 0;
};

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_CONVERT_ELEMENTS_H_
