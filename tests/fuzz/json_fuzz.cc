// JSON texts: what is taken has one canonical form, and the check of a file agrees with parsing it.

#include "engine/json_file/json_file.h"
#include "engine/json_file/persist_file_reader.h"
#include "quipu/file_system.h"
#include "quipu/json.h"
#include "tests/fuzz/fuzz.h"

namespace quipu::testing {

void fuzz_one(std::string_view input) {
  const Result<Json> parsed = Json::parse(input);
  if (parsed) {
    const Result<Json> again = Json::parse(parsed->text());
    require(again.has_value(), "a canonical text can be parsed");
    require(again->text() == parsed->text(), "a canonical text stays as it is");
    require(
        !parsed->view().is_string() || Json::from_string(parsed->view().string()).text() == parsed->text(),
        "a string's text comes back from its characters");
  }
  MemoryFileSystem files;
  require(write_text_file("file.json", input, files).is_ok(), "a file in memory can be written");
  const Result<std::optional<Json>> whole = read_json_file("file.json", files);
  PersistFileOptions options;
  options.fs = &files;
  const Status checked = check_json_file("file.json", options);
  require(checked.is_ok() == whole.has_value(), "a file is taken whole when it passes the check");
  if (whole && parsed) require((*whole)->text() == parsed->text(), "a file reads as its text");
}

}  // namespace quipu::testing
