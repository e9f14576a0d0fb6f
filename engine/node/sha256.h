#ifndef QUIPU_ENGINE_NODE_SHA256_H_
#define QUIPU_ENGINE_NODE_SHA256_H_

#include <string>
#include <string_view>

namespace quipu {

// sha256(bytes).hexdigest()
std::string sha256_hex(std::string_view bytes);

}  // namespace quipu

#endif  // QUIPU_ENGINE_NODE_SHA256_H_
