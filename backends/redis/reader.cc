#include "backends/redis/reader.h"

#include <charconv>
#include <utility>

#include "backends/redis/pages.h"
#include "backends/redis/scanner.h"

namespace quipu::redis {
namespace {

constexpr size_t kMaxKeys = 500'000;  // of one HMGET; Redis before 7 reads no command of 2^20 arguments

}  // namespace

Result<Json> value_of(std::string_view text, std::string_view collection, std::string_view key) {
  Result<Json> value = Json::parse(text);
  if (value && value->view().is_object()) return value;
  return Status::corruption("collection " + std::string(collection) + ", key " + std::string(key) + ": " +
                            (value ? "the value is not a JSON object" : value.error().message()));
}

Result<Reply> Reader::run(const CollectionKeys& keys, const Command& command) const {
  QUIPU_ASSIGN_OR_RETURN(Reply reply, client_.run(keys.slot, command));
  if (is_error(*reply)) return error_of(*reply);
  return reply;
}

Result<std::optional<Json>> Reader::get(std::string_view key, std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionKeys keys, names_.keys_of(collection));
  Command command("HGET");
  QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(keys, command.add(keys.hash).add(key)));
  if (is_nil(*reply)) return std::optional<Json>();
  QUIPU_ASSIGN_OR_RETURN(Json value, value_of(text_of(*reply), collection, key));
  return std::optional(std::move(value));
}

Result<std::vector<std::optional<Json>>> Reader::multi_get(std::span<const std::string_view> keys,
                                                           std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionKeys names, names_.keys_of(collection));
  std::vector<std::optional<Json>> values;
  values.reserve(keys.size());
  for (size_t from = 0; from < keys.size(); from += kMaxKeys) {
    const std::span<const std::string_view> some = keys.subspan(from, std::min(kMaxKeys, keys.size() - from));
    Command command("HMGET");
    command.add(names.hash);
    for (const std::string_view key : some) command.add(key);
    QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(names, command));
    for (size_t i = 0; i < some.size(); ++i) {
      const redisReply& element = *elements_of(*reply)[i];
      if (is_nil(element)) {
        values.emplace_back();
      } else {
        QUIPU_ASSIGN_OR_RETURN(values.emplace_back(), value_of(text_of(element), collection, some[i]));
      }
    }
  }
  return values;
}

Result<bool> Reader::exists(std::string_view key, std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionKeys keys, names_.keys_of(collection));
  Command command("HEXISTS");
  QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(keys, command.add(keys.hash).add(key)));
  return reply->integer == 1;
}

Result<uint64_t> Reader::count(std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionKeys keys, names_.keys_of(collection));
  Command command("HLEN");
  QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(keys, command.add(keys.hash)));
  return static_cast<uint64_t>(reply->integer);
}

Result<std::vector<std::optional<uint64_t>>> Reader::numbers(std::span<const std::string_view> keys,
                                                             std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionKeys names, names_.keys_of(collection));
  std::vector<std::optional<uint64_t>> numbers;
  for (size_t from = 0; from < keys.size(); from += kPageKeys) {
    std::vector<Command> commands;
    for (size_t i = from; i < std::min(keys.size(), from + kPageKeys); ++i) {
      commands.emplace_back("ZSCORE").add(names.order).add(keys[i]);
    }
    std::vector<const Command*> views;
    for (const Command& command : commands) views.push_back(&command);
    QUIPU_ASSIGN_OR_RETURN(const std::vector<Reply> replies, client_.run(names.slot, views));
    for (const Reply& reply : replies) {
      if (is_error(*reply)) return error_of(*reply);
      numbers.push_back(is_nil(*reply) ? std::nullopt : number_of(text_of(*reply)));
    }
  }
  return numbers;
}

Result<std::vector<KVEntry>> Reader::get_all(std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionKeys keys, names_.keys_of(collection));
  return all_of(Pages(client_, keys, std::string(collection)));
}

Result<std::unique_ptr<KVIterator>> Reader::scan(const ScanOptions& options,
                                                 std::string_view collection) const {
  QUIPU_ASSIGN_OR_RETURN(const CollectionKeys keys, names_.keys_of(collection));
  return scan_of(Pages(client_, keys, std::string(collection)), options);
}

}  // namespace quipu::redis
