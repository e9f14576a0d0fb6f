// The full-text search of KVDocumentStore.

#include <utility>

#include "engine/stores/text/text_searcher.h"
#include "quipu/document_store.h"

namespace quipu {

Status KVDocumentStore::index_text(std::string_view analyser, const ProgressCallback& progress) {
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
  TextQuery query = TextQuery::words(search.query);
  if (search.syntax) {
    QUIPU_ASSIGN_OR_RETURN(query, TextQuery::parse(search.query));
  }
  QUIPU_ASSIGN_OR_RETURN(const TextSearcher searcher, TextSearcher::open(*kvstore_, node_collection_));
  return searcher.search(query, search.top_k <= 0 ? 0 : static_cast<size_t>(search.top_k), {});
}

}  // namespace quipu
