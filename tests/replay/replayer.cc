#include "tests/replay/replayer.h"

#include <cstdio>
#include <cstdlib>

#include "quipu/rocksdb_kv_store.h"

namespace quipu::testing {
namespace {

template <class T>
T require(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "cannot set up the store: %s\n", result.error().to_string().c_str());
    std::exit(2);
  }
  return *std::move(result);
}

class MemoryBackend : public ReplayBackend {
 public:
  std::shared_ptr<BaseKVStore> create() override { return std::make_shared<MemoryKVStore>(); }
  std::shared_ptr<BaseKVStore> reload(std::shared_ptr<BaseKVStore> store) override {
    const std::string path = directory_ / "store.json";
    const Status saved = std::static_pointer_cast<MemoryKVStore>(store)->persist(path);
    if (!saved.is_ok()) require(Result<int>(saved));
    return require(MemoryKVStore::from_persist_path(path));
  }

 private:
  TempDir directory_;
};

class RocksDBBackend : public ReplayBackend {
 public:
  explicit RocksDBBackend(const RocksDBOptions& options = {}) : options_(options) {}
  std::shared_ptr<BaseKVStore> create() override {
    path_ = directory_ / ("db" + std::to_string(made_++));
    return require(RocksDBKVStore::open(path_, options_));
  }
  std::shared_ptr<BaseKVStore> reload(std::shared_ptr<BaseKVStore> store) override {
    const Status closed = std::static_pointer_cast<RocksDBKVStore>(store)->close();
    if (!closed.is_ok()) require(Result<int>(closed));
    return require(RocksDBKVStore::open(path_, options_));
  }

 private:
  const RocksDBOptions options_;
  TempDir directory_;
  std::string path_;
  int made_ = 0;
};

}  // namespace

std::unique_ptr<ReplayBackend> ReplayBackend::make(std::string_view name) {
  if (name == "memory") return std::make_unique<MemoryBackend>();
  if (name == "rocksdb") return std::make_unique<RocksDBBackend>();
  if (name == "streamed") {  // which may not hold a search index
    RocksDBOptions options;
    options.search_memory_bytes = 0;
    return std::make_unique<RocksDBBackend>(options);
  }
  return nullptr;
}

std::unique_ptr<Replayer> Replayer::make(std::string_view trace, ReplayBackend& backend) {
  if (trace == "kvstore") return make_kv_replayer(backend);
  if (trace == "docstore") return make_document_store_replayer(backend);
  if (trace == "index_store") return make_index_store_replayer(backend);
  if (trace == "vector_store") return make_vector_store_replayer(backend);
  if (trace == "storage_context") return make_storage_context_replayer();
  if (trace == "graph_store") return make_graph_store_replayer(backend);
  if (trace == "property_graph_store") return make_property_graph_store_replayer(backend);
  return nullptr;
}

std::string string_arg(JsonView args, std::string_view name, std::string_view otherwise) {
  const std::optional<JsonView> value = args.find(name);
  return value && value->is_string() ? value->string() : std::string(otherwise);
}

bool bool_arg(JsonView args, std::string_view name, bool otherwise) {
  const std::optional<JsonView> value = args.find(name);
  return value ? value->truthy() : otherwise;
}

int int_arg(JsonView args, std::string_view name, int otherwise) {
  const std::optional<JsonView> value = args.find(name);
  return value ? static_cast<int>(value->int64().value_or(otherwise)) : otherwise;
}

std::optional<std::vector<std::string>> strings_arg(JsonView args, std::string_view name) {
  const std::optional<JsonView> value = args.find(name);
  if (!value || !value->is_array()) return std::nullopt;
  std::vector<std::string> strings;
  for (const JsonView element : value->elements()) strings.push_back(element.string());
  return strings;
}

std::string json_text(std::string_view string) { return Json::from_string(string).text(); }
std::string json_text(bool value) { return value ? "true" : "false"; }

Result<std::string> store_to_dict(const KVReader& store) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, store.collections());
  std::string text = "{";
  for (const CollectionInfo& info : infos) {
    QUIPU_ASSIGN_OR_RETURN(const std::vector<KVEntry> entries, store.get_all(info.name));
    if (entries.empty()) continue;
    text += (text.size() > 1 ? ", " : "") + json_text(info.name) + ": {";
    for (size_t i = 0; i < entries.size(); ++i) {
      text += (i > 0 ? ", " : "") + json_text(entries[i].key) + ": " + entries[i].val.text();
    }
    text += "}";
  }
  return text + "}";
}

}  // namespace quipu::testing
