// Search by words, by a vector, and by both.

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "quipu/document_store.h"
#include "quipu/vector_store.h"
#include "tools/ui/api/highlight.h"
#include "tools/ui/api/json.h"
#include "tools/ui/api/table.h"

namespace quipu::ui {
namespace {

constexpr uint64_t kMostResults = 200;

struct Search {
  std::string mode;            // words, vector, hybrid, ranks
  std::string document_store;  // whose texts are searched and shown
  std::string vector_store;
  VectorStoreQuery query;
};

struct Found {
  std::string id;
  double score = 0;
};

// Of "like", the id of a node, or of "vector", a JSON array.
Result<std::vector<double>> vector_of(const Params& params, const KVVectorStore& vectors) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> like, params.find_bytes("like"));
  if (like && !like->empty()) {
    Result<std::vector<double>> vector = vectors.get(*like);
    if (!vector) return Status::not_found("the vector store has no vector of a node with this id");
    return vector;
  }
  const Status none =
      Status::invalid_argument("a vector is needed: the id of a node, or a JSON array of numbers");
  const std::string text = params.get("vector");
  if (text.empty()) return none;
  QUIPU_ASSIGN_OR_RETURN(const Json json, Json::parse(text));
  if (!json.view().is_array()) return none;
  std::vector<double> vector;
  for (const JsonView element : json.view().elements()) {
    const std::optional<double> number = element.number();
    if (!number) return none;
    vector.push_back(*number);
  }
  return vector;
}

Result<VectorStoreQueryMode> mode_of(const std::string& mode) {
  if (mode == "words") return VectorStoreQueryMode::TEXT_SEARCH;
  if (mode == "vector") return VectorStoreQueryMode::DEFAULT;
  if (mode == "hybrid") return VectorStoreQueryMode::HYBRID;
  if (mode == "ranks") return VectorStoreQueryMode::SEMANTIC_HYBRID;
  return Status::invalid_argument("mode must be words, vector, hybrid or ranks");
}

Result<Search> search_of(const Params& params) {
  Search search;
  search.mode = params.get("mode", "words");
  search.document_store = params.get("document_store", "docstore");
  search.vector_store = params.get("vector_store", DEFAULT_VECTOR_STORE);
  QUIPU_ASSIGN_OR_RETURN(search.query.mode, mode_of(search.mode));
  QUIPU_ASSIGN_OR_RETURN(const uint64_t top_k, params.number("top_k", 10, kMostResults));
  search.query.similarity_top_k = static_cast<int>(std::max<uint64_t>(top_k, 1));
  search.query.query_str = params.get("query");
  QUIPU_ASSIGN_OR_RETURN(search.query.alpha, params.fraction("alpha", 0.5));
  if (const std::string filter = params.get("filter"); !filter.empty()) {
    const Result<Json> json = Json::parse(filter);
    if (!json) return json.error().prefixed("filter");
    QUIPU_ASSIGN_OR_RETURN(search.query.filters, MetadataFilters::from_json(*json));
  }
  return search;
}

Result<std::vector<Found>> find(const LiveStore::Lease& store, const Params& params, Search search) {
  std::vector<Found> found;
  if (search.mode == "words" && !search.query.filters) {
    const KVDocumentStore documents(unowned(*store), {.ns = search.document_store});
    QUIPU_ASSIGN_OR_RETURN(
        const std::vector<TextMatch> matches,
        documents.search_text({.query = search.query.query_str, .top_k = search.query.similarity_top_k}));
    for (const TextMatch& match : matches) found.push_back({match.id, match.score});
    return found;
  }
  const std::shared_ptr<KVVectorStore> vectors =
      store.moment()->vectors(search.vector_store, search.document_store);
  if (search.mode != "words") {
    QUIPU_ASSIGN_OR_RETURN(search.query.query_embedding, vector_of(params, *vectors));
  }
  QUIPU_ASSIGN_OR_RETURN(const VectorStoreQueryResult result, vectors->query(search.query));
  store.moment()->note(search.vector_store, search.document_store, search.query);
  for (size_t i = 0; i < result.ids.size(); ++i) found.push_back({result.ids[i], result.similarities[i]});
  return found;
}

Result<std::string> rows_json(const LiveStore::Lease& store, const Search& search,
                              const std::vector<Found>& found) {
  std::vector<std::string> ids;
  for (const Found& each : found) ids.push_back(each.id);
  const KVDocumentStore documents(unowned(*store), {.ns = search.document_store});
  QUIPU_ASSIGN_OR_RETURN(const std::vector<NodePtr> nodes, documents.get_documents(ids));
  const TextSearch words{.query = search.query.query_str, .syntax = search.mode == "words"};
  std::vector<std::string> rows;
  for (size_t i = 0; i < found.size(); ++i) {
    JsonText row;
    row.add_key(found[i].id).add("score", Json::from_double(found[i].score).text());
    if (nodes[i] != nullptr) {
      row.add("type", nodes[i]->class_name());
      TextExplanation why;
      if (search.mode != "vector") {
        QUIPU_ASSIGN_OR_RETURN(why, documents.explain_text(words, found[i].id));
      }
      row.add_raw("pieces", JsonText::array_of_strings(highlighted(content_of(*nodes[i]), why)));
      add_beginning(row, "metadata", nodes[i]->metadata().text(), kPreviewBytes);
    }
    rows.push_back(row.object());
  }
  return JsonText::array(rows);
}

}  // namespace

Result<std::string> search(Api& api, const Params& params) {
  const auto began = std::chrono::steady_clock::now();
  QUIPU_ASSIGN_OR_RETURN(const Search wanted, search_of(params));
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.searches());
  QUIPU_ASSIGN_OR_RETURN(const std::vector<Found> found, find(store, params, wanted));
  QUIPU_ASSIGN_OR_RETURN(const std::string rows, rows_json(store, wanted, found));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  JsonText answer;
  answer.add_raw("rows", rows).add_raw("milliseconds", Json::from_double(took.count()).text());
  return answer.add_raw("age_seconds", Json::from_double(store.age_seconds()).text()).object();
}

}  // namespace quipu::ui
