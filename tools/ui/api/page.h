// A page of a collection, by key: whatever its size, no more is read than what is shown.

#ifndef QUIPU_TOOLS_UI_API_PAGE_H_
#define QUIPU_TOOLS_UI_API_PAGE_H_

#include <functional>
#include <string>
#include <string_view>

#include "quipu/kv_store.h"
#include "tools/ui/api/params.h"

namespace quipu::ui {

enum class Values { kRead, kLeft };

// What an entry is in the answer, as JSON; an empty text leaves it out. Without values the view is null.
using Row = std::function<Result<std::string>(std::string_view key, JsonView value)>;

// {"rows": [...], "next_hex": ...}: those behind the key "after" or "after_hex" whose keys begin with
// "prefix", at most "limit" of them, and fewer where their values are long; next_hex is there when there may
// be more.
Result<std::string> page_of(const BaseKVStore& store, const std::string& collection, const Params& params,
                            Values values, const Row& row);

}  // namespace quipu::ui

#endif  // QUIPU_TOOLS_UI_API_PAGE_H_
