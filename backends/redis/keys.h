// Going through the keys of a server.

#ifndef QUIPU_BACKENDS_REDIS_KEYS_H_
#define QUIPU_BACKENDS_REDIS_KEYS_H_

#include <functional>
#include <string>
#include <string_view>

#include "backends/redis/client/connection.h"
#include "quipu/status.h"

namespace quipu::redis {

// Calls `use` with each key of a type ("hash", "list"); one may come twice. Memory: a page.
Status for_each_key(Connection& server, std::string_view type,
                    const std::function<void(std::string key)>& use);

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_KEYS_H_
