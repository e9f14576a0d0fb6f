#include "backends/postgres/read/cursor.h"

#include <algorithm>
#include <utility>

#include "backends/postgres/read/reader.h"
#include "quipu/backend/limits.h"

namespace quipu::postgres {
namespace {

std::string encoded(uint32_t code) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

// The n-th code point that a text may have, and so the n-th by its bytes.
constexpr uint32_t kSurrogates = 0xd800;
constexpr uint32_t kCodePoints = 0x10ffff - 0x800;
uint32_t code_point(uint32_t n) { return n + 1 < kSurrogates ? n + 1 : n + 1 + 0x800; }

// The end of the first character at `at`, or `at` where there is none.
size_t end_of_character(std::string_view bytes, size_t at) {
  for (size_t size = 1; size <= 4 && at + size <= bytes.size(); ++size) {
    if (is_text(bytes.substr(at, size))) return at + size;
  }
  return at;
}

// The bytes that come after all that begin with these; nothing where none do.
std::optional<std::string> after_all(std::string_view prefix) {
  std::string bytes(prefix);
  while (!bytes.empty() && static_cast<unsigned char>(bytes.back()) == 0xff) bytes.pop_back();
  if (bytes.empty()) return std::nullopt;
  bytes.back() = static_cast<char>(static_cast<unsigned char>(bytes.back()) + 1);
  return bytes;
}

// The least text that is not before these bytes; nothing where there is none.
std::optional<std::string> least_text_from(std::string_view bytes) {
  if (is_text(bytes)) return std::string(bytes);
  size_t good = 0;  // up to here it is text
  for (size_t end = end_of_character(bytes, 0); end != good; end = end_of_character(bytes, good)) good = end;
  const std::string_view rest = bytes.substr(good);
  uint32_t low = 0;
  uint32_t high = kCodePoints;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    if (encoded(code_point(middle)) < rest) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const std::string begin(bytes.substr(0, good));
  if (low < kCodePoints) return begin + encoded(code_point(low));
  const std::optional<std::string> after = after_all(begin);
  return after ? least_text_from(*after) : std::nullopt;
}

class Nothing : public KVIterator {
 public:
  bool next() override { return false; }
  std::string_view key() const override { return {}; }
  JsonView val() const override { return {}; }
  Status status() const override { return Status::ok(); }
};

std::string selection(const TableSql& table, const ScanOptions& options, const KeyRange& range) {
  std::string sql = std::string("SELECT key, id") + (options.keys_only ? "" : ", value") + " FROM " +
                    table.name + " WHERE namespace = $1";
  if (!range.start.empty()) sql += " AND key COLLATE \"C\" >= $2";
  if (range.end) sql += std::string(" AND key COLLATE \"C\" < ") + (range.start.empty() ? "$2" : "$3");
  sql += options.order == ScanOptions::Order::kKey ? " ORDER BY key COLLATE \"C\"" : " ORDER BY id";
  if (options.reverse) sql += " DESC";
  if (options.limit != 0) sql += " LIMIT " + std::to_string(options.limit);
  return sql;
}

}  // namespace

std::optional<KeyRange> KeyRange::of(const ScanOptions& options) {
  std::string start = std::max(options.prefix, options.start.value_or(""));
  std::optional<std::string> end = options.prefix.empty() ? std::nullopt : after_all(options.prefix);
  if (options.end && (!end || *options.end < *end)) end = options.end;
  std::optional<std::string> first = least_text_from(start);
  if (!first) return std::nullopt;
  if (end) {
    end = least_text_from(*end);
    if (end && *end <= *first) return std::nullopt;
  }
  return KeyRange{*std::move(first), std::move(end)};
}

Cursor::Cursor(std::shared_ptr<PinnedSession> session, std::string_view collection, bool keys_only)
    : rows_(std::move(session), keys_only ? RowStream::Length::kKey : RowStream::Length::kValue),
      collection_(collection),
      keys_only_(keys_only) {}

std::unique_ptr<KVIterator> Cursor::none() { return std::make_unique<Nothing>(); }

Result<std::unique_ptr<KVIterator>> Cursor::open(std::shared_ptr<PinnedSession> session,
                                                 const TableSql& table, std::string_view collection,
                                                 const ScanOptions& options, const KeyRange& range) {
  std::unique_ptr<Cursor> cursor(new Cursor(std::move(session), collection, options.keys_only));
  const std::string declare = cursor->rows_.declaration() + selection(table, options, range);
  Statement declared(declare, Statement::Use::kOnce);
  declared.text(cursor->collection_);
  if (!range.start.empty()) declared.text(range.start);
  if (range.end) declared.text(*range.end);
  QUIPU_RETURN_IF_ERROR(cursor->rows_.open(declared));
  return std::unique_ptr<KVIterator>(std::move(cursor));
}

bool Cursor::next() {
  if (!status_.is_ok()) return false;
  if (!rows_.next()) {
    status_ = rows_.status();
    return false;
  }
  key_ = rows_.text(0);
  order_ = static_cast<uint64_t>(rows_.number(1));
  if (keys_only_) return true;
  Result<Json> value = stored_value(rows_.is_null(2) ? "null" : rows_.text(2), key_, collection_);
  if (!value) {
    status_ = value.error();
    return false;
  }
  value_ = *std::move(value);
  return true;
}

std::optional<uint64_t> Cursor::order() const { return keys_only_ ? std::nullopt : std::optional(order_); }

}  // namespace quipu::postgres
