#include "engine/stores/text/text_searcher.h"

#include <algorithm>
#include <utility>

#include "engine/text/explain_text.h"
#include "engine/text/sparse_search.h"
#include "engine/text/stored/content_reader.h"
#include "engine/text/stored/node_text.h"
#include "engine/text/text_search.h"
#include "engine/vectors/filters/metadata_filter.h"
#include "quipu/node.h"

namespace quipu {
namespace {

// So many nodes are indexed while writers wait.
constexpr uint64_t kNodesAtOnce = 8192;

Status must_be_made(const std::string& collection, std::string_view analyser, std::string_view why) {
  const std::string_view how = analyser == SPARSE_VECTORS
                                   ? "query it, or add a vector to it, once where it can be made"
                                   : "call index_text() of the document store first";
  return Status::invalid_argument("collection \"" + collection +
                                  "\" has no whole text index, and none is made " + std::string(why) + "; " +
                                  std::string(how));
}

// An index is made at the first query, but not of what there is nothing of.
Status check_is_there(const BaseKVStore& store, const std::string& collection, std::string_view analyser) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> all, store.collections());
  if (std::ranges::find(all, collection, &CollectionInfo::name) != all.end()) return Status::ok();
  if (analyser == SPARSE_VECTORS) {
    return Status::invalid_argument(
        "ValueError: there are no sparse vectors that could be searched: no collection \"" + collection +
        "\"; add nodes with theirs (sparse_doc_fn)");
  }
  return Status::invalid_argument(
      "ValueError: there are no nodes whose text could be searched: no collection \"" + collection +
      "\"; name the document store (docstore_namespace, use_document_store)");
}

// What may not be read of a node is an error of the search.
Result<std::optional<std::string>> text_of(const TextView& view, std::string_view id) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> value, view.value(id));
  return value ? text_of_node(*value) : std::nullopt;
}

}  // namespace

Status make_text_index(BaseKVStore& store, const std::string& collection, std::string_view analyser,
                       const ProgressCallback& progress) {
  QUIPU_RETURN_IF_ERROR(store.declare_collection(collection, {}));
  return watch(progress, collection, [&](Work& work) -> Status {
    for (bool whole = false; !whole;) {
      QUIPU_RETURN_IF_ERROR(work.check());
      QUIPU_ASSIGN_OR_RETURN(whole, store.text_indexes().make_text_index(collection, analyser, kNodesAtOnce));
    }
    return Status::ok();
  });
}

TextSearcher::TextSearcher(std::unique_ptr<TextView> view, std::unique_ptr<Analyser> analyser,
                           const TextTotals& totals)
    : view_(std::move(view)), analyser_(std::move(analyser)) {
  index_ = std::make_unique<StoredTextIndex>(
      view_->entries(), totals, analyser_.get(),
      [view = view_.get()](std::string_view id) { return text_of(*view, id); });
}

Result<TextSearcher> TextSearcher::open(BaseKVStore& store, const std::string& collection) {
  return open(store, collection, DEFAULT_TEXT_ANALYSER, /*must_exist=*/false);
}

Result<TextSearcher> TextSearcher::open_existing(BaseKVStore& store, const std::string& collection,
                                                 std::string_view analyser) {
  return open(store, collection, analyser, /*must_exist=*/true);
}

Result<TextSearcher> TextSearcher::open(BaseKVStore& store, const std::string& collection,
                                        std::string_view analyser, bool must_exist) {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<TextView> view, store.text_indexes().open_text(collection));
  if (view == nullptr || !view->state().whole) {
    if (must_exist) QUIPU_RETURN_IF_ERROR(check_is_there(store, collection, analyser));
    const KVCapabilities can = store.capabilities();
    if (can.read_only) return must_be_made(collection, analyser, "by a reader");
    if (can.in_transaction) return must_be_made(collection, analyser, "in a transaction");
    const std::string known = view == nullptr ? std::string(analyser) : view->state().analyser;
    view.reset();
    QUIPU_RETURN_IF_ERROR(make_text_index(store, collection, known, {}));
    QUIPU_ASSIGN_OR_RETURN(view, store.text_indexes().open_text(collection));
    if (view == nullptr || !view->state().whole) return must_be_made(collection, analyser, "twice");
  }
  std::unique_ptr<Analyser> of_words;
  if (view->state().analyser != SPARSE_VECTORS) {
    QUIPU_ASSIGN_OR_RETURN(of_words, Analyser::make(view->state().analyser));
  }
  QUIPU_ASSIGN_OR_RETURN(const TextTotals totals, view->totals());
  return TextSearcher(std::move(view), std::move(of_words), totals);
}

