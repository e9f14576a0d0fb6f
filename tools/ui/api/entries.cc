// Collections by key: pages of entries, and one of them.

#include <algorithm>
#include <optional>

#include "tools/terminal/text.h"
#include "tools/ui/api/json.h"
#include "tools/ui/api/page.h"
#include "tools/ui/api/table.h"

namespace quipu::ui {

Result<std::string> get_entries(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const std::string collection, params.required_bytes("collection"));
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  return page_of(*store, collection, params, Values::kRead,
                 [](std::string_view key, JsonView value) -> Result<std::string> {
                   JsonText row;
                   row.add_key(key).add("bytes", static_cast<uint64_t>(value.text().size()));
                   return row.add("value", beginning_of(value.text(), kPreviewBytes)).object();
                 });
}

Result<std::string> get_entry(Api& api, const Params& params) {
  QUIPU_ASSIGN_OR_RETURN(const std::string collection, params.required_bytes("collection"));
  QUIPU_ASSIGN_OR_RETURN(const std::string key, params.required_bytes("key"));
  QUIPU_ASSIGN_OR_RETURN(const uint64_t offset, params.number("offset", 0, UINT64_MAX));
  QUIPU_ASSIGN_OR_RETURN(const LiveStore::Lease store, api.store.now());
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> value, store->get(key, collection));
  if (!value) return Status::not_found("no entry of this key in " + cli::printable(collection));
  const std::string_view text = value->text();  // canonical, so ASCII
  JsonText answer;
  answer.add_key(key).add("bytes", static_cast<uint64_t>(text.size())).add("offset", offset);
  return answer.add("value", text.substr(std::min<size_t>(offset, text.size()), kValueBytes)).object();
}

}  // namespace quipu::ui
