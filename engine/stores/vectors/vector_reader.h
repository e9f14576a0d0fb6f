// Reads a store's vectors one after the other, without its index.

#ifndef QUIPU_ENGINE_STORES_VECTORS_VECTOR_READER_H_
#define QUIPU_ENGINE_STORES_VECTORS_VECTOR_READER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/layout/storage_layout.h"
#include "engine/vectors/vector_stream.h"
#include "quipu/kv_store.h"
#include "quipu/vector_store.h"

namespace quipu {

// Calls `use` with the vectors of these ids (null: of all) that pass the filters, if any. REQUIRES: a lock on
// the index.
Status stream_vectors(const BaseKVStore& store, const VectorCollections& collections,
                      const std::vector<std::string>* node_ids, const MetadataFilters* filters,
                      const std::function<Status(const StreamedVector&)>& use);

}  // namespace quipu

#endif  // QUIPU_ENGINE_STORES_VECTORS_VECTOR_READER_H_
