#include "engine/json_file/json_file_cursor.h"

#include <algorithm>

#include "engine/json/encoding.h"
#include "engine/json/scanner.h"
#include "engine/json_file/foreign_content.h"

namespace quipu {

Status JsonFileCursor::open() {
  QUIPU_RETURN_IF_ERROR(window_.open(path_, options_.window_bytes, *options_.fs));
  QUIPU_RETURN_IF_ERROR(read_more());
  const std::string_view head(at(), static_cast<size_t>(end() - at()));
  if (head.empty()) {
    return Status::invalid_argument(path_ +
                                    ": the file is empty, as after an interrupted write: take it from a "
                                    "copy or backup");
  }
  if (const std::string foreign = describe_foreign_content(head); !foreign.empty()) {
    return Status::invalid_argument(path_ + ": " + foreign);
  }
  if (const char* refused = refused_encoding(head); refused != nullptr)
    return error(with_advice(refused), at());
  pass(at() + byte_order_mark_size(head));
  return Status::ok();
}

Status JsonFileCursor::read_more() {
  QUIPU_RETURN_IF_ERROR(window_.read_more());
  return options_.progress ? options_.progress(window_.offset(), window_.file_bytes()) : Status::ok();
}

Result<int> JsonFileCursor::next() {
  while (true) {
    const char* place = at();
    for (; place < end() && is_json_white_space(*place); ++place) lines_ += *place == '\n' ? 1 : 0;
    pass(place);
    if (place < end()) return static_cast<unsigned char>(*place);
    if (at_end_of_file()) return kEnd;
    QUIPU_RETURN_IF_ERROR(read_more());
  }
}

void JsonFileCursor::pass_lines(const char* to) {
  lines_ += static_cast<uint64_t>(std::count(at(), to, '\n'));
  pass(to);
}

Status JsonFileCursor::tell_done() const {
  return options_.progress ? options_.progress(window_.offset(), window_.file_bytes()) : Status::ok();
}

uint64_t JsonFileCursor::line(const char* place) const {
  return 1 + lines_ + static_cast<uint64_t>(std::count(at(), place, '\n'));
}

Status JsonFileCursor::error(std::string_view what, const char* place) const {
  return Status::invalid_argument(path_ + ": line " + std::to_string(line(place)) + ", byte " +
                                  std::to_string(byte(place)) + ": " + std::string(what));
}

}  // namespace quipu
