// CopyIn: rows on their way into a table, by COPY in its binary form. They go out as they come, so that the
// server works on the first while the next are made.
//
//   CopyIn copy(connection);
//   copy.begin("COPY t (key, value) FROM STDIN (FORMAT binary)");
//   for (const auto& [key, value] : rows) {
//     copy.row(2);
//     copy.field(key);
//     copy.field(value);
//   }
//   if (auto failure = copy.end()) ...
//
// Thread-safety: one thread at a time. The connection is not used otherwise from begin() to end(), in which a
// failure of any of it is told; what comes after one goes nowhere.

#ifndef QUIPU_BACKENDS_POSTGRES_CONNECTION_COPY_IN_H_
#define QUIPU_BACKENDS_POSTGRES_CONNECTION_COPY_IN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backends/postgres/connection/connection.h"

namespace quipu::postgres {

class CopyIn {
 public:
  explicit CopyIn(Connection& connection) : connection_(connection) {}

  void begin(std::string_view sql);
  // A row of so many fields, each of which follows.
  void row(uint16_t fields);
  // The bytes of a field in the binary form of its type.
  void field(std::string_view bytes);
  // A field of type json or jsonb.
  void json(std::string_view text, bool is_jsonb);
  std::optional<Failure> end();

 private:
  void send();

  Connection& connection_;
  std::string buffer_;
  bool is_open_ = false;
  std::optional<Failure> failure_;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_CONNECTION_COPY_IN_H_
