// What a trace line expects, and whether an outcome meets it.

#ifndef QUIPU_TESTS_REPLAY_EXPECTATION_H_
#define QUIPU_TESTS_REPLAY_EXPECTATION_H_

#include <optional>
#include <string>

#include "quipu/json.h"

namespace quipu::testing {

// Nothing when `outcome` (canonical text, or an error) is what `line` expects; else why not.
std::optional<std::string> mismatch(JsonView line, const Result<std::string>& outcome);

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_REPLAY_EXPECTATION_H_
