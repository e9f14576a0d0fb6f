#ifndef QUIPU_TESTS_REPLAY_NODE_HASH_REPLAY_H_
#define QUIPU_TESTS_REPLAY_NODE_HASH_REPLAY_H_

#include <string>

#include "quipu/json.h"

namespace quipu::testing {

// Runs a line of a node_hash trace: hash, get_metadata_str or get_content of a node. The canonical text of
// the result.
Result<std::string> replay_node_hash(std::string_view op, JsonView args);

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_REPLAY_NODE_HASH_REPLAY_H_
