#include "python/src/database/stats.h"

#include "python/src/convert/text.h"

namespace nb = nanobind;

namespace quipu::python {

nb::tuple to_tuple(const StoreStats& stats) {
  nb::dict calls;
  for (const CallStats& call : stats.calls) {
    calls[to_str(call.name)] = nb::make_tuple(call.count(), call.seconds, call.quantile(0.5),
                                              call.quantile(0.95), call.quantile(0.99));
  }
  nb::dict values;
  for (const StatsValue& each : stats.values) values[to_str(each.name)] = each.value;
  return nb::make_tuple(stats.time, stats.process, stats.seconds, calls, values,
                        to_str(to_prometheus(stats)));
}

}  // namespace quipu::python
