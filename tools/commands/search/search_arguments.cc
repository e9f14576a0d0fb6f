#include "tools/commands/search/search_arguments.h"

#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include "quipu/json.h"

namespace quipu::cli {
namespace {

Result<Json> json_of_file(const std::string& path) {
  std::ostringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
  } else {
    std::ifstream in(path, std::ios::binary);
    if (!in) return Status::io_error("cannot read " + path);
    text << in.rdbuf();
  }
  Result<Json> json = Json::parse(std::move(text).str());
  return json ? std::move(json) : json.error().prefixed(path);
}

}  // namespace

Result<std::vector<double>> vector_of_file(const std::string& path) {
  QUIPU_ASSIGN_OR_RETURN(const Json json, json_of_file(path));
  if (!json.view().is_array()) return Status::invalid_argument(path + ": not a JSON array of numbers");
  std::vector<double> vector;
  for (const JsonView element : json.view().elements()) {
    const std::optional<double> number = element.number();
    if (!number) return Status::invalid_argument(path + ": not a JSON array of numbers");
    vector.push_back(*number);
  }
  return vector;
}

Result<std::optional<MetadataFilters>> filters_of(const std::string& text) {
  if (text.empty()) return std::optional<MetadataFilters>();
  const Result<Json> json = Json::parse(text);
  if (!json) return json.error().prefixed("--filter");
  QUIPU_ASSIGN_OR_RETURN(MetadataFilters filters, MetadataFilters::from_json(*json));
  return std::optional(std::move(filters));
}

}  // namespace quipu::cli
