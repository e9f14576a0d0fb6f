// Names of persist files come from directories and from users; they never become paths.

#ifndef QUIPU_ENGINE_LAYOUT_PERSIST_FILE_NAME_H_
#define QUIPU_ENGINE_LAYOUT_PERSIST_FILE_NAME_H_

#include <optional>
#include <string>
#include <string_view>

#include "quipu/status.h"

namespace quipu {

// OK for a name that stays in its directory: not empty, at most 255 bytes, no separator, no NUL, not . or ..
Status check_file_name(std::string_view name);

// The file of a vector store's namespace, "<namespace>__vector_store.json", and back; nothing for another
// name.
std::string vector_store_file(std::string_view ns);
std::optional<std::string> vector_store_namespace(std::string_view name);

// The file of its sparse vectors, which LlamaIndex has no file for, and whether a name is such a one.
std::string sparse_vector_file(std::string_view ns);
bool is_sparse_vector_file(std::string_view name);

// Under which name LlamaIndex writes today what it wrote under this one: vector stores had no namespaces
// once. Another name is its own.
std::string present_name(std::string_view name);

}  // namespace quipu

#endif  // QUIPU_ENGINE_LAYOUT_PERSIST_FILE_NAME_H_
