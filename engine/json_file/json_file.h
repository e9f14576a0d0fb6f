// Whole JSON files that fit into memory.

#ifndef QUIPU_ENGINE_JSON_FILE_JSON_FILE_H_
#define QUIPU_ENGINE_JSON_FILE_JSON_FILE_H_

#include <optional>
#include <string>
#include <string_view>

#include "quipu/file_system.h"
#include "quipu/json.h"
#include "quipu/status.h"

namespace quipu {

// The file's content as checked JSON; nothing when there is no such file. Errors: kIoError; kInvalidArgument
// with path and byte.
Result<std::optional<Json>> read_json_file(const std::string& path, const FileSystem& fs);

// Replaces the file atomically; makes its directory when missing. Errors: kIoError.
Status write_text_file(const std::string& path, std::string_view text, const FileSystem& fs);

}  // namespace quipu

#endif  // QUIPU_ENGINE_JSON_FILE_JSON_FILE_H_
