#include "backends/redis/keys.h"

#include "backends/redis/client/client.h"

namespace quipu::redis {

Status for_each_key(Connection& server, std::string_view type,
                    const std::function<void(std::string key)>& use) {
  std::string cursor = "0";
  do {
    Command scan("SCAN");
    scan.add(cursor).add("COUNT").add("1000").add("TYPE").add(type);
    QUIPU_ASSIGN_OR_RETURN(const Reply reply, server.exchange(scan));
    if (is_error(*reply)) return error_of(*reply);
    const auto parts = elements_of(*reply);
    if (parts.size() != 2) return Status::io_error("Redis: SCAN answers with something else");
    cursor = text_of(*parts[0]);
    for (const redisReply* const element : elements_of(*parts[1])) use(std::string(text_of(*element)));
  } while (cursor != "0");
  return Status::ok();
}

}  // namespace quipu::redis
