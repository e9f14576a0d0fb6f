#include "tools/terminal/exit_code.h"

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

}  // namespace quipu::cli
