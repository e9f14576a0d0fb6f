// Names of persist files come from directories and from users; they never become paths.

#ifndef QUIPU_ENGINE_LAYOUT_PERSIST_FILE_NAME_H_
#define QUIPU_ENGINE_LAYOUT_PERSIST_FILE_NAME_H_

#include <string_view>

#include "quipu/status.h"

namespace quipu {

// OK for a name that stays in its directory: not empty, at most 255 bytes, no separator, no NUL, not . or ..
Status check_file_name(std::string_view name);

}  // namespace quipu

#endif  // QUIPU_ENGINE_LAYOUT_PERSIST_FILE_NAME_H_
