// Files of approximate search with a right checksum, so that what is behind it is met.

#include <algorithm>

#include "engine/base/sha256.h"
#include "engine/vectors/hnsw/hnsw_graph.h"
#include "quipu/file_system.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {

void fuzz_one(std::string_view input) {
  static const TempDir directory;
  const std::string path = directory / "graph.hnsw";
  const std::string text = std::string(input) + sha256_hex(input);
  {
    const auto file = local_file_system().create(path);
    require(file.has_value() && (*file)->append(text).is_ok() && (*file)->commit().is_ok(),
            "a file can be written");
  }
  std::vector<HnswGraph::Point> points;
  Result<HnswGraph> graph =
      HnswGraph::load(path, [&](HnswGraph::Point point, std::string_view) { points.push_back(point); });
  if (!graph) return;
  const std::vector<float> query(graph->dimensions(), 0.5F);
  const auto found = graph->search(query, 10, nullptr, 1000);
  if (found) require(found->size() <= graph->size(), "no more is found than there is");
  for (const HnswGraph::Point point : points)
    require(graph->vector_of(point) != nullptr, "points have vectors");
  const HnswGraph::Point another = points.empty() ? 0 : *std::ranges::max_element(points) + 1;
  if (another == 0 && !points.empty()) return;  // there is no larger number
  std::vector<float> vector(graph->dimensions());
  if (!vector.empty()) vector.front() = 1;
  if (graph->add({&another, 1}, vector).is_ok()) {
    require(graph->search(vector, 10, nullptr, SIZE_MAX).has_value(), "what has grown can be searched");
  }
}

}  // namespace quipu::testing
