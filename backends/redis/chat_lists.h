// ChatLists: the chats of LlamaIndex's RedisChatStore in a database, as TableReads: a list for each chat,
// under the chat's key, of its messages as JSON. They are known among other lists by their first message, and
// are looked for in a whole database alone, since they have no namespace. In the order of their keys; Redis
// keeps no other.
//
// Thread-safety: any number of threads. Memory: all keys of lists. Errors: those of the client;
// kInvalidArgument for an element that is no message, naming the chat.

#ifndef QUIPU_BACKENDS_REDIS_CHAT_LISTS_H_
#define QUIPU_BACKENDS_REDIS_CHAT_LISTS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/redis/client/client.h"
#include "backends/redis/layout/names.h"
#include "quipu/backend/shared_tables.h"

namespace quipu::redis {

class ChatLists {
 public:
  ChatLists(Client& client, const Names& names) : client_(client), names_(names) {}

  // One that stands for all chats, one for lists of others, and one for those that must not be read.
  Result<std::vector<SharedTables::Named>> tables() const;
  Result<TableReads::ChatCounts> count() const;
  Result<std::unique_ptr<TableRows<TableReads::Chat>>> chats(std::optional<std::string_view> key) const;
  Result<std::unique_ptr<TableRows<TableReads::ChatMessage>>> messages() const;
  Result<std::vector<Json>> messages(std::string_view key, uint64_t first, uint64_t last) const;

 private:
  struct Found {
    std::vector<std::string> chats;  // sorted
    uint64_t others = 0;
    uint64_t forbidden = 0;  // by the server's access control
  };
  Result<Found> find() const;

  Client& client_;
  const Names& names_;
};

}  // namespace quipu::redis

#endif  // QUIPU_BACKENDS_REDIS_CHAT_LISTS_H_
