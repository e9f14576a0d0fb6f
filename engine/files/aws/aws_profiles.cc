#include "engine/files/aws/aws_profiles.h"

#include <cctype>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>

namespace quipu {
namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view unquoted(std::string_view text) {
  const bool quoted =
      text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// "profile  name" -> "name"; nothing where another word comes first.
std::string_view behind(std::string_view word, std::string_view header) {
  if (!header.starts_with(word) || header.size() == word.size() || !is_space(header[word.size()])) return {};
  return unquoted(trimmed(header.substr(word.size())));
}

}  // namespace

const AwsSettings* AwsProfiles::find(const Sections& sections, const std::string& name) {
  const auto found = sections.find(name);
  return found == sections.end() ? nullptr : &found->second;
}

// Null for a section of something else.
AwsSettings* AwsProfiles::section(std::string_view header, bool is_config) {
  if (!is_config || header == "default") return &profiles_[std::string(unquoted(header))];
  if (const std::string_view name = behind("profile", header); !name.empty()) {
    return &profiles_[std::string(name)];
  }
  if (const std::string_view name = behind("services", header); !name.empty()) {
    return &services_[std::string(name)];
  }
  return nullptr;
}

Status AwsProfiles::add_file(const std::string& path, bool is_config) {
  std::ifstream in(path);
  if (!in) {
    if (errno == ENOENT || errno == ENOTDIR) return Status::ok();
    return Status::io_error("cannot open " + path + ": " + std::generic_category().message(errno));
  }
  AwsSettings ignored;
  AwsSettings* settings = nullptr;
  std::string parent;  // of the indented lines that follow
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    const std::string_view text = trimmed(line);
    if (text.empty() || text.front() == '#' || text.front() == ';') continue;
    if (text.front() == '[') {
      const size_t end = text.find(']');
      if (end == std::string_view::npos) {
        return Status::invalid_argument(path + ": line " + std::to_string(number) + ": ] is missing");
      }
      settings = section(trimmed(text.substr(1, end - 1)), is_config);
      if (settings == nullptr) settings = &ignored;
      parent.clear();
      continue;
    }
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos || settings == nullptr) {
      return Status::invalid_argument(
          path + ": line " + std::to_string(number) +
          (settings == nullptr ? ": no [section] comes before it" : ": neither [section] nor name = value"));
    }
    std::string name(trimmed(text.substr(0, equals)));
    const std::string value(trimmed(text.substr(equals + 1)));
    if (is_space(line.front()) && !parent.empty()) {
      (*settings)[parent + "." + name] = value;
      continue;
    }
    parent = value.empty() ? name : std::string();
    (*settings)[std::move(name)] = value;
  }
  return Status::ok();
}

Result<AwsProfiles> AwsProfiles::read(const std::string& config_file, const std::string& credentials_file) {
  AwsProfiles profiles;
  QUIPU_RETURN_IF_ERROR(profiles.add_file(config_file, true));
  QUIPU_RETURN_IF_ERROR(profiles.add_file(credentials_file, false));
  return profiles;
}

}  // namespace quipu
