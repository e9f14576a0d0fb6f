// A value in the text form of COPY, where tabs stand between values and a line is a row.

#ifndef QUIPU_BACKENDS_POSTGRES_CONNECTION_COPY_TEXT_H_
#define QUIPU_BACKENDS_POSTGRES_CONNECTION_COPY_TEXT_H_

#include <string>
#include <string_view>

namespace quipu::postgres {

inline void append_copy_field(std::string_view text, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: out += c;
    }
  }
}

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_CONNECTION_COPY_TEXT_H_
