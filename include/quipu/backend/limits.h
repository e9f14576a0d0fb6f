// What some engines cannot hold: see KVCapabilities::text_keys and finite_numbers. A backend over such an
// engine refuses it, and whoever is about to write much to one looks first.
//
// Thread-safety: any.

#ifndef QUIPU_BACKEND_LIMITS_H_
#define QUIPU_BACKEND_LIMITS_H_

#include <string_view>

#include "quipu/json.h"

namespace quipu {

// UTF-8 without NUL and without surrogates.
bool is_text(std::string_view bytes);

// Whether a value has NaN or an infinity, outside of strings. Cost: two searches, unless there is such a
// word.
bool has_non_finite_number(JsonView value);

}  // namespace quipu

#endif  // QUIPU_BACKEND_LIMITS_H_
