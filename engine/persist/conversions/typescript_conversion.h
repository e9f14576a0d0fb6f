// Persist directories of LlamaIndexTS (create-llama), as rows of conversions().

#ifndef QUIPU_ENGINE_PERSIST_CONVERSIONS_TYPESCRIPT_CONVERSION_H_
#define QUIPU_ENGINE_PERSIST_CONVERSIONS_TYPESCRIPT_CONVERSION_H_

#include "engine/persist/conversions/conversion.h"

namespace quipu {

extern const Conversion kTypescriptDocStore;          // doc_store.json
extern const Conversion kTypescriptIndexStore;        // index_store.json
extern const Conversion kTypescriptVectorStore;       // vector_store.json
extern const Conversion kTypescriptImageVectorStore;  // images/vector_store.json

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_CONVERSIONS_TYPESCRIPT_CONVERSION_H_
