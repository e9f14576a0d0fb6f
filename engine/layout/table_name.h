// Names of tables that stores share with LlamaIndex's packages, which have them in lower case.

#ifndef QUIPU_ENGINE_LAYOUT_TABLE_NAME_H_
#define QUIPU_ENGINE_LAYOUT_TABLE_NAME_H_

#include <string>
#include <string_view>

#include "engine/base/utf8.h"
#include "engine/python/python_lower.h"

namespace quipu {

// A name that is no UTF-8 stays as it is, to be refused.
inline std::string lower_table_name(std::string_view name) {
  const char* const end = name.data() + name.size();
  uint32_t code_point = 0;
  for (const char* at = name.data(); at < end;) {
    const int length = decode_utf8(at, end, code_point);
    if (length == 0) return std::string(name);
    at += length;
  }
  return python_lower(name);
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_LAYOUT_TABLE_NAME_H_
