// VectorValues: an optional mechanism of a backend that keeps vectors as numbers instead of text, losslessly
// and a fraction of the size. Readers see an ordinary value: get() and scan() return {"embedding": [0.1,
// ...]}. Written with WriteBatch::put_vector and BulkLoad::put_vector.
//
// Thread-safety, lifetime: as the store it belongs to.

#ifndef QUIPU_VECTOR_VALUES_H_
#define QUIPU_VECTOR_VALUES_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

// {"embedding": [0.1, ...]}.
Json vector_value(std::span<const double> elements);
// The elements of such a value; false when it is none.
bool parse_vector_value(JsonView value, std::vector<double>& elements);

struct VectorEntry {
  std::string_view key;
  uint64_t order = 0;  // grows in the order in which keys were inserted
  std::span<const double> elements;
};

class VectorValues {
 public:
  virtual ~VectorValues() = default;
  // Every vector of a collection, by key; values that are plain JSON of the same form are among them. The
  // views live until `use` returns; what it returns ends the scan unless it is OK.
  virtual Status scan_vectors(std::string_view collection,
                              const std::function<Status(const VectorEntry&)>& use) const = 0;
  // The vectors of these keys, each with its place among them; absent ones are passed over.
  virtual Status get_vectors(std::string_view collection, std::span<const std::string_view> keys,
                             const std::function<void(size_t i, std::span<const double>)>& use) const = 0;
  // How many bytes a search index over vectors of this store may take. One that would take more is not made,
  // and queries read the vectors themselves.
  virtual uint64_t search_memory_bytes() const = 0;
};

}  // namespace quipu

#endif  // QUIPU_VECTOR_VALUES_H_
