// Cursor: a scan of one collection as a stream of its rows.
// KeyRange: the keys that a scan is over, as bounds that PostgreSQL's text can hold.
//
// Thread-safety: one thread at a time. Lifetime: keeps its session.

#ifndef QUIPU_BACKENDS_POSTGRES_READ_CURSOR_H_
#define QUIPU_BACKENDS_POSTGRES_READ_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backends/postgres/database/session.h"
#include "backends/postgres/read/row_stream.h"
#include "quipu/kv_store.h"

namespace quipu::postgres {

struct KeyRange {
  std::string start;               // the first key
  std::optional<std::string> end;  // the first that is left out

  // Nothing where no key can be in it.
  static std::optional<KeyRange> of(const ScanOptions& options);
};

class Cursor : public KVIterator {
 public:
  static Result<std::unique_ptr<KVIterator>> open(std::shared_ptr<PinnedSession> session,
                                                  const TableSql& table, std::string_view collection,
                                                  const ScanOptions& options, const KeyRange& range);
  // Of what is not there.
  static std::unique_ptr<KVIterator> none();

  bool next() override;
  std::string_view key() const override { return key_; }
  JsonView val() const override { return keys_only_ ? JsonView() : value_.view(); }
  std::optional<uint64_t> order() const override;
  Status status() const override { return status_; }

 private:
  Cursor(std::shared_ptr<PinnedSession> session, std::string_view collection, bool keys_only);

  RowStream rows_;
  const std::string collection_;
  const bool keys_only_;
  std::string key_;
  Json value_;
  uint64_t order_ = 0;
  Status status_;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_READ_CURSOR_H_
