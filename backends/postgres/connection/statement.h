// Statement: SQL with its parameters, as libpq sends them. Result sets: what comes back.
//
//   Statement get("SELECT value FROM t WHERE key = $1 AND namespace = ANY ($2::text[])");
//   get.text("k").texts(names);
//
// A value is always a parameter; quoted() is for names of schemas and tables.
//
// Thread-safety: one thread at a time. A statement views its SQL, and text() what it is given, until it has
// run.

#ifndef QUIPU_BACKENDS_POSTGRES_CONNECTION_STATEMENT_H_
#define QUIPU_BACKENDS_POSTGRES_CONNECTION_STATEMENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct pg_result;

namespace quipu::postgres {

class Statement {
 public:
  // kOnce: not worth preparing.
  enum class Use { kOften, kOnce };
  explicit Statement(std::string_view sql, Use use = Use::kOften) : sql_(sql), use_(use) {}

  Statement& text(std::string_view value);
  Statement& bytes(std::string value);                         // in the binary form of its type
  Statement& number(int64_t value);                            // bigint
  Statement& texts(std::span<const std::string_view> values);  // text[]
  Statement& numbers(std::span<const int64_t> values);         // bigint[]

  // Arrays in binary form; `elements` in that of their type.
  static std::string binary(std::span<const std::string_view> texts);
  static std::string binary(std::span<const int64_t> numbers);
  static std::string binary(uint32_t type, std::span<const std::string> elements);

  std::string_view sql() const { return sql_; }
  Use use() const { return use_; }

  // As PQsendQueryParams takes them; they view this.
  struct Arguments {
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
  };
  Arguments arguments() const;
  size_t bytes() const;  // of all values

 private:
  struct Parameter {
    std::string_view viewed;
    std::string owned;
    std::string_view value() const { return viewed.data() != nullptr ? viewed : std::string_view(owned); }
  };

  std::string_view sql_;
  Use use_;
  std::vector<Parameter> parameters_;
};

// An SQL identifier, quoted.
std::string quoted(std::string_view identifier);

class ResultSet {
 public:
  explicit ResultSet(pg_result* result) : result_(result) {}

  size_t rows() const;
  int columns() const;
  size_t bytes(size_t row) const;  // of all its values
  bool is_null(size_t row, int column) const;
  std::string_view text(size_t row, int column) const;
  int64_t number(size_t row, int column) const;
  uint64_t changed() const;  // rows that were inserted, updated or deleted

  const pg_result* raw() const { return result_.get(); }

 private:
  struct Clear {
    void operator()(pg_result* result) const;
  };
  std::unique_ptr<pg_result, Clear> result_;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_CONNECTION_STATEMENT_H_
