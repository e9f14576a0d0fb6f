#include "engine/layout/persist_file_name.h"

#include "quipu/json.h"
#include "quipu/vector_store.h"

namespace quipu {
namespace {

constexpr std::string_view kSparseVectorFile = "sparse_vectors.json";

}  // namespace

Status check_file_name(std::string_view name) {
  const bool plain = !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
                     name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
  if (plain) return Status::ok();
  return Status::invalid_argument("not a plain file name: " + Json::from_string(name).text());
}

std::string vector_store_file(std::string_view ns) {
  return std::string(ns) + std::string(NAMESPACE_SEP) + std::string(VECTOR_STORE_PERSIST_FNAME);
}

std::optional<std::string> vector_store_namespace(std::string_view name) {
  for (const std::string_view end : {VECTOR_STORE_PERSIST_FNAME, NAMESPACE_SEP}) {
    if (!name.ends_with(end)) return std::nullopt;
    name.remove_suffix(end.size());
  }
  return std::string(name);
}

std::string sparse_vector_file(std::string_view ns) {
  return std::string(ns) + std::string(NAMESPACE_SEP) + std::string(kSparseVectorFile);
}

bool is_sparse_vector_file(std::string_view name) {
  return name.ends_with(std::string(NAMESPACE_SEP) + std::string(kSparseVectorFile));
}

std::string present_name(std::string_view name) {
  return name == VECTOR_STORE_PERSIST_FNAME ? vector_store_file(DEFAULT_VECTOR_STORE) : std::string(name);
}

}  // namespace quipu
