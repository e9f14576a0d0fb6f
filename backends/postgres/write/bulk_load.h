// PostgresBulkLoad: whole collections by COPY into a temporary table of one transaction, which ends with the
// rows in their places. Nobody sees anything before, and memory does not grow.
//
// Thread-safety, errors: as BulkLoad. What is wrong with a value may be told only by a later call.

#ifndef QUIPU_BACKENDS_POSTGRES_WRITE_BULK_LOAD_H_
#define QUIPU_BACKENDS_POSTGRES_WRITE_BULK_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/postgres/database/session.h"
#include "backends/postgres/write/suspects.h"
#include "backends/postgres/write/writer.h"
#include "quipu/bulk_load.h"

namespace quipu::postgres {

class PostgresBulkLoad : public BulkLoad {
 public:
  // `writer` and `server` must outlive it.
  static Result<std::unique_ptr<BulkLoad>> begin(Writer& writer, Server& server);
  ~PostgresBulkLoad() override;

  Status begin_file(std::string_view persist_file) override;
  Status begin_collection(std::string_view name, const CollectionOptions& options) override;
  Status put(std::string_view key, JsonView val) override;
  Status commit() override;

 private:
  PostgresBulkLoad(Writer& writer, Server& server, Lease lease)
      : writer_(writer), server_(server), lease_(std::move(lease)) {}

  Status send_rows();
  Status end_copy();
  // Runs statements in the transaction; a failure ends the load.
  Status run(std::span<const Statement> statements);
  Status failed(const Failure& failure);
  Status move_rows(size_t table, std::span<const std::string_view> names);

  Writer& writer_;
  Server& server_;
  Lease lease_;
  Status failed_;
  Suspects suspects_;
  bool copying_ = false;
  uint64_t rows_ = 0;
  std::string buffer_;
  std::vector<std::string> files_;
  std::vector<std::pair<std::string, CollectionOptions>> collections_;
  size_t current_ = 0;
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_WRITE_BULK_LOAD_H_
