#include "backends/postgres/read/row_stream.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace quipu::postgres {
namespace {

constexpr size_t kMostRows = 1000;
// What came before says nothing of how long the next rows are: chats of a line, and then of pictures.
constexpr size_t kMostOfAny = 16;
constexpr size_t kPageBytes = size_t{1} << 20;
constexpr auto kOnce = Statement::Use::kOnce;

size_t first_rows(RowStream::Length length) {
  switch (length) {
    case RowStream::Length::kKey: return kMostRows;
    case RowStream::Length::kValue: return 64;
    case RowStream::Length::kAny: break;
  }
  return 4;
}

}  // namespace

RowStream::RowStream(std::shared_ptr<PinnedSession> session, Length length)
    : session_(std::move(session)),
      name_("quipu_" + std::to_string(session_->next_cursor())),
      most_rows_(length == Length::kAny ? kMostOfAny : kMostRows),
      page_rows_(first_rows(length)) {}

RowStream::~RowStream() { end(); }

void RowStream::end() {
  const std::shared_ptr<PinnedSession> session = std::exchange(session_, nullptr);
  if (session == nullptr || session.use_count() == 1) return;  // its transaction ends, and with it the cursor
  const std::string sql = "CLOSE " + name_;
  (void)session->run(Statement(sql, kOnce)).has_value();
}

Status RowStream::open(const Statement& declare) {
  const std::string fetch = "FETCH " + std::to_string(page_rows_) + " FROM " + name_;
  std::vector<Statement> statements = {declare};
  statements.emplace_back(fetch, kOnce);
  Result<std::vector<ResultSet>> results = session_->run(statements);
  if (!results) {
    session_.reset();  // there is no cursor
    return results.error();
  }
  take(std::move(results->back()));
  return Status::ok();
}

void RowStream::take(ResultSet page) {
  row_ = 0;
  if (page.rows() < page_rows_) end();
  size_t longest = 1;
  for (size_t row = 0; row < page.rows(); ++row) longest = std::max(longest, page.bytes(row));
  page_rows_ = std::clamp<size_t>(kPageBytes / longest, 1, std::min(most_rows_, 4 * page_rows_));
  page_ = std::move(page);
}

bool RowStream::fetch() {
  if (!session_) return false;
  page_.reset();
  const std::string sql = "FETCH " + std::to_string(page_rows_) + " FROM " + name_;
  Result<ResultSet> page = session_->run(Statement(sql, kOnce));
  if (!page) {
    status_ = page.error();
    end();
    return false;
  }
  take(*std::move(page));
  return page_->rows() > 0;
}

bool RowStream::next() {
  if (!status_.is_ok() || !page_) return false;
  if (row_ == page_->rows() && !fetch()) return false;
  ++row_;
  return true;
}

}  // namespace quipu::postgres
