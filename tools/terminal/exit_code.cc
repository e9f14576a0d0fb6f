#include "tools/terminal/exit_code.h"

#include "tools/terminal/cancel.h"
#include "tools/terminal/option_names.h"
#include "tools/terminal/output.h"

namespace quipu::cli {

int exit_code_of(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk: return kExitOk;
    case StatusCode::kIoError: return kExitIo;
    case StatusCode::kBusy: return kExitLocked;
    case StatusCode::kNotFound:
    case StatusCode::kAlreadyExists:
    case StatusCode::kInvalidArgument:
    case StatusCode::kCorruption:
    case StatusCode::kNotSupported: break;
  }
  return kExitData;
}

int report_error(const Status& status) {
  message(with_command_options(status.message()));
  return status == interrupted() ? kExitSignal + caught_signal() : exit_code_of(status);
}

}  // namespace quipu::cli
