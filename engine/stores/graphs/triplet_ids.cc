#include "engine/stores/graphs/triplet_ids.h"

#include <utility>
#include <vector>

#include "quipu/json.h"

namespace quipu {

Result<TripletIds> parse_triplet_key(std::string_view key) {
  std::vector<std::string> parts;
  const JsonView array = JsonView::from_canonical(key);
  if (array.is_array()) {
    for (const JsonView part : array.elements()) {
      if (part.is_string()) parts.push_back(part.string());
    }
  }
  if (parts.size() != 3) return Status::corruption("property graph: " + std::string(key) + " is no triplet");
  return TripletIds{std::move(parts[0]), std::move(parts[1]), std::move(parts[2])};
}

}  // namespace quipu
