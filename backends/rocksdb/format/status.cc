#include "backends/rocksdb/format/status.h"

#include <string>

namespace quipu::rocks {

bool is_failed_read_as_damage(const rocksdb::Status& status) {
  static_assert(rocksdb::Status::kIOError == 5);
  if (!status.IsCorruption()) return false;
  const std::string text = status.ToString();
  return text.find(": Failed to compute checksum for ") != std::string::npos &&
         text.find(", IOStatus(code: ,5,") != std::string::npos;
}

Status from_rocksdb(const rocksdb::Status& status, std::string_view context) {
  if (status.ok()) return Status::ok();
  const std::string message = std::string(context) + ": " + status.ToString();
  if (is_failed_read_as_damage(status)) return Status::io_error(message);
  if (status.IsCorruption()) return Status::corruption(message);
  if (status.IsNotFound()) return Status::not_found(message);
  if (status.IsInvalidArgument()) return Status::invalid_argument(message);
  if (status.IsBusy() || status.IsTryAgain() || status.IsTimedOut()) return Status::busy(message);
  // It would have had to wait, and was asked not to.
  if (status.IsIncomplete() && !status.IsManualCompactionPaused()) return Status::busy(message);
  if (status.IsNotSupported()) return Status::not_supported(message);
  return Status::io_error(message);
}

}  // namespace quipu::rocks
