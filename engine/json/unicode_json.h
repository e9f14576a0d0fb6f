// JSON with characters beyond ASCII as they are, in the two forms that the reference writes.

#ifndef QUIPU_ENGINE_JSON_UNICODE_JSON_H_
#define QUIPU_ENGINE_JSON_UNICODE_JSON_H_

#include <string>

#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

// Appends what pydantic's model_dump_json writes: no spaces, NaN and infinities null, and floats in Rust's
// ryu form (0.00001 and 1e-7 where Python has 1e-05 and 1e-07). Errors: kInvalidArgument for a lone
// surrogate, which that form cannot hold.
Status append_pydantic_json(JsonView value, std::string& out);

// Appends what json.dumps(value, ensure_ascii=False) writes.
void append_unicode_json(JsonView value, std::string& out);

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_UNICODE_JSON_H_
