#include "backends/postgres/write/new_entries.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "backends/postgres/connection/copy_in.h"

namespace quipu::postgres {
namespace {

constexpr size_t kMostKeys = 5000;  // that one statement looks up

}  // namespace

std::optional<Failure> copy_new_entries(const TableSql& sql, bool is_jsonb, const FinalBatch::Rows& rows,
                                        Connection& connection, std::vector<Statement>& statements,
                                        FinalBatch::Rows& present) {
  const size_t first = statements.size();
  for (size_t begin = 0; begin < rows.size(); begin += kMostKeys) {
    const auto part = [&](const std::vector<std::string_view>& column) {
      return std::span(column).subspan(begin, std::min(kMostKeys, column.size() - begin));
    };
    statements.emplace_back(sql.present).texts(part(rows.collections)).texts(part(rows.keys));
  }
  const Reply reply = connection.run(statements);
  if (reply.failure) return reply.failure;
  statements.clear();
  std::vector<bool> is_present(rows.size());
  for (size_t result = first; result < reply.results.size(); ++result) {
    const ResultSet& places = reply.results[result];
    for (size_t row = 0; row < places.rows(); ++row)
      is_present[((result - first) * kMostKeys) + static_cast<size_t>(places.number(row, 0)) - 1] = true;
  }
  if (std::ranges::find(is_present, false) == is_present.end()) {
    present = rows;
    return std::nullopt;
  }
  CopyIn copy(connection);
  copy.begin(sql.copy);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (is_present[i]) {
      present.add(rows.collections[i], rows.keys[i], rows.values[i]);
      continue;
    }
    copy.row(3);
    copy.field(rows.keys[i]);
    copy.field(rows.collections[i]);
    copy.json(rows.values[i], is_jsonb);
  }
  return copy.end();
}

}  // namespace quipu::postgres
