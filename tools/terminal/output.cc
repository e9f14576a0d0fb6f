#include "tools/terminal/output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <system_error>
#include <utility>

#include "quipu/json.h"
#include "tools/terminal/text.h"

namespace quipu::cli {
namespace {

constexpr size_t kBufferBytes = 65'536;

// Columns that `text` takes on a terminal, at one for each code point.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

}  // namespace

bool Output::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
  return error_ == 0;
}

void Output::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty() && error_ == 0) {
    const ssize_t written = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  buffer_.clear();
}

Status Output::finish() {
  flush();
  if (error_ == 0 || error_ == EPIPE) return Status::ok();
  return Status::io_error("cannot write to standard output: " + std::generic_category().message(error_));
}

Status print(std::string_view text) {
  Output out;
  out.write(text);
  return out.finish();
}

bool shows_colours() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string_view(value == nullptr ? "" : value);
  };
  const std::string_view terminal = variable("TERM");
  return isatty(STDOUT_FILENO) == 1 && !terminal.empty() && terminal != "dumb" &&
         variable("NO_COLOR").empty();
}

void message(std::string_view text) {
  static std::mutex mutex;
  static std::string last;
  std::string line = "quipu: " + without_controls(text) + "\n";
  const std::lock_guard lock(mutex);
  if (line == last) return;  // RocksDB's threads meet one error many times
  std::fwrite(line.data(), 1, line.size(), stderr);
  last = std::move(line);
}

Table::Table(std::vector<std::string> header, std::vector<size_t> right) : right_(std::move(right)) {
  rows_.push_back(std::move(header));
}

std::string Table::text() const {
  std::vector<size_t> widths(rows_.front().size());
  for (const std::vector<std::string>& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const std::vector<std::string>& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width_of(row[i]), ' ');
      const bool right = std::ranges::find(right_, i) != right_.end();
      line += (i == 0 ? "" : "  ") + (right ? padding + row[i] : row[i] + padding);
    }
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

JsonText& JsonText::add(std::string_view name, std::string_view text) {
  std::string quoted;
  append_json_string(text, quoted);
  return add_raw(name, quoted);
}

JsonText& JsonText::add_raw(std::string_view name, std::string_view json) {
  if (!members_.empty()) members_ += ", ";
  append_json_string(name, members_);
  members_ += ": ";
  members_ += json;
  return *this;
}

JsonText& JsonText::add_key(std::string_view key) {
  add("key", key);
  if (!is_text(key)) add("key_hex", to_hex(key));
  return *this;
}

std::string JsonText::array(const std::vector<std::string>& elements) {
  std::string text = "[";
  for (const std::string& element : elements) {
    if (text.size() > 1) text += ", ";
    text += element;
  }
  return text + "]";
}

std::string JsonText::array_of_strings(const std::vector<std::string>& elements) {
  std::vector<std::string> quoted(elements.size());
  for (size_t i = 0; i < elements.size(); ++i) append_json_string(elements[i], quoted[i]);
  return array(quoted);
}

}  // namespace quipu::cli
