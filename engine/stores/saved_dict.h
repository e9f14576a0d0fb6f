// What the stores that are saved as one dict have in common.

#ifndef QUIPU_ENGINE_STORES_SAVED_DICT_H_
#define QUIPU_ENGINE_STORES_SAVED_DICT_H_

#include <string>
#include <string_view>

#include "quipu/kv_store.h"
#include "quipu/status.h"

namespace quipu {

// Appends a collection as a JSON object, in insertion order; of each value only the member `field`, when one
// is named.
Status append_collection(const KVReader& store, const std::string& collection, std::string_view field,
                         std::string& text);

// Store::from_dict, with the file's path in its errors.
template <class Store>
Result<Store> from_saved_dict(const std::string& path, JsonView saved) {
  Result<Store> store = Store::from_dict(saved);
  if (!store) return store.error().prefixed(path);
  return store;
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_SAVED_DICT_H_
