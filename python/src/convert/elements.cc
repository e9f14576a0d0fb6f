#include "python/src/convert/elements.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace nb = nanobind;

namespace quipu::python {
namespace {

using DoubleArray = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

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

bool is_list(nb::handle given) { return PyList_Check(given.ptr()) || PyTuple_Check(given.ptr()); }
bool is_float(const AnyArray& array) { return array.dtype() == nb::dtype<float>(); }
bool is_double(const AnyArray& array) { return array.dtype() == nb::dtype<double>(); }

std::string shape_of(const AnyArray& array) {
  std::string shape = "(";
  for (size_t i = 0; i < array.ndim(); ++i) shape += (i == 0 ? "" : ", ") + std::to_string(array.shape(i));
  return shape + ")";
}

// What a wrong argument is: its type, and that of its elements.
std::string type_of(nb::handle given) {
  const std::string type = nb::type_name(given.type()).c_str();
  if (!nb::hasattr(given, "dtype")) return type;
  const nb::object dtype = given.attr("dtype");
  return type + " of " + nb::str(nb::handle(dtype)).c_str();
}

// Numbers that lie so many bytes apart, anywhere.
template <class T>
void copy_numbers(const char* from, int64_t distance, std::span<double> to) {
  for (double& element : to) {
    T number;
    std::memcpy(&number, from, sizeof number);
    element = number;
    from += distance;
  }
}

// The numbers of an array's last dimension, the first of which is `begin` from the array's first.
void copy_row(const AnyArray& array, int64_t begin, std::span<double> to) {
  const auto* const bytes = static_cast<const char*>(array.data());
  const int64_t distance = array.stride(array.ndim() - 1);
  if (is_double(array)) {
    copy_numbers<double>(bytes + begin * 8, distance * 8, to);
  } else if (distance == 1) {
    copy_numbers<float>(bytes + begin * 4, 4, to);
  } else {
    copy_numbers<float>(bytes + begin * 4, distance * 4, to);
  }
}

// The numbers of what lies in memory as one row, such as most of numpy's arrays: taken so in a tenth of the
// time that it takes to find out what an array is. Nothing: it is something else.
std::optional<std::vector<double>> from_row(nb::handle vector) {
  Py_buffer buffer;
  if (PyObject_CheckBuffer(vector.ptr()) == 0) return std::nullopt;
  if (PyObject_GetBuffer(vector.ptr(), &buffer, PyBUF_ND | PyBUF_FORMAT) != 0) {
    PyErr_Clear();
    return std::nullopt;
  }
  const std::unique_ptr<Py_buffer, decltype(&PyBuffer_Release)> release(&buffer, PyBuffer_Release);
  std::optional<std::vector<double>> elements;
  const std::string_view format = buffer.format == nullptr ? "" : buffer.format;
  if (buffer.ndim == 1 && (format == "f" || format == "d")) {
    elements.emplace(static_cast<size_t>(buffer.shape[0]));
    const auto* const from = static_cast<const char*>(buffer.buf);
    format == "f" ? copy_numbers<float>(from, sizeof(float), *elements)
                  : copy_numbers<double>(from, sizeof(double), *elements);
  }
  return elements;
}

}  // namespace

std::vector<double> to_elements(nb::handle vector) {
  if (is_list(vector)) return from_sequence(vector);
  if (std::optional<std::vector<double>> elements = from_row(vector)) return *std::move(elements);
  AnyArray array;
  if (nb::try_cast(vector, array, false)) {
    if (array.ndim() != 1) {
      throw nb::value_error(
          ("an embedding has one dimension: this array has the shape " + shape_of(array)).c_str());
    }
    if (is_float(array) || is_double(array)) {
      std::vector<double> elements(array.size());
      copy_row(array, 0, elements);
      return elements;
    }
    if (array.dtype().code == static_cast<uint8_t>(nb::dlpack::dtype_code::Complex)) {
      throw nb::type_error(("an embedding is of real numbers, not " + type_of(vector)).c_str());
    }
  }
  DoubleArray converted;
  if (!nb::try_cast(vector, converted)) return from_sequence(vector);
  return {converted.data(), converted.data() + converted.size()};
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

Matrix::Matrix(nb::handle given, const char* name) {
  if (is_list(given)) {
    read_list(given, name);
    return;
  }
  const bool is_array = nb::try_cast(given, array_, false);
  if (!is_array || !(is_float(array_) || is_double(array_))) {
    throw nb::type_error((std::string(name) +
                          " must be an array of float32 or float64 in main memory, of native byte order and "
                          "strides of whole elements, without gradients, or a list of embeddings, not " +
                          type_of(given))
                             .c_str());
  }
  if (array_.ndim() != 2) {
    throw nb::value_error((std::string(name) +
                           " must have two dimensions, a row an embedding: this array has the shape " +
                           shape_of(array_))
                              .c_str());
  }
  rows_ = array_.shape(0);
  columns_ = array_.shape(1);
}

void Matrix::read_list(nb::handle list, const char* name) {
  for (const nb::handle embedding : list) {
    const std::vector<double> elements = to_elements(embedding);
    if (rows_ == 0) columns_ = elements.size();
    if (elements.size() != columns_) {
      throw nb::value_error((std::string(name) + "[" + std::to_string(rows_) + "] has " +
                             std::to_string(elements.size()) + " elements, where the first one has " +
                             std::to_string(columns_))
                                .c_str());
    }
    listed_.insert(listed_.end(), elements.begin(), elements.end());
    ++rows_;
  }
}

std::vector<double> Matrix::elements() && {
  if (!array_.is_valid()) return std::move(listed_);
  if (columns_ != 0 && rows_ > listed_.max_size() / columns_) throw std::bad_alloc();
  std::vector<double> elements(rows_ * columns_);
  for (size_t row = 0; row < rows_; ++row) {
    copy_row(array_, static_cast<int64_t>(row) * array_.stride(0),
             std::span(elements).subspan(row * columns_, columns_));
  }
  return elements;
}

}  // namespace quipu::python
