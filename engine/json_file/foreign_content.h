// What stands in a persist file's place when it is none: recognised by its first bytes, which no JSON text
// has.

#ifndef QUIPU_ENGINE_JSON_FILE_FOREIGN_CONTENT_H_
#define QUIPU_ENGINE_JSON_FILE_FOREIGN_CONTENT_H_

#include <string>
#include <string_view>

namespace quipu {

// What a file that begins so is, and what to do: "a Git LFS pointer, not the file itself: ...". Empty for
// what may be JSON. `head`: some hundred bytes, or all there are.
std::string describe_foreign_content(std::string_view head);

// What is wrong with JSON text, with what to do about it where that is known (an encoding, another program's
// file).
std::string with_advice(std::string_view error);

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_FILE_FOREIGN_CONTENT_H_
