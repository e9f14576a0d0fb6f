#include "engine/text/stored/content_reader.h"

#include <utility>
#include <vector>

#include "engine/text/analysis/analyser.h"
#include "engine/text/stored/node_text.h"
#include "engine/text/stored/sparse_value.h"

namespace quipu {
namespace {

class NodeReader : public ContentReader {
 public:
  explicit NodeReader(std::unique_ptr<Analyser> analyser) : analyser_(std::move(analyser)) {}
  std::optional<std::string> content_of(std::string_view value) const override { return text_of_node(value); }
  void add(uint32_t row, std::string_view content, TextRun& run) override {
    run.add(row, content, *analyser_);
  }
  std::string version() const override { return analyser_->version(); }

 private:
  const std::unique_ptr<Analyser> analyser_;
};

class SparseReader : public ContentReader {
 public:
  std::optional<std::string> content_of(std::string_view value) const override {
    const auto weights = parse_sparse_value(value);
    return weights ? std::optional(packed(*weights)) : std::nullopt;
  }
  void add(uint32_t row, std::string_view content, TextRun& run) override {
    weights_.clear();
    for (const SparseWeight& each : unpacked(content)) {
      weights_.push_back({term_of_index(each.index), each.weight});
    }
    run.add(row, weights_);
  }
  std::string version() const override { return {}; }

 private:
  std::vector<TextRun::Weight> weights_;
};

}  // namespace

Result<std::unique_ptr<ContentReader>> ContentReader::make(std::string_view name) {
  if (name == SPARSE_VECTORS) return std::unique_ptr<ContentReader>(std::make_unique<SparseReader>());
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<Analyser> analyser, Analyser::make(name));
  return std::unique_ptr<ContentReader>(std::make_unique<NodeReader>(std::move(analyser)));
}

}  // namespace quipu
