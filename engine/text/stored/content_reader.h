// ContentReader: what an index has of a collection's values: the terms of nodes, or of sparse vectors.
//
// Thread-safety: one thread at a time.

#ifndef QUIPU_ENGINE_TEXT_STORED_CONTENT_READER_H_
#define QUIPU_ENGINE_TEXT_STORED_CONTENT_READER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/text/text_run.h"
#include "quipu/status.h"

namespace quipu {

// In place of an analyser's name: the collection has sparse vectors.
inline constexpr std::string_view SPARSE_VECTORS = "sparse vectors";

class ContentReader {
 public:
  // `name`: of an analyser, for nodes; or SPARSE_VECTORS. Errors: those of Analyser::make().
  static Result<std::unique_ptr<ContentReader>> make(std::string_view name);
  virtual ~ContentReader() = default;

  // What is indexed of a value: the same bytes for two values of which the same is. Nothing: the value is
  // none that the index has.
  virtual std::optional<std::string> content_of(std::string_view value) const = 0;
  // Adds such content as the document of a row.
  virtual void add(uint32_t row, std::string_view content, TextRun& run) = 0;
  // What else the terms depend on.
  virtual std::string version() const = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_TEXT_STORED_CONTENT_READER_H_
