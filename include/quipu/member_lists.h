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

#ifndef QUIPU_MEMBER_LISTS_H_
#define QUIPU_MEMBER_LISTS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

}  // namespace quipu

#endif  // QUIPU_MEMBER_LISTS_H_
