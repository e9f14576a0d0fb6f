#include "backends/postgres/transaction/staged_relations.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "quipu/backend/features.h"

namespace quipu::postgres {

PostgresReader::Keys merged_relations(const StagedChanges::Changes& changes,
                                      std::span<const std::string_view> ids, PostgresReader::Keys stored) {
  std::unordered_map<std::string, std::vector<std::string_view>> written;  // by target
  for (const auto& [key, change] : changes) {
    if (!change.value) continue;
    const std::optional<JsonView> target = JsonView::from_canonical(*change.value).find(Adjacency::kTarget);
    if (target && target->is_string()) written[target->string()].push_back(key);
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    std::vector<std::string>& keys = stored[i];
    std::erase_if(keys, [&](const std::string& key) { return changes.contains(key); });
    const std::string start = Adjacency::key_start(ids[i]);
    for (auto at = changes.lower_bound(start); at != changes.end() && at->first.starts_with(start); ++at) {
      if (at->second.value) keys.push_back(at->first);
    }
    if (const auto incoming = written.find(std::string(ids[i])); incoming != written.end()) {
      for (const std::string_view key : incoming->second) {
        if (!key.starts_with(start)) keys.emplace_back(key);
      }
    }
    std::ranges::sort(keys, {}, [&](const std::string& key) {
      return std::pair(!key.starts_with(start), std::string_view(key));
    });
  }
  return stored;
}

}  // namespace quipu::postgres
