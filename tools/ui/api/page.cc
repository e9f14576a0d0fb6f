#include "tools/ui/api/page.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "tools/terminal/text.h"
#include "tools/ui/api/json.h"

namespace quipu::ui {
namespace {

// After so many bytes of values a page ends.
constexpr size_t kReadBytes = 4 << 20;

}  // namespace

Result<std::string> page_of(const BaseKVStore& store, const std::string& collection, const Params& params,
                            Values values, const Row& row) {
  QUIPU_ASSIGN_OR_RETURN(const uint64_t wanted, params.number("limit", kPageEntries, kMostEntries));
  const uint64_t limit = std::max<uint64_t>(wanted, 1);
  QUIPU_ASSIGN_OR_RETURN(std::optional<std::string> after, params.find_bytes("after"));
  QUIPU_ASSIGN_OR_RETURN(const std::optional<std::string> prefix, params.find_bytes("prefix"));
  ScanOptions options{
      .prefix = prefix.value_or(""), .limit = limit + 1, .keys_only = values == Values::kLeft};
  if (after) options.start = *std::move(after) + '\0';  // the next key that there can be
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> entries, store.scan(options, collection));
  std::vector<std::string> rows;
  std::string last;
  size_t read = 0;
  uint64_t passed = 0;
  bool more = false;
  while (!more && entries->next()) {
    more = passed == limit || read > kReadBytes;
    if (more) break;
    ++passed;
    last = entries->key();
    read += entries->val().text().size();
    QUIPU_ASSIGN_OR_RETURN(std::string text, row(entries->key(), entries->val()));
    if (!text.empty()) rows.push_back(std::move(text));
  }
  QUIPU_RETURN_IF_ERROR(entries->status());
  JsonText page;
  page.add_raw("rows", JsonText::array(rows));
  if (more) page.add("next_hex", cli::to_hex(last));
  return page.object();
}

}  // namespace quipu::ui
