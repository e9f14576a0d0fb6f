#include "backends/postgres/chats/chat_sql.h"

#include <utility>

#include "quipu/backend/limits.h"

namespace quipu::postgres {
namespace {

constexpr size_t kLongestName = 50;  // so that no index's name is longer than 63 bytes

Status refused(const std::string& table, std::string_view key, const std::string& why) {
  return Status::invalid_argument(table + ", chat " + Json::from_string(key).text() + ": " + why);
}

}  // namespace

ChatSql::ChatSql(const std::string& schema, const std::string& table_name, std::string_view type)
    : name(table_name), table(quoted(schema) + "." + quoted(table_name)) {
  const std::string messages = "$2::text[]::" + std::string(type) + "[]";
  get = "SELECT array_to_json(t.value) FROM " + table + " AS t WHERE t.key = $1::text";
  keys = "SELECT t.key FROM " + table + " AS t ORDER BY t.id";
  // What is there is updated first: an INSERT would use up a number of the sequence.
  const auto upsert = [&](const std::string& value, const std::string& excluded) {
    return "WITH w AS (UPDATE " + table + " AS t SET value = " + value +
           " WHERE t.key = $1::text RETURNING 1) INSERT INTO " + table +
           " AS t (key, value) SELECT $1::text, " + messages +
           " WHERE NOT EXISTS (SELECT 1 FROM w) ON CONFLICT (key) DO UPDATE SET value = " + excluded;
  };
  append = upsert("coalesce(t.value, '{}') || " + messages, "coalesce(t.value, '{}') || excluded.value");
  set = upsert(messages, "excluded.value");
  erase = "DELETE FROM " + table + " WHERE key = $1::text";
  fingerprint =
      "SELECT count(*) || ' ' || coalesce(sum(hashint8extended(t.id, t.xmin::text::bigint)::numeric), 0) "
      "FROM " +
      table + " AS t WHERE $1::text = 'all' OR t.key = ANY ($2::text[])";
  create = {"CREATE TABLE IF NOT EXISTS " + table + " (id SERIAL NOT NULL, key VARCHAR NOT NULL, value " +
                std::string(type) + "[], PRIMARY KEY (id), CONSTRAINT " + quoted(name + ":unique_key") +
                " UNIQUE (key))",
            "CREATE INDEX IF NOT EXISTS " + quoted(name + ":idx_key") + " ON " + table + " (key)"};
}

Status check_chat_table_name(const std::string& name) {
  if (!name.empty() && name.size() <= kLongestName && is_text(name)) return Status::ok();
  return Status::invalid_argument("chat table " + Json::from_string(name).text() +
                                  ": a name is UTF-8 without NUL, of 1 to 50 bytes");
}

Statement look_for_chats(const std::string& schema, const std::string& name, const std::string& former_name) {
  Statement look(
      "SELECT c.relname, coalesce((SELECT t.typname FROM pg_catalog.pg_attribute AS a JOIN "
      "pg_catalog.pg_type AS t "
      "ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attname = 'value' AND NOT a.attisdropped), '') "
      "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
      "WHERE n.nspname = $1 AND c.relname IN ($2, $3) AND c.relkind IN ('r', 'p') ORDER BY c.relname = $3 "
      "DESC");
  look.text(schema).text(name).text(former_name);
  return look;
}

Result<std::optional<ChatSql>> chats_found(const ResultSet& looked, const std::string& schema) {
  if (looked.rows() == 0) return std::optional<ChatSql>();
  const std::string name(looked.text(0, 0));
  const std::string_view type = looked.text(0, 1);
  if (type != "_json" && type != "_jsonb") {
    return Status::invalid_argument(quoted(schema) + "." + quoted(name) +
                                    ": this is no table of PostgresChatStore");
  }
  return std::optional(ChatSql(schema, name, type.substr(1)));
}

Result<std::vector<Json>> messages_of(std::string_view array, std::string_view key,
                                      const std::string& table) {
  const Result<Json> parsed = Json::parse(array);
  if (!parsed || parsed->view().kind() != JsonKind::kArray) {
    return Status::corruption(table + ", chat " + Json::from_string(key).text() +
                              ": its messages are no array of JSON");
  }
  std::vector<Json> messages;
  for (const JsonView each : parsed->view().elements())
    messages.push_back(Json::from_canonical(std::string(each.text())));
  return messages;
}

Result<std::string> message_bytes(std::span<const Json> messages, std::string_view key,
                                  const std::string& table) {
  if (!is_text(key)) return refused(table, key, "a key is UTF-8 without NUL");
  std::vector<std::string_view> texts;
  for (const Json& message : messages) {
    if (!message.view().is_object()) return refused(table, key, "a message is a JSON object");
    texts.emplace_back(message.text());
  }
  return Statement::binary(texts);
}

}  // namespace quipu::postgres
