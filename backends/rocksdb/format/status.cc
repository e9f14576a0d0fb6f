#include "backends/rocksdb/format/status.h"

#include <string>

namespace quipu::rocks {

Status from_rocksdb(const rocksdb::Status& status, std::string_view context) {
  if (status.ok()) return Status::ok();
  const std::string message = std::string(context) + ": " + status.ToString();
  if (status.IsCorruption()) return Status::corruption(message);
  if (status.IsNotFound()) return Status::not_found(message);
  if (status.IsInvalidArgument()) return Status::invalid_argument(message);
  if (status.IsBusy() || status.IsTryAgain() || status.IsTimedOut()) return Status::busy(message);
  if (status.IsNotSupported()) return Status::not_supported(message);
  return Status::io_error(message);
}

}  // namespace quipu::rocks
