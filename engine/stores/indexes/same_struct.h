// Whether an index struct that is stored is the one that is to be stored, as the reference compares the two.

#ifndef QUIPU_ENGINE_STORES_INDEXES_SAME_STRUCT_H_
#define QUIPU_ENGINE_STORES_INDEXES_SAME_STRUCT_H_

#include "quipu/index_store.h"
#include "quipu/json.h"

namespace quipu {

// Loading an index puts its struct back: with the sets of a keyword table in another order, and with the
// fields that have come since a struct was written by an older version. Both are equal to what is stored.
// Cost: comparing the texts' lengths, and looking for the names of the fields, for one that has changed.
bool is_same_struct(const Json& stored, const IndexStruct& now);

// Whether the values of a field of this struct are sets, which have no order.
bool has_sets(const IndexStruct& index_struct, std::string_view field);
// Whether two arrays are equal as sets.
bool equal_sets(JsonView a, JsonView b);

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_INDEXES_SAME_STRUCT_H_
