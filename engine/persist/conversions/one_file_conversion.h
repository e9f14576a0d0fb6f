// Conversion of indexes of gpt_index and LlamaIndex before 0.6, each of which is one file, into the persist
// files of today. What each version keeps where: docs/COMPATIBILITY.md.

#ifndef QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_CONVERSION_H_
#define QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_CONVERSION_H_

#include "engine/persist/conversions/conversion.h"

namespace quipu {

extern const Conversion kOneFileConversion;

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_CONVERSION_H_
