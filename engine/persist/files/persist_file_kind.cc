#include "engine/persist/files/persist_file_kind.h"
#include "engine/layout/persist_file_name.h"

#include <algorithm>
#include <array>

#include "quipu/chat_store.h"
#include "quipu/graph_store.h"
#include "quipu/persist_dir.h"
#include "quipu/property_graph_store.h"
#include "quipu/vector_store.h"

namespace quipu {
namespace {

// Source: llama_index/core/ingestion/cache.py.
constexpr std::string_view kDefaultCacheName = "llama_cache";

std::unique_ptr<FileLoader> vector_loader(const std::string& name, BulkLoad& load, CollectionOwners& owners) {
  return make_vector_loader(name, vector_store_namespace(name).value_or(std::string(DEFAULT_VECTOR_STORE)),
                            load, owners);
}

constexpr std::array<PersistFileKind, 8> kKinds = {{
    {"document store", [](std::string_view name) { return name == DOCSTORE_PERSIST_FNAME; },
     make_document_loader, make_key_value_exporter, true, true},
    {"index store", [](std::string_view name) { return name == INDEX_STORE_PERSIST_FNAME; },
     make_index_loader, make_key_value_exporter, true, true},
    {"graph store", [](std::string_view name) { return name == GRAPH_STORE_PERSIST_FNAME; },
     make_graph_loader, make_graph_exporter, false, true},
    {"property graph store", [](std::string_view name) { return name == PG_STORE_PERSIST_FNAME; },
     make_property_graph_loader, make_property_graph_exporter, false, true},
    {"vector store", [](std::string_view name) { return vector_store_namespace(name).has_value(); },
     vector_loader, make_vector_exporter, false, true},
    {"sparse vectors", is_sparse_vector_file, make_key_value_loader, make_key_value_exporter, true, false},
    {"ingestion cache", [](std::string_view name) { return name == kDefaultCacheName; },
     make_key_value_loader, make_key_value_exporter, true, false},
    {"chat store", [](std::string_view name) { return name == CHAT_STORE_PERSIST_FNAME; }, make_chat_loader,
     make_chat_exporter, false, false},
}};

constexpr PersistFileKind kKeyValueFile = {"key-value store",
                                           [](std::string_view) { return true; },
                                           make_key_value_loader,
                                           make_key_value_exporter,
                                           true,
                                           false};

}  // namespace

std::span<const PersistFileKind> PersistFileKind::all() { return kKinds; }

const PersistFileKind* PersistFileKind::named(std::string_view name) {
  const auto found = std::ranges::find_if(kKinds, [&](const auto& kind) { return kind.matches(name); });
  return found == kKinds.end() ? nullptr : &*found;
}

const PersistFileKind& PersistFileKind::of(std::string_view name) {
  const PersistFileKind* const kind = named(name);
  return kind != nullptr ? *kind : kKeyValueFile;
}

}  // namespace quipu
