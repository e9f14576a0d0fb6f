// What commands that search take, as the library has it.

#ifndef QUIPU_TOOLS_COMMANDS_SEARCH_SEARCH_ARGUMENTS_H_
#define QUIPU_TOOLS_COMMANDS_SEARCH_SEARCH_ARGUMENTS_H_

#include <optional>
#include <string>
#include <vector>

#include "quipu/kv_store.h"
#include "quipu/status.h"
#include "quipu/vector_store.h"

namespace quipu::cli {

// --vector: the JSON array of numbers in a file, or on standard input for "-".
Result<std::vector<double>> vector_of_file(const std::string& path);

// --filter: LlamaIndex's MetadataFilters in JSON; nothing for no text.
Result<std::optional<MetadataFilters>> filters_of(const std::string& text);

// Whether the database has a vector store of this name; else kNotFound, which names both.
Status check_vector_store(const BaseKVStore& store, const std::string& database, const std::string& name);

}  // namespace quipu::cli

#endif  // QUIPU_TOOLS_COMMANDS_SEARCH_SEARCH_ARGUMENTS_H_
