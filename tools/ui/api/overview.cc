// The database as a whole: what stores there are in it, how large they are, and how that changed.

#include <algorithm>
#include <optional>
#include <vector>

#include "quipu/open_store.h"
#include "quipu/version.h"
#include "tools/terminal/stats_text.h"
#include "tools/ui/api/json.h"
#include "tools/ui/api/table.h"

namespace quipu::ui {
namespace {

using Collections = std::vector<CollectionInfo>;

const CollectionInfo* find(const Collections& collections, std::string_view name) {
  const auto found = std::ranges::find(collections, name, &CollectionInfo::name);
  return found == collections.end() ? nullptr : &*found;
}

uint64_t count_of(const Collections& collections, std::string_view name) {
  const CollectionInfo* found = find(collections, name);
  return found == nullptr ? 0 : found->count;
}

std::string collections_json(const Collections& collections) {
  std::vector<std::string> rows;
  for (const CollectionInfo& each : collections) {
    JsonText row;
    row.add_key(each.name).add("count", each.count).add("file", each.persist_file);
    rows.push_back(row.add("indexed_field", each.indexed_field).object());
  }
  return JsonText::array(rows);
}

Result<std::string> text_index_json(BaseKVStore& store, const std::string& ns) {
  const auto info = KVDocumentStore(unowned(store), {.ns = ns}).text_index();
  if (!info && info.error().code() == StatusCode::kNotSupported) return std::string("null");
  if (!info) return info.error();
  if (!*info) return std::string("null");
  JsonText text;
  text.add("analyser", (*info)->analyser).add("whole", (*info)->whole);
  return text.add("documents", (*info)->documents).add("tokens", (*info)->tokens).object();
}

// A document store has a collection of ref docs or of hashes beside that of its nodes.
Result<std::string> document_stores_json(BaseKVStore& store, const Collections& collections) {
  constexpr std::string_view kData = "/data";
  std::vector<std::string> rows;
  for (const CollectionInfo& each : collections) {
    if (!each.name.ends_with(kData)) continue;
    const std::string ns = each.name.substr(0, each.name.size() - kData.size());
    const CollectionInfo* documents = find(collections, ns + "/ref_doc_info");
    if (documents == nullptr && find(collections, ns + "/metadata") == nullptr) continue;
    QUIPU_ASSIGN_OR_RETURN(const std::string text_index, text_index_json(store, ns));
    JsonText row;
    row.add_key(ns).add("nodes", each.count);
    row.add("documents", documents == nullptr ? 0 : documents->count).add_raw("text_index", text_index);
    rows.push_back(row.object());
  }
  return JsonText::array(rows);
}

Result<std::string> vector_stores_json(BaseKVStore& store, const Collections& collections) {
  constexpr std::string_view kBeginning = "vector_store/";
  constexpr std::string_view kEnding = "/embeddings";
  std::vector<std::string> rows;
  for (const CollectionInfo& each : collections) {
    if (!each.name.starts_with(kBeginning) || !each.name.ends_with(kEnding) ||
        each.name.size() < kBeginning.size() + kEnding.size()) {
      continue;
    }
    const std::string ns =
        each.name.substr(kBeginning.size(), each.name.size() - kBeginning.size() - kEnding.size());
    const KVVectorStore vectors(unowned(store), ns);
    QUIPU_ASSIGN_OR_RETURN(const std::optional<double> ann, vectors.ann());
    QUIPU_ASSIGN_OR_RETURN(const std::optional<HnswOptions> hnsw, vectors.hnsw());
    JsonText row;
    row.add_key(ns).add("count", each.count);
    row.add_raw("ann", ann ? Json::from_double(*ann).text() : "null").add("hnsw", hnsw.has_value());
    rows.push_back(row.object());
  }
  return JsonText::array(rows);
}

std::string indexes_json(const std::vector<SearchIndexInfo>& indexes) {
  std::vector<std::string> rows;
  for (const SearchIndexInfo& index : indexes) {
    rows.push_back(JsonText().add("name", index.name).add("memory_bytes", index.memory_bytes).object());
  }
  return JsonText::array(rows);
}

}  // namespace

Result<std::string> get_overview(Api& api, const Params&) {
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  QUIPU_ASSIGN_OR_RETURN(const Collections collections, store->collections());
  QUIPU_ASSIGN_OR_RETURN(const std::string document_stores, document_stores_json(*store, collections));
  QUIPU_ASSIGN_OR_RETURN(const std::string vector_stores, vector_stores_json(*store, collections));
  JsonText text;
  text.add("database", shown_address(api.store.address())).add("version", QUIPU_VERSION);
  text.add("writable", api.store.writable()).add("backups", api.backups);
  if (const auto format = store->format()) text.add("format", uint64_t{*format});
  if (const auto bytes = store->disk_bytes()) text.add("disk_bytes", *bytes);
  text.add("memory_budget_bytes", api.store.rocksdb().memory_budget_bytes);
  text.add("search_memory_bytes", store->search_memory_bytes());
  text.add_raw("search_indexes", indexes_json(api.store.indexes()));
  if (const Status complete = store->check_complete(); !complete.is_ok())
    text.add("warning", complete.message());
  text.add_raw("collections", collections_json(collections));
  text.add_raw("document_stores", document_stores).add_raw("vector_stores", vector_stores);
  const auto writer = api.store.writer_stats();
  text.add_raw("writer", writer && *writer ? cli::stats_json(**writer) : "null");
  text.add("index_structs", count_of(collections, "index_store/data"));
  text.add("chats", count_of(collections, "chat_store/chats"));
  text.add("graph_subjects", count_of(collections, "graph_store/data"));
  text.add("property_graph_nodes", count_of(collections, "property_graph_store/nodes"));
  text.add("property_graph_relations", count_of(collections, "property_graph_store/relations"));
  return text.object();
}

namespace {

std::string writer_json(const WriterSample& writer) {
  JsonText row;
  row.add("process", writer.process).add_raw("time", Json::from_double(writer.time).text());
  row.add("reads", writer.calls.reads).add("writes", writer.calls.writes);
  row.add("searches", writer.calls.searches).add("written_bytes", writer.written_bytes);
  row.add("compacted_bytes", writer.compacted_bytes).add("cache_bytes", writer.cache_bytes);
  row.add("cache_hits", writer.cache_hits).add("cache_misses", writer.cache_misses);
  std::vector<std::string> levels;
  for (const uint64_t bytes : writer.level_bytes) levels.push_back(std::to_string(bytes));
  return row.add_raw("level_bytes", JsonText::array(levels)).object();
}

}  // namespace

Result<std::string> get_history(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const uint64_t since, params.number("since", 0, INT64_MAX));
  std::vector<std::string> rows;
  for (const Sample& sample : api.history.since(static_cast<int64_t>(since))) {
    JsonText row;
    row.add("time", static_cast<uint64_t>(sample.time)).add("entries", sample.entries);
    row.add("disk_bytes", sample.disk_bytes).add("index_bytes", sample.index_bytes);
    row.add("process_bytes", sample.process_bytes);
    rows.push_back(row.add_raw("writer", sample.writer ? writer_json(*sample.writer) : "null").object());
  }
  return JsonText().add_raw("samples", JsonText::array(rows)).object();
}

}  // namespace quipu::ui
