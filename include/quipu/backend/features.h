// Optional mechanisms of a backend, with which a store above it avoids rewriting or loading what it need not.
//
// MemberLists: an object that holds one long array of distinct elements, each under a key of its own, so that
// adding or removing one costs O(1). A member is an element's canonical JSON text. Readers see an ordinary
// value: get() and scan() return
//     head + m1 + ", " + m2 + ", " + ... + tail
// with the members in the order in which they were added. put() or delete_() of the key replaces the list.
//
// FieldIndex: finds the keys whose objects have a given string as a top-level member, for collections that
// were declared with CollectionOptions::indexed_field. Kept by every write, in the same atomic batch.
//
// Thread-safety, lifetime: as the store they belong to.

#ifndef QUIPU_BACKEND_FEATURES_H_
#define QUIPU_BACKEND_FEATURES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

class MemberLists {
 public:
  virtual ~MemberLists() = default;

  struct Info {
    uint64_t count = 0;  // members
    std::string head;    // canonical JSON text before the members
    std::string tail;    // and after them
  };

  // Nothing when the key is absent or holds a plain value.
  virtual Result<std::optional<Info>> list_info(std::string_view collection, std::string_view key) const = 0;
  // O(1). False where there is no such list.
  virtual Result<bool> has_member(std::string_view collection, std::string_view key,
                                  std::string_view member) const = 0;
  // In the order in which they were added.
  virtual Result<std::vector<std::string>> members(std::string_view collection,
                                                   std::string_view key) const = 0;
};

class FieldIndex {
 public:
  virtual ~FieldIndex() = default;

  // Builds the index of an existing collection that was made without one; O(collection), and writers wait.
  // Cheap when there is nothing to do.
  virtual Status ensure_index(std::string_view collection, std::string_view field) = 0;
  // The keys whose indexed field is `value`, in byte order; none in a collection without an index.
  virtual Result<std::vector<std::string>> keys_with_value(std::string_view collection,
                                                           std::string_view value) const = 0;
  // For each value, whether any key has it. O(values).
  virtual Result<std::vector<bool>> values_exist(std::string_view collection,
                                                 std::span<const std::string_view> values) const = 0;
};

// VectorValues: an optional mechanism of a backend that keeps vectors as numbers instead of text, losslessly
// and a fraction of the size. Readers see an ordinary value: get() and scan() return {"embedding": [0.1,
// ...]}. Written with WriteBatch::put_vector and BulkLoad::put_vector.
//
// Thread-safety, lifetime: as the store it belongs to.

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

#endif  // QUIPU_BACKEND_FEATURES_H_
