#include "engine/persist/conversions/conversion.h"

#include <array>

#include "engine/persist/conversions/one_file_conversion.h"
#include "engine/persist/conversions/typescript_conversion.h"

namespace quipu {

std::span<const Conversion* const> conversions() {
  static constexpr std::array<const Conversion*, 5> kConversions = {
      &kOneFileConversion, &kTypescriptDocStore, &kTypescriptIndexStore, &kTypescriptVectorStore,
      &kTypescriptImageVectorStore};
  return kConversions;
}

}  // namespace quipu
