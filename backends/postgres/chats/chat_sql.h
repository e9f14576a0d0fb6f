// The SQL over a table of chats. LlamaIndex once put "data_" before its name; a table of that name is taken
// where there is one.
//
// Thread-safety: as a standard container.

#ifndef QUIPU_BACKENDS_POSTGRES_CHATS_CHAT_SQL_H_
#define QUIPU_BACKENDS_POSTGRES_CHATS_CHAT_SQL_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/postgres/connection/statement.h"
#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu::postgres {

struct ChatSql {
  // Of a table of this name, whose messages are of type json or jsonb.
  ChatSql(const std::string& schema, const std::string& table_name, std::string_view type);

  std::string name;    // the table, as it is
  std::string table;   // with its schema, quoted
  std::string get;     // $1 key: the messages as one JSON array
  std::string keys;    // key
  std::string append;  // $1 key, $2 messages
  std::string set;     // the same
  std::string erase;   // $1 key
  std::string
      fingerprint;  // $1 "all" or not, $2 keys: a text that is another one after every change of these
  std::vector<std::string> create;
};

// kInvalidArgument for a name that PostgreSQL would cut off or cannot hold.
Status check_chat_table_name(const std::string& name);

// What there is of the table; `schema` and `name` are viewed.
Statement look_for_chats(const std::string& schema, const std::string& name, const std::string& former_name);
// Nothing: there is none. Errors: kInvalidArgument for a table that is none of chats.
Result<std::optional<ChatSql>> chats_found(const ResultSet& looked, const std::string& schema);

// The messages of a row; `array` may have been written by others. Errors: kCorruption, naming the chat.
Result<std::vector<Json>> messages_of(std::string_view array, std::string_view key, const std::string& table);
// As a parameter. Errors: kInvalidArgument for what PostgreSQL cannot hold.
Result<std::string> message_bytes(std::span<const Json> messages, std::string_view key,
                                  const std::string& table);

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_CHATS_CHAT_SQL_H_