Result<bool> TextSearcher::accepts(uint32_t row, const Wanted& wanted) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> id, index_->node_of(row));
  if (!id) return false;
  if (wanted.accepts) {
    QUIPU_ASSIGN_OR_RETURN(const bool accepted, wanted.accepts(*id));
    if (!accepted) return false;
  }
  if (wanted.filters == nullptr) return true;
  QUIPU_ASSIGN_OR_RETURN(std::optional<std::string> value, view_->value(*id));
  if (!value) return false;
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const BaseNode> node,
                         BaseNode::from_json(Json::from_canonical(*std::move(value))));
  return filters_match(*wanted.filters, *id, node->metadata());
}

Result<std::vector<TextMatch>> TextSearcher::search(const TextQuery& query, size_t k,
                                                    const Wanted& wanted) const {
  return matches(
      wanted, [&](const TextFilter& filter) { return search_text(*index_, query, *analyser_, k, filter); });
}

Result<std::vector<TextMatch>> TextSearcher::search(std::span<const SparseWeight> query, size_t k,
                                                    const Wanted& wanted) const {
  std::vector<TextRun::Weight> weights;
  for (const SparseWeight& each : query) weights.push_back({term_of_index(each.index), each.weight});
  return matches(wanted,
                 [&](const TextFilter& filter) { return search_sparse(*index_, weights, k, filter); });
}

Result<std::vector<TextMatch>> TextSearcher::matches(const Wanted& wanted, const Find& find) const {
  Status failed;
  TextFilter filter;
  std::vector<uint32_t> rows;
  if (wanted.ids != nullptr) {
    for (const std::string_view id : *wanted.ids) {
      QUIPU_ASSIGN_OR_RETURN(const std::optional<uint32_t> row, index_->row_of(id));
      if (row) rows.push_back(*row);
    }
    std::ranges::sort(rows);
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    filter.rows = &rows;
  }
  if (wanted.accepts || wanted.filters != nullptr) {
    filter.accepts = [&](uint32_t row) {
      const Result<bool> accepted = accepts(row, wanted);
      if (!accepted && failed.is_ok()) failed = accepted.error();
      return accepted && *accepted;
    };
  }
  QUIPU_ASSIGN_OR_RETURN(const std::vector<TextHit> hits, find(filter));
  QUIPU_RETURN_IF_ERROR(failed);
  std::vector<TextMatch> matches;
  matches.reserve(hits.size());
  for (const TextHit& hit : hits) {
    QUIPU_ASSIGN_OR_RETURN(std::optional<std::string> id, index_->node_of(hit.row));
    if (!id) return Status::corruption("text index: a row lacks its node; repair it");
    matches.push_back({*std::move(id), hit.score});
  }
  return matches;
}

Result<TextExplanation> TextSearcher::explain(const TextQuery& query, std::string_view id) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<uint32_t> row, index_->row_of(id));
  QUIPU_ASSIGN_OR_RETURN(std::optional<std::string> text, text_of(*view_, id));
  if (!row || !text) return Status::not_found("the text index has no node " + std::string(id));
  QUIPU_ASSIGN_OR_RETURN(ExplainedScore score, explain_text(*index_, query, *analyser_, *row));
  TextExplanation explanation;
  for (TextScorePart& part : score.parts) explanation.parts.push_back({std::move(part.what), part.score});
  for (const TextPlace& place : find_terms(*text, *analyser_, score.terms))
    explanation.places.push_back({place.begin, place.end});
  explanation.text = *std::move(text);
  return explanation;
}

}  // namespace quipu
