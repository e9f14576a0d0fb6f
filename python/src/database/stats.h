// StoreStats for Python.

#ifndef QUIPU_PYTHON_DATABASE_STATS_H_
#define QUIPU_PYTHON_DATABASE_STATS_H_

#include <nanobind/nanobind.h>

#include "quipu/stats.h"

namespace quipu::python {

// (time, process, seconds, {call: (count, seconds, p50, p95, p99)}, {name: value}, Prometheus' text)
nanobind::tuple to_tuple(const StoreStats& stats);

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_DATABASE_STATS_H_
