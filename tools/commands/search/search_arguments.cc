#include "tools/commands/search/search_arguments.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>

#include "quipu/json.h"
#include "quipu/open_store.h"

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

Status check_vector_store(const BaseKVStore& store, const std::string& database, const std::string& name) {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> collections, store.collections());
  const std::string embeddings = "vector_store/" + name + "/embeddings";
  if (std::ranges::find(collections, embeddings, &CollectionInfo::name) != collections.end()) {
    return Status::ok();
  }
  return Status::not_found(shown_address(database) + ": there is no vector store " + name);
}

}  // namespace quipu::cli
