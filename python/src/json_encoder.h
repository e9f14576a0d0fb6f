// Python objects as JSON text, to the byte as json.dumps writes them, in one pass without its intermediate
// strings.

#ifndef QUIPU_PYTHON_JSON_ENCODER_H_
#define QUIPU_PYTHON_JSON_ENCODER_H_

#include <nanobind/nanobind.h>

#include <string>

namespace quipu::python {

// Errors, as json.dumps raises them: TypeError for what is no JSON, ValueError for an int that is too long to
// print, RecursionError for what contains itself.
std::string to_json(nanobind::handle object);

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_JSON_ENCODER_H_
