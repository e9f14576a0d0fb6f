// The backends by the beginning of their addresses. A new backend is one row here.

#include "quipu/open_store.h"

#include <algorithm>
#include <array>

#ifdef QUIPU_POSTGRES
#include "backends/postgres/postgres_kv_store.h"
#endif
#ifdef QUIPU_REDIS
#include "backends/redis/redis_kv_store.h"
#endif
#include "quipu/memory_kv_store.h"
#include "quipu/storage_context.h"

namespace quipu {
namespace {

struct Backend {
  std::string_view scheme;  // without the colon
  bool is_directory;        // the rest of the address is a path
  Result<std::shared_ptr<BaseKVStore>> (*open)(const std::string& rest, const OpenOptions& options);
};

Result<std::shared_ptr<BaseKVStore>> open_rocksdb(const std::string& directory, const OpenOptions& options) {
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<BaseKVStore> store,
                         options.read_only ? RocksDBKVStore::open_reader(directory, options.rocksdb)
                                           : RocksDBKVStore::open(directory, options.rocksdb));
  return store;
}

Result<std::shared_ptr<BaseKVStore>> open_memory(const std::string& rest, const OpenOptions& options) {
  if (!rest.empty()) return Status::invalid_argument("memory:" + rest + ": nothing comes behind memory:");
  if (options.read_only) return Status::not_supported("memory: a new store in memory is empty; write to it");
  return std::make_shared<MemoryKVStore>();
}

Result<std::shared_ptr<BaseKVStore>> open_postgres(const std::string& rest, const OpenOptions& options) {
#ifdef QUIPU_POSTGRES
  QUIPU_ASSIGN_OR_RETURN(
      std::shared_ptr<BaseKVStore> store,
      PostgresKVStore::open("postgresql:" + rest, options.read_only, options.rocksdb.search_memory_bytes));
  return store;
#else
  (void)rest;
  (void)options;
  return Status::not_supported("postgresql: this Quipu was built without libpq (QUIPU_POSTGRES)");
#endif
}

#ifdef QUIPU_REDIS
template <bool kTls>
Result<std::shared_ptr<BaseKVStore>> open_redis(const std::string& rest, const OpenOptions& options) {
  QUIPU_ASSIGN_OR_RETURN(redis::Address address, redis::Address::parse(rest, kTls));
  return redis::RedisKVStore::open(std::move(address), options.read_only);
}
#else
template <bool kTls>
Result<std::shared_ptr<BaseKVStore>> open_redis(const std::string& /*rest*/, const OpenOptions& /*options*/) {
  return Status::not_supported("redis: this Quipu was built without hiredis (QUIPU_REDIS)");
}
#endif

constexpr std::array<Backend, 6> kBackends = {{
    {"rocksdb", true, open_rocksdb},
    {"memory", false, open_memory},
    {"postgresql", false, open_postgres},
    {"postgres", false, open_postgres},
    {"redis", false, open_redis<false>},
    {"rediss", false, open_redis<true>},
}};
constexpr const Backend& kOfPaths = kBackends.front();

struct Address {
  const Backend* backend;
  std::string rest;
};

// An address of no backend is refused; any other text is a path.
Result<Address> parse(const std::string& address) {
  const size_t colon = address.find(':');
  if (colon == std::string::npos || colon == 0) return Address{&kOfPaths, address};
  const std::string_view scheme = std::string_view(address).substr(0, colon);
  const auto backend = std::ranges::find(kBackends, scheme, &Backend::scheme);
  if (backend != kBackends.end()) return Address{&*backend, address.substr(colon + 1)};
  if (!is_address(address)) return Address{&kOfPaths, address};
  std::string known = "a path";
  for (const Backend& each : kBackends) known += ", " + std::string(each.scheme) + ":";
  return Status::invalid_argument(shown_address(address) +
                                  ": there is no backend of this address (there are " + known + ")");
}

}  // namespace

Result<std::shared_ptr<BaseKVStore>> open_store(const std::string& address, const OpenOptions& options) {
  QUIPU_ASSIGN_OR_RETURN(const Address parsed, parse(address));
  return parsed.backend->open(parsed.rest, options);
}

bool is_address(std::string_view text) {
  const size_t end = text.find("://");
  if (end == std::string_view::npos || end < 2) return false;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return is_letter(text.front()) && std::ranges::all_of(text.substr(0, end), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
         });
}

Result<std::optional<std::string>> directory_of_store(const std::string& address) {
  QUIPU_ASSIGN_OR_RETURN(Address parsed, parse(address));
  if (!parsed.backend->is_directory) return std::optional<std::string>();
  return std::optional<std::string>(std::move(parsed.rest));
}

Result<std::string> require_directory(const std::string& address, std::string_view what) {
  QUIPU_ASSIGN_OR_RETURN(std::optional<std::string> directory, directory_of_store(address));
  if (directory) return *std::move(directory);
  return Status::not_supported(shown_address(address) + " has no " + std::string(what) +
                               ": it is no database in a directory");
}

std::string shown_address(const std::string& address) {
  const size_t scheme = address.find("://");
  if (scheme == std::string::npos) return address;
  std::string shown = address;
  const size_t user = scheme + 3;
  const size_t at = shown.rfind('@');  // a password that is not encoded may have others
  const size_t colon = shown.find(':', user);
  if (at != std::string::npos && colon < at) shown.erase(colon, at - colon);
  for (size_t key = shown.find('?'); key != std::string::npos; key = shown.find('&', key + 1)) {
    const size_t end = std::min(shown.find('&', key + 1), shown.size());
    const size_t equals = shown.find('=', key);
    // A name that is encoded may be anything.
    const std::string_view name = std::string_view(shown).substr(key, equals - key);
    if (equals < end && (name.ends_with("password") || name.find('%') != std::string_view::npos)) {
      shown.erase(equals + 1, end - equals - 1);
    }
  }
  return shown;
}

bool is_new_database(const std::string& address) {
  const Result<std::optional<std::string>> directory = directory_of_store(address);
  return directory && *directory && RocksDBKVStore::is_empty_directory(**directory);
}

Result<StorageContext> StorageContext::open(const std::string& address, const OpenOptions& options) {
  QUIPU_ASSIGN_OR_RETURN(std::shared_ptr<BaseKVStore> kvstore, open_store(address, options));
  return over(std::move(kvstore));
}

Result<StorageContext> StorageContext::open(const std::string& address, const RocksDBOptions& options) {
  return open(address, OpenOptions{.rocksdb = options});
}

}  // namespace quipu
