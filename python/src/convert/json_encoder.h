// Python objects as JSON text, to the byte as json.dumps writes them, in one pass without its intermediate
// strings.

#ifndef QUIPU_PYTHON_CONVERT_JSON_ENCODER_H_
#define QUIPU_PYTHON_CONVERT_JSON_ENCODER_H_

#include <nanobind/nanobind.h>

#include <string>

namespace quipu::python {

// What json.dumps does not know, such as a date, becomes what pydantic's mode "json" makes of it. Errors:
// NotJSONError, a TypeError, for what that does not know either; ValueError for an int that is too long to
// print; RecursionError for what contains itself.
std::string to_json(nanobind::handle object);
// The same for objects of the types alone that json.loads gives; TypeError for others, subclasses included,
// whose str() may be another than that of what their JSON is read as.
std::string to_plain_json(nanobind::handle object);

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_CONVERT_JSON_ENCODER_H_
