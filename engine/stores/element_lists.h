// ElementLists: the changes that one mutation makes to ordered sets of JSON elements, each stored under a key
// of a collection as {"<name>": [element, ...]}.
//
// On a store with member lists an element costs O(1); elsewhere, and where an imported value has not been
// changed yet, the set is one value that is read and written whole. A set that is left empty is removed.
//
// REQUIRES: the caller holds the locks of every key it touches. Elements are canonical JSON text.

#ifndef QUIPU_ENGINE_STORES_ELEMENT_LISTS_H_
#define QUIPU_ENGINE_STORES_ELEMENT_LISTS_H_

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "quipu/backend/features.h"
#include "quipu/kv_store.h"
#include "quipu/ordered_map.h"
#include "quipu/write_batch.h"

namespace quipu {

class ElementLists {
 public:
  ElementLists(BaseKVStore& kvstore, std::string_view collection, std::string_view name);

  // True when the element was not there before.
  Result<bool> add(std::string_view key, std::string_view element);
  // True when it was there.
  Result<bool> remove(std::string_view key, std::string_view element);
  // Writes what has changed.
  Status write(WriteBatch& batch) const;

  // What add() and write() come to for one element, of which nothing is read first. The batch is refused with
  // kInvalidArgument where the set is stored as one value.
  void add_unseen(std::string_view key, std::string_view element, WriteBatch& batch) const;

  // The elements of a stored value, in order. Errors: kInvalidArgument when it is none of this form.
  static Result<std::vector<std::string>> parse(JsonView stored, std::string_view name);

 private:
  struct List {
    bool stored = false;
    bool native = false;                // stored as a member list
    bool distinct = true;               // a stored value may repeat an element; a member list cannot
    uint64_t count = 0;                 // now
    std::vector<std::string> elements;  // all of them, unless native
    std::unordered_map<std::string, bool> known;        // native: those looked up or changed -> in the list
    std::vector<std::pair<std::string, bool>> changes;  // in order: added or removed
  };

  Result<List*> load(std::string_view key);
  Result<bool> has(List& list, std::string_view key, std::string_view element) const;
  Status write(const std::string& key, const List& list, WriteBatch& batch) const;

  BaseKVStore& kvstore_;
  MemberLists& members_;
  const std::string_view collection_;
  const std::string_view name_;
  const std::string head_;
  OrderedMap<List> lists_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_ELEMENT_LISTS_H_
