// Traces recorded from the reference, one operation a line with its arguments and result, replayed on the
// stores of a backend.

#ifndef QUIPU_TESTS_REPLAY_TRACE_H_
#define QUIPU_TESTS_REPLAY_TRACE_H_

#include <functional>
#include <string>
#include <string_view>

#include "quipu/status.h"
#include "tests/support/backends.h"

namespace quipu::testing {

// A line whose operation did not give what the reference's gave, and why.
using ReportMismatch = std::function<void(int line, std::string_view op, const std::string& why)>;

// Replays a trace; the number of its operations. What the reference's store refused and this backend can do
// is passed over, and what this backend cannot do has to be refused as include/quipu/kv_store.h says,
// changing nothing: keys that are no text, and numbers that are not finite, where it has none
// (KVCapabilities). Errors: kIoError; kInvalidArgument for what is no trace.
Result<int> replay_trace(const std::string& path, const BackendFactory& backend,
                         const ReportMismatch& report);

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_REPLAY_TRACE_H_
