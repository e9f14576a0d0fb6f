// The full-text search of KVDocumentStore.

#include <utility>

#include "engine/stores/text/text_searcher.h"
#include "engine/text/analysis/analyser.h"
#include "engine/text/stored/content_reader.h"
#include "engine/text/text_query.h"
#include "quipu/document_store.h"
#include "quipu/stats.h"

namespace quipu {
namespace {

Result<TextQuery> query_of(const TextSearch& search) {
  if (search.syntax) return TextQuery::parse(search.query);
  return TextQuery::words(search.query);
}

}  // namespace

Status KVDocumentStore::index_text(std::string_view analyser, const ProgressCallback& progress) {
  if (analyser == SPARSE_VECTORS) return Analyser::make(analyser).status();
  return make_text_index(*kvstore_, node_collection_, analyser, progress);
}

Result<bool> KVDocumentStore::drop_text_index() {
  return kvstore_->text_indexes().drop_text_index(node_collection_);
}

Result<std::optional<TextIndexInfo>> KVDocumentStore::text_index() const {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<TextView> view,
                         kvstore_->text_indexes().open_text(node_collection_));
  if (view == nullptr) return std::optional<TextIndexInfo>();
  QUIPU_ASSIGN_OR_RETURN(const TextTotals totals, view->totals());
  return std::optional(
      TextIndexInfo{view->state().analyser, view->state().whole, totals.documents, totals.tokens});
}

Result<std::vector<TextMatch>> KVDocumentStore::search_text(const TextSearch& search) const {
  const CallTimer timer(call_recorder(*kvstore_), CallKind::kSearchText, node_collection_);
  QUIPU_ASSIGN_OR_RETURN(const TextQuery query, query_of(search));
  QUIPU_ASSIGN_OR_RETURN(const TextSearcher searcher, TextSearcher::open(*kvstore_, node_collection_));
  const size_t k = search.top_k <= 0 ? 0 : static_cast<size_t>(search.top_k);
  return searcher.search(query, k, {.filters = search.filters});
}

Result<TextExplanation> KVDocumentStore::explain_text(const TextSearch& search, std::string_view id) const {
  QUIPU_ASSIGN_OR_RETURN(const TextQuery query, query_of(search));
  QUIPU_ASSIGN_OR_RETURN(const TextSearcher searcher, TextSearcher::open(*kvstore_, node_collection_));
  return searcher.explain(query, id);
}

Result<std::vector<std::vector<std::string>>> text_terms(std::span<const std::string> texts,
                                                         std::string_view analyser) {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<Analyser> made, Analyser::make(analyser));
  std::vector<std::vector<std::string>> terms(texts.size());
  for (size_t i = 0; i < texts.size(); ++i)
    made->analyse(texts[i], [&](const Token& token) { terms[i].emplace_back(token.term); });
  return terms;
}

}  // namespace quipu
