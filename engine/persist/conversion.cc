#include "engine/persist/conversion.h"

#include <array>

#include "engine/persist/one_file_conversion.h"

namespace quipu {

std::span<const Conversion* const> conversions() {
  static constexpr std::array<const Conversion*, 1> kConversions = {&kOneFileConversion};
  return kConversions;
}

}  // namespace quipu
