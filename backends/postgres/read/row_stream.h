// RowStream: the rows of a query through a cursor of the server, some hundred at a time, about a MiB; those
// of any length at most 16 at a time.
//
//   RowStream rows(session, RowStream::Length::kKey);
//   const std::string sql = rows.declaration() + "SELECT key FROM t WHERE namespace = $1";
//   QUIPU_RETURN_IF_ERROR(rows.open(Statement(sql, Statement::Use::kOnce).text(name)));
//   while (rows.next()) use(rows.text(0));
//   return rows.status();
//
// Thread-safety: one thread at a time. Lifetime: keeps its session until the last page is here.

#ifndef QUIPU_BACKENDS_POSTGRES_READ_ROW_STREAM_H_
#define QUIPU_BACKENDS_POSTGRES_READ_ROW_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backends/postgres/database/session.h"

namespace quipu::postgres {

class RowStream {
 public:
  // How long rows are that nothing is known of yet, and so how many go into the first page.
  enum class Length { kKey, kValue, kAny };
  explicit RowStream(std::shared_ptr<PinnedSession> session, Length length);
  ~RowStream();
  RowStream(const RowStream&) = delete;
  RowStream& operator=(const RowStream&) = delete;

  // What stands before the SELECT in the statement that opens it.
  std::string declaration() const { return "DECLARE " + name_ + " NO SCROLL CURSOR FOR "; }
  Status open(const Statement& declare);

  bool next();  // false at the end, and on an error
  std::string_view text(int column) const { return page_->text(row_ - 1, column); }
  int64_t number(int column) const { return page_->number(row_ - 1, column); }
  bool is_null(int column) const { return page_->is_null(row_ - 1, column); }
  int columns() const { return page_->columns(); }
  Status status() const { return status_; }

 private:
  // Takes a fetched page, and says how many rows the next is to have. After the last one the session is let
  // go.
  void take(ResultSet page);
  bool fetch();
  void end();

  std::shared_ptr<PinnedSession> session_;  // null when the last page is here
  const std::string name_;
  const size_t most_rows_;
  size_t page_rows_;
  std::optional<ResultSet> page_;
  size_t row_ = 0;  // of the page, the next
  Status status_;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_READ_ROW_STREAM_H_
