#include "backends/redis/catalog.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "backends/redis/client/slot.h"
#include "backends/redis/keys.h"
#include "backends/redis/pages.h"

namespace quipu::redis {
namespace {

constexpr std::string_view kCollections = "collections";
constexpr std::string_view kFiles = "files";

Result<Reply> run(Client& client, const std::string& key, Command command) {
  QUIPU_ASSIGN_OR_RETURN(Reply reply, client.run(slot_of(key), command));
  if (is_error(*reply)) return error_of(*reply);
  return reply;
}

}  // namespace

Status Catalog::add_catalog(const std::string& key, Entries& entries) const {
  Command all("HGETALL");
  QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(client_, key, all.add(key)));
  const auto parts = elements_of(*reply);
  for (size_t i = 0; i + 1 < parts.size(); i += 2) {
    const std::string_view info = text_of(*parts[i + 1]);
    const size_t space = std::min(info.find(' '), info.size());
    Entry& entry = entries[std::string(text_of(*parts[i]))];
    entry.number = number_of(info.substr(0, space)).value_or(0);
    entry.persist_file = info.substr(std::min(space + 1, info.size()));
  }
  return Status::ok();
}

Status Catalog::add_from_all_keys(Entries& entries) const {
  std::vector<std::string> catalogs;
  const auto take = [&](Connection& server) {
    return for_each_key(server, "hash", [&](std::string key) {
      if (names_.collection_of(key)) {
        entries.try_emplace(std::move(key));
      } else if (key.ends_with(std::string(kOwn) + std::string(kCollections))) {
        catalogs.push_back(std::move(key));
      }
    });
  };
  QUIPU_RETURN_IF_ERROR(client_.on_each_master(take));
  for (const std::string& key : catalogs) QUIPU_RETURN_IF_ERROR(add_catalog(key, entries));
  return Status::ok();
}

Result<std::vector<CollectionInfo>> Catalog::collections() const {
  Entries entries;
  if (names_.is_whole_database()) {
    QUIPU_RETURN_IF_ERROR(add_from_all_keys(entries));
  } else if (names_.has_one_group()) {
    QUIPU_RETURN_IF_ERROR(add_catalog(names_.own(kCollections), entries));
  }
  struct Found {
    uint64_t number;
    CollectionInfo info;
  };
  const std::vector<std::string> stores = names_.stores_hashes();
  for (const std::string& hash : stores) {
    if (!names_.has_one_group())
      QUIPU_RETURN_IF_ERROR(
          add_catalog(hash_tag_like(hash) + std::string(kOwn) + std::string(kCollections), entries));
    entries.try_emplace(hash);
  }
  std::vector<Found> found;
  for (auto& [hash, entry] : entries) {
    std::optional<std::string> name = names_.collection_of(hash);
    if (!name) continue;
    Command count("HLEN");
    QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(client_, hash, count.add(hash)));
    if (entry.number == 0 && reply->integer == 0) continue;
    if (entry.persist_file.empty()) entry.persist_file = Names::persist_file_of(*name);
    found.push_back(
        {entry.number,
         {*std::move(name), std::move(entry.persist_file), "", static_cast<uint64_t>(reply->integer)}});
  }
  std::ranges::sort(found, {}, [](const Found& each) { return std::tie(each.number, each.info.name); });
  std::vector<CollectionInfo> infos;
  for (Found& each : found) infos.push_back(std::move(each.info));
  return infos;
}

Result<std::vector<std::string>> Catalog::files() const {
  const std::string key = names_.own(kFiles);
  Command all("ZRANGE");
  QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(client_, key, all.add(key).add("0").add("-1")));
  std::vector<std::string> files;
  for (const redisReply* const file : elements_of(*reply)) files.emplace_back(text_of(*file));
  return files;
}

Status Catalog::add_file(std::string_view persist_file) {
  const std::string key = names_.own(kFiles);
  Command count("ZCARD");
  QUIPU_ASSIGN_OR_RETURN(const Reply before, run(client_, key, count.add(key)));
  Command add("ZADD");
  add.add(key).add("NX").add(static_cast<uint64_t>(before->integer)).add(persist_file);
  return run(client_, key, std::move(add)).status();
}

Result<uint64_t> Catalog::bytes() const {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, collections());
  uint64_t sum = 0;
  for (const CollectionInfo& info : infos) {
    QUIPU_ASSIGN_OR_RETURN(const CollectionKeys keys, names_.keys_of(info.name));
    for (const std::string& key : {keys.hash, keys.order}) {
      Command usage("MEMORY");
      QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(client_, key, usage.add("USAGE").add(key)));
      if (!is_nil(*reply)) sum += static_cast<uint64_t>(reply->integer);
    }
  }
  return sum;
}

Result<uint64_t> Catalog::version(std::span<const std::string_view> collections) const {
  uint64_t sum = 0;
  for (const std::string_view collection : collections) {
    QUIPU_ASSIGN_OR_RETURN(const CollectionKeys keys, names_.keys_of(collection));
    const std::string versions = keys.own("versions");
    Command get("HGET");
    QUIPU_ASSIGN_OR_RETURN(const Reply reply, run(client_, versions, get.add(versions).add(keys.hash)));
    if (!is_nil(*reply)) sum += number_of(text_of(*reply)).value_or(0);
  }
  return sum;
}

}  // namespace quipu::redis
