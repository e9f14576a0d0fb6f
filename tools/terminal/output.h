// What the command prints: data on standard output, messages on standard error.

#ifndef QUIPU_TOOLS_TERMINAL_OUTPUT_H_
#define QUIPU_TOOLS_TERMINAL_OUTPUT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/status.h"

namespace quipu::cli {

// Standard output, buffered.
class Output {
 public:
  // False when nothing more can be written; finish() says why.
  bool write(std::string_view text);
  // Writes what is left. OK also when the reader has gone away (a closed pipe); else kIoError.
  Status finish();

 private:
  void flush();

  std::string buffer_;
  int error_ = 0;  // errno of the write that failed
};

// Writes `text` to standard output; as Output::finish().
Status print(std::string_view text);

// Whether standard output is a terminal that understands escape sequences, and whose user wants colours.
bool shows_colours();

// Prints "quipu: <text>" on standard error; control characters in it are escaped.
void message(std::string_view text);

// Rows in aligned columns. Columns named in `right` hold numbers.
class Table {
 public:
  Table(std::vector<std::string> header, std::vector<size_t> right);
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<size_t> right_;
};

// Text of a JSON object or array, member by member.
class JsonText {
 public:
  JsonText& add(std::string_view name, std::string_view text);
  JsonText& add(std::string_view name, const char* text) { return add(name, std::string_view(text)); }
  JsonText& add(std::string_view name, uint64_t number) { return add_raw(name, std::to_string(number)); }
  JsonText& add(std::string_view name, bool value) { return add_raw(name, value ? "true" : "false"); }
  JsonText& add_raw(std::string_view name, std::string_view json);
  // The key of an entry as "key", and as "key_hex" where it is no text.
  JsonText& add_key(std::string_view key);

  std::string object() const { return "{" + members_ + "}"; }

  // "[a, b]"
  static std::string array(const std::vector<std::string>& elements);
  static std::string array_of_strings(const std::vector<std::string>& elements);

 private:
  std::string members_;
};

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_TERMINAL_OUTPUT_H_
