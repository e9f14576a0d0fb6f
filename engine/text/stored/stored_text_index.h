// StoredTextIndex: the index that entries make, at their moment.

#ifndef QUIPU_ENGINE_TEXT_STORED_STORED_TEXT_INDEX_H_
#define QUIPU_ENGINE_TEXT_STORED_STORED_TEXT_INDEX_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/analysis/analyser.h"
#include "engine/text/text_index.h"
#include "quipu/backend/text_entries.h"

namespace quipu {

class StoredTextIndex : public TextIndex {
 public:
  // The text that was indexed of a node; nothing: there is none of this id.
  using TextOf = std::function<Result<std::optional<std::string>>(std::string_view node_id)>;

  // All of these must outlive this. `analyser`: null for sparse vectors, which have no places.
  StoredTextIndex(const EntryReader& entries, const TextTotals& totals, Analyser* analyser, TextOf text_of);

  TextStatistics statistics() const override { return {totals_.documents, totals_.tokens}; }
  Result<TermPostings> postings(std::string_view term) const override;
  Result<std::vector<std::string>> terms_with_prefix(std::string_view prefix, size_t at_most) const override;
  // Analyses the document anew. REQUIRES: an analyser.
  Result<std::vector<PlacedTerm>> places(uint32_t row, std::span<const std::string> terms) const override;

  // Nothing where the row's document is gone.
  Result<std::optional<std::string>> node_of(uint32_t row) const;
  // Nothing where the node is not indexed.
  Result<std::optional<uint32_t>> row_of(std::string_view node_id) const;

 private:
  const EntryReader& entries_;
  const TextTotals totals_;
  Analyser* const analyser_;
  const TextOf text_of_;
  const std::unique_ptr<EntryReader::Walk> walk_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_STORED_STORED_TEXT_INDEX_H_
