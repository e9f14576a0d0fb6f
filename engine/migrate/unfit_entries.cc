#include "engine/migrate/unfit_entries.h"

#include "quipu/backend/limits.h"

namespace quipu {
namespace {

constexpr uint64_t kNamed = 5;
constexpr size_t kShownBytes = 200;  // of a key

}  // namespace

void UnfitEntries::look(std::string_view collection, std::string_view key, JsonView value) {
  const bool bad_key = text_keys_ && (!is_text(key) || !is_text(collection));
  if (!bad_key && !(finite_numbers_ && has_non_finite_number(value))) return;
  if (++count_ > kNamed) return;
  names_ += (names_.empty() ? "" : "; ") + Json::from_string(key.substr(0, kShownBytes)).text() +
            " of collection " + Json::from_string(collection).text() +
            (bad_key ? ", which is no UTF-8 without NUL" : ", whose value has NaN or an infinity");
}

Status UnfitEntries::status() const {
  if (count_ == 0) return Status::ok();
  const std::string more = count_ > kNamed ? "; and " + std::to_string(count_ - kNamed) + " more" : "";
  return Status::invalid_argument("the target cannot hold " + std::to_string(count_) +
                                  " entries of the source: " + names_ + more);
}

}  // namespace quipu
