// Nodes as former versions of LlamaIndex stored them.

#ifndef QUIPU_ENGINE_PERSIST_FORMER_FORMER_NODE_H_
#define QUIPU_ENGINE_PERSIST_FORMER_FORMER_NODE_H_

#include <optional>

#include "quipu/json.h"

namespace quipu {

// A stored node in a form that today's LlamaIndex reads, where it refuses or misreads the stored one and the
// version that wrote it does not; nothing where it need not be changed. Members that LlamaIndex does not know
// are kept. 0.6.33 to 0.8: a Document has no class_name. 0.6.0 to 0.6.32: the text may be null, the type of a
// document is "Document", related nodes may be a list.
std::optional<Json> with_class_name(JsonView node);
std::optional<Json> from_extra_info_form(JsonView node);

// Whether a stored node is in a form that needs neither; false where that is not seen at once. Cheap.
bool is_plain_node(JsonView node);

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_FORMER_FORMER_NODE_H_
