// Messages of the library that the command prints name the command's options.

#include "tools/terminal/option_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace quipu::cli {
namespace {

namespace fs = std::filesystem;
using quipu::testing::read_file;

const std::string kSource = QUIPU_SOURCE_DIR;

std::vector<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at)
    found.push_back((*at)[1]);
  return found;
}

// The members of all structs in include/quipu whose names end with Options, but of stores that no command
// opens.
std::set<std::string> library_options() {
  static const std::regex kStruct(R"re(struct \w+Options \{([^}]*(?:\{\}[^}]*)*)\n\};)re");
  static const std::regex kMember(R"re(\n  [\w:<>*, ()&]+[ >](\w+)(?: = [^;]*)?;)re");
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(kSource + "/include/quipu")) {
    if (entry.path().extension() != ".h" || entry.path().filename() == "postgres_vector_store.h") continue;
    for (const std::string& body : matches(read_file(entry.path()), kStruct)) {
      for (const std::string& name : matches(body, kMember)) names.insert(name);
    }
  }
  return names;
}

// What stands between quotes in a line of code.
void append_texts(const std::string& line, std::vector<std::string>& texts) {
  for (size_t at = line.find('"'); at < line.size(); at = line.find('"', at + 1)) {
    if (at != 0 && line[at - 1] == '\'') continue;  // a quote by itself
    const size_t begin = ++at;
    while (at < line.size() && line[at] != '"') at += line[at] == '\\' ? 2 : 1;
    texts.push_back(line.substr(begin, at - begin));
  }
}

std::vector<std::string> library_texts() {
  std::vector<std::string> texts;
  for (const char* folder : {"/engine", "/backends"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kSource + folder)) {
      if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
      if (entry.path().string().find("/backends/postgres/") != std::string::npos) continue;  // SQL
      std::istringstream code(read_file(entry.path()));
      for (std::string line; std::getline(code, line);) append_texts(line, texts);
    }
  }
  return texts;
}

// How a message names an option: "(option effect)" or "(option)"; names of several words anywhere.
bool names_option(const std::string& text, const std::string& option) {
  if (option.find('_') != std::string::npos) return text.find(option) != std::string::npos;
  return text.find('(' + option + ' ') != std::string::npos ||
         text.find('(' + option + ')') != std::string::npos;
}

// No message of this library: an include, a word, JSON, or what the reference says.
bool is_message(const std::string& text) {
  return !text.ends_with(".h") && text.find(' ') != std::string::npos &&
         text.find("\\\"") == std::string::npos && text.find("allow_update") == std::string::npos;
}

TEST(OptionNamesTest, EachOptionThatAMessageNamesIsTheCommands) {
  const std::set<std::string> options = library_options();
  for (const char* known : {"merge", "force", "replace", "encoding", "files", "max_nesting",
                            "accept_lost_writes", "max_directory_bytes", "search_memory_bytes"}) {
    EXPECT_TRUE(options.contains(known)) << known;
  }
  size_t named = 0;
  for (const std::string& text : library_texts()) {
    if (!is_message(text)) continue;
    for (const std::string& option : options) {
      if (!names_option(text, option)) continue;
      ++named;
      const std::string message = text.starts_with(option) ? "too long (" + text + ")" : text;
      EXPECT_FALSE(names_option(with_command_options(message), option)) << text;
    }
  }
  EXPECT_GE(named, 8u);
}

TEST(OptionNamesTest, PutsOneInTheOthersPlace) {
  EXPECT_EQ(with_command_options("it is not empty (merge adds to it)"),
            "it is not empty (--merge adds to it)");
  EXPECT_EQ(with_command_options("too deep, the limit is 1000 (max_nesting)"), "too deep, the limit is 1000");
  EXPECT_EQ(with_command_options("force of habit, merged files"), "force of habit, merged files");
}

}  // namespace
}  // namespace quipu::cli
