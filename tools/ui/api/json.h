// What answers are made of. Values of the database go into an answer as JSON text in a string: the page shows
// them as they are, numbers that JavaScript cannot hold and NaN included.

#ifndef QUIPU_TOOLS_UI_API_JSON_H_
#define QUIPU_TOOLS_UI_API_JSON_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/document_store.h"
#include "quipu/kv_store.h"
#include "tools/terminal/output.h"

namespace quipu::ui {

using cli::JsonText;

inline constexpr size_t kPreviewBytes = 300;
inline constexpr size_t kValueBytes = 64 << 10;  // of a value, or a metadata, at once
inline constexpr uint64_t kPageEntries = 50;
inline constexpr uint64_t kMostEntries = 200;

// The first bytes of a text, without a part of a character.
std::string beginning_of(std::string_view text, size_t at_most);

// Adds NAME, the beginning of the text, and, where that is not all, NAME_bytes.
void add_beginning(JsonText& object, std::string_view name, std::string_view text, size_t at_most);

// A node as an element of a list: id, type, the beginning of its text, metadata.
std::string node_row(const BaseNode& node);

// The text of a node; of one that has none the empty string.
std::string content_of(const BaseNode& node);

// The stores' classes share their key-value store; this one does not own it, and must not outlive the lease.
std::shared_ptr<BaseKVStore> unowned(BaseKVStore& store);

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_API_JSON_H_
