#include "backends/redis/pages.h"

#include <algorithm>
#include <charconv>

#include "backends/redis/layout/scripts.h"

namespace quipu::redis {

std::optional<uint64_t> number_of(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

Result<Reply> Pages::run(const Script& script, const Command& call) const {
  QUIPU_ASSIGN_OR_RETURN(Reply reply, client_->run(keys_.slot, script, call));
  if (is_error(*reply)) return error_of(*reply);
  return reply;
}

Result<Row> Pages::row_of(std::string_view key, std::string_view number, std::string_view text,
                          bool keys_only) const {
  Row row{std::string(key), number_of(number), Json()};
  if (!keys_only) {
    QUIPU_ASSIGN_OR_RETURN(row.val, value_of(text, collection_, key));
  }
  return row;
}

Result<std::optional<std::vector<Row>>> Pages::whole(bool keys_only) const {
  Command call = scripts::read_whole().call(2);
  call.add(keys_.hash).add(keys_.order).add(kWholeKeys).add(kPageBytes).add(keys_only ? "1" : "0");
  QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(scripts::read_whole(), call));
  if (is_nil(*reply)) return std::optional<std::vector<Row>>();
  const auto parts = elements_of(*reply);
  std::vector<Row> rows;
  rows.reserve(parts.size() / 3);
  for (size_t i = 0; i + 2 < parts.size(); i += 3) {
    QUIPU_ASSIGN_OR_RETURN(rows.emplace_back(), row_of(text_of(*parts[i]), text_of(*parts[i + 1]),
                                                       text_of(*parts[i + 2]), keys_only));
  }
  return std::optional(std::move(rows));
}

Result<std::vector<Row>> Pages::in_order(std::string& after, bool reverse, bool keys_only) const {
  Command call = scripts::read_page().call(2);
  call.add(keys_.hash).add(keys_.order);
  call.add(after.empty() ? (reverse ? "+inf" : "-inf") : "(" + after);
  call.add(reverse ? "1" : "0").add(kPageKeys).add(kPageBytes).add(keys_only ? "1" : "0");
  QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(scripts::read_page(), call));
  const auto parts = elements_of(*reply);
  if (parts.empty()) return Status::io_error("Redis: an answer without a place to go on at");
  std::vector<Row> rows;
  rows.reserve(parts.size() / 3);
  for (size_t i = 1; i + 2 < parts.size(); i += 3) {
    QUIPU_ASSIGN_OR_RETURN(rows.emplace_back(), row_of(text_of(*parts[i]), text_of(*parts[i + 1]),
                                                       text_of(*parts[i + 2]), keys_only));
  }
  after = text_of(*parts[0]) == "end" ? std::string_view() : text_of(*parts[0]);
  return rows;
}

Result<std::vector<std::string>> Pages::keys() const {
  std::vector<std::string> keys;
  std::string cursor = "0";
  do {
    Command call = scripts::list_keys().call(1);
    QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(scripts::list_keys(), call.add(keys_.hash).add(cursor)));
    const auto parts = elements_of(*reply);
    if (parts.empty()) return Status::io_error("Redis: an answer without a place to go on at");
    cursor = text_of(*parts[0]);
    for (const redisReply* const key : parts.subspan(1)) keys.emplace_back(text_of(*key));
  } while (cursor != "0");
  std::ranges::sort(keys);  // HSCAN may tell of a key twice
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
  return keys;
}

Result<std::pair<std::vector<Row>, size_t>> Pages::of_keys(std::span<const std::string> keys) const {
  Command call = scripts::read_keys().call(2);
  call.add(keys_.hash).add(keys_.order).add(kPageBytes);
  for (const std::string& key : keys.first(std::min(keys.size(), kPageKeys))) call.add(key);
  QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(scripts::read_keys(), call));
  const auto parts = elements_of(*reply);
  std::vector<Row> rows;
  for (size_t i = 0; i + 2 < parts.size(); i += 3) {
    if (text_of(*parts[i]) == "0") continue;
    QUIPU_ASSIGN_OR_RETURN(rows.emplace_back(),
                           row_of(keys[i / 3], text_of(*parts[i + 1]), text_of(*parts[i + 2]), false));
  }
  return std::pair(std::move(rows), parts.size() / 3);
}

Result<bool> Pages::is_numbered() const {
  Command keys("HLEN");
  Command numbers("ZCARD");
  keys.add(keys_.hash);
  numbers.add(keys_.order);
  const Command* const both[] = {&keys, &numbers};
  QUIPU_ASSIGN_OR_RETURN(const std::vector<Reply> replies, client_->run(keys_.slot, both));
  for (const Reply& reply : replies) {
    if (is_error(*reply)) return error_of(*reply);
  }
  return replies[0]->integer == replies[1]->integer;
}

}  // namespace quipu::redis
