// QueryText: SQL that is put together piece by piece, with its parameters. A value goes in by a method that
// gives the text which stands for it, so that none is ever part of the SQL.
//
//   QueryText query;
//   query << "SELECT id FROM t WHERE node_id = " << query.text(id);
//   session.run(query.statement());
//
// Thread-safety: one thread at a time. Lifetime: statement() views this.

#ifndef QUIPU_BACKENDS_POSTGRES_VECTORS_QUERY_TEXT_H_
#define QUIPU_BACKENDS_POSTGRES_VECTORS_QUERY_TEXT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/postgres/connection/statement.h"

namespace quipu::postgres {

class QueryText {
 public:
  QueryText& operator<<(std::string_view sql) {
    sql_ += sql;
    return *this;
  }

  std::string text(std::string value);
  std::string texts(std::span<const std::string> values);
  std::string numbers(std::span<const int64_t> values);
  // In binary form, of this type.
  std::string bytes(std::string value, std::string_view type);

  size_t parameters() const { return parameters_.size(); }
  const std::string& sql() const { return sql_; }
  // Not worth preparing: the server plans it with the values at hand.
  Statement statement() const;

 private:
  std::string add(std::string value, std::string_view type);

  std::string sql_;
  std::vector<std::string> parameters_;  // in binary form
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_VECTORS_QUERY_TEXT_H_
