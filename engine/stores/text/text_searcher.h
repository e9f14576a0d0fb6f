// TextSearcher: searches the text index of a collection of nodes, or of sparse vectors, at one moment.
//
// Thread-safety: one thread at a time. Lifetime: must go before its key-value store. Cost: to open, some
// microseconds.

#ifndef QUIPU_ENGINE_STORES_TEXT_TEXT_SEARCHER_H_
#define QUIPU_ENGINE_STORES_TEXT_TEXT_SEARCHER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/analysis/analyser.h"
#include "engine/text/row_filter.h"
#include "engine/text/stored/sparse_value.h"
#include "engine/text/stored/stored_text_index.h"
#include "engine/text/text_query.h"
#include "engine/text/top_k.h"
#include "quipu/backend/text_entries.h"
#include "quipu/document_store.h"
#include "quipu/kv_store.h"
#include "quipu/progress.h"

namespace quipu {

// KVDocumentStore::index_text() of a collection of nodes.
Status make_text_index(BaseKVStore& store, const std::string& collection, std::string_view analyser,
                       const ProgressCallback& progress);

class TextSearcher {
 public:
  // Makes the index by the default analyser where there is none, or goes on where it is not whole. Errors:
  // kInvalidArgument where it may not be made here; kNotSupported where the backend has none.
  static Result<TextSearcher> open(BaseKVStore& store, const std::string& collection);
  // The same by `analyser` (SPARSE_VECTORS for these). Errors: also kInvalidArgument where there is no such
  // collection.
  static Result<TextSearcher> open_existing(BaseKVStore& store, const std::string& collection,
                                            std::string_view analyser);

  uint64_t documents() const { return index_->statistics().documents; }

  // Which nodes may be found.
  struct Wanted {
    const std::vector<std::string_view>* ids = nullptr;             // only these; null: all
    std::function<Result<bool>(std::string_view id)> accepts = {};  // asked of what would be among the best
    const MetadataFilters* filters = nullptr;                       // of the nodes' metadata, asked likewise
  };
  Result<std::vector<TextMatch>> search(const TextQuery& query, size_t k, const Wanted& wanted) const;
  // KVDocumentStore::explain_text().
  Result<TextExplanation> explain(const TextQuery& query, std::string_view id) const;
  // REQUIRES: an index of sparse vectors.
  Result<std::vector<TextMatch>> search(std::span<const SparseWeight> query, size_t k,
                                        const Wanted& wanted) const;

 private:
  static Result<TextSearcher> open(BaseKVStore& store, const std::string& collection,
                                   std::string_view analyser, bool must_exist);
  using Find = std::function<Result<std::vector<TextHit>>(const TextFilter&)>;
  Result<std::vector<TextMatch>> matches(const Wanted& wanted, const Find& find) const;

  explicit TextSearcher(std::unique_ptr<TextView> view, std::unique_ptr<Analyser> analyser,
                        const TextTotals& totals);
  Result<bool> accepts(uint32_t row, const Wanted& wanted) const;

  std::unique_ptr<TextView> view_;
  std::unique_ptr<Analyser> analyser_;  // null: of sparse vectors
  std::unique_ptr<StoredTextIndex> index_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_TEXT_TEXT_SEARCHER_H_
