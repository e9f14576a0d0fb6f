#include "engine/vectors/hnsw/hnsw_index.h"

#include <algorithm>
#include <cstring>

#include "engine/vectors/codes/similarity.h"

namespace quipu {
namespace {

// A walk that has met so many points per result, and so many at least, is dearer than comparing those that
// pass a filter.
constexpr size_t kPatiencePerResult = 100;
constexpr size_t kPatience = 5000;
constexpr size_t kChangesWorthSaving = 1000;
constexpr size_t kRemovedWorthRebuilding = 100;

// The vector with length 1.
void normalise(std::span<const double> elements, double norm, float* to) {
  std::ranges::transform(elements, to, [norm](double element) { return static_cast<float>(element / norm); });
}

}  // namespace

int64_t& HnswIndex::state_of(uint32_t row) {
  if (row >= states_.size()) states_.resize(row + 1, kAbsent);
  return states_[row];
}

void HnswIndex::leave(uint32_t row) {
  int64_t& state = state_of(row);
  if (state == kPending) pending_.erase(row);
  if (state == kUnsuitable) --unsuitable_;
  if (state >= 0) {
    graph_->remove(static_cast<Point>(state));
    ++changes_;
  }
  state = kAbsent;
}

void HnswIndex::set(uint32_t row, std::span<const double> elements) {
  leave(row);
  const bool suits = is_regular(norm_of(elements)) && (!graph_ || graph_->dimensions() == elements.size());
  if (!suits) {
    state_of(row) = kUnsuitable;
    ++unsuitable_;
    return;
  }
  if (!graph_) graph_.emplace(elements.size(), options_);
  state_of(row) = kPending;
  pending_.insert(row);
}

void HnswIndex::erase(uint32_t row) { leave(row); }

void HnswIndex::clear() { *this = HnswIndex(options_); }

void HnswIndex::claim(uint32_t row, Point point) {
  state_of(row) = point;
  if (point >= rows_.size()) rows_.resize(point + 1);
  rows_[point] = row;
}

Status HnswIndex::insert(std::span<const uint32_t> rows, std::span<const std::vector<double>> vectors,
                         Work* work) {
  std::vector<Point> points;
  std::vector<float> normalised(rows.size() * graph_->dimensions());
  for (size_t i = 0; i < rows.size(); ++i) {
    points.push_back(static_cast<Point>(rows_.size() + i));
    normalise(vectors[i], norm_of(vectors[i]), normalised.data() + i * graph_->dimensions());
  }
  rows_.resize(rows_.size() + rows.size());  // the numbers are used up, even if some cannot be added
  QUIPU_RETURN_IF_ERROR(graph_->add(points, normalised, work));
  for (size_t i = 0; i < rows.size(); ++i) {
    pending_.erase(rows[i]);
    claim(rows[i], points[i]);
  }
  changes_ += rows.size();
  return Status::ok();
}

std::optional<std::vector<HnswIndex::Found>> HnswIndex::search(
    std::span<const double> query, size_t k, const std::function<bool(uint32_t)>* allowed) const {
  const double norm = norm_of(query);
  if (!graph_ || unsuitable_ != 0 || graph_->dimensions() != query.size() || !is_regular(norm)) {
    return std::nullopt;
  }
  std::vector<float> normalised(query.size());
  normalise(query, norm, normalised.data());
  const size_t ef = std::max(options_.ef, k);
  const std::function<bool(Point)> point_allowed = [&](Point point) { return (*allowed)(rows_[point]); };
  const size_t patience = allowed == nullptr ? SIZE_MAX : std::max(kPatience, ef * kPatiencePerResult);
  const auto near = graph_->search(normalised, ef, allowed == nullptr ? nullptr : &point_allowed, patience);
  if (!near) return std::nullopt;
  std::vector<Found> found;
  for (size_t i = 0; i < std::min(k, near->size()); ++i) {
    found.push_back({rows_[(*near)[i].point], static_cast<double>((*near)[i].similarity)});
  }
  return found;
}

Status HnswIndex::load(const std::string& path) {
  Result<HnswGraph> graph = HnswGraph::load(
      path, [&](Point point, std::string_view id) { unclaimed_.emplace(std::string(id), point); });
  if (graph &&
      (graph->options().M != options_.M || graph->options().ef_construction != options_.ef_construction)) {
    graph = Status::invalid_argument(path + " was made with other options");
  }
  if (!graph) {
    unclaimed_.clear();
    return graph.error();
  }
  graph_ = *std::move(graph);
  for (const auto& [id, point] : unclaimed_) rows_.resize(std::max<size_t>(rows_.size(), point + 1));
  return Status::ok();
}

void HnswIndex::adopt(uint32_t row, std::string_view id, std::span<const double> elements) {
  const auto saved = unclaimed_.find(std::string(id));
  const double norm = norm_of(elements);
  if (saved != unclaimed_.end() && graph_->dimensions() == elements.size() && is_regular(norm)) {
    std::vector<float> normalised(elements.size());
    normalise(elements, norm, normalised.data());
    if (std::memcmp(normalised.data(), graph_->vector_of(saved->second), normalised.size() * sizeof(float)) ==
        0) {
      claim(row, saved->second);
      unclaimed_.erase(saved);
      return;
    }
  }
  set(row, elements);
}

void HnswIndex::finish_adoption() {
  for (const auto& [id, point] : unclaimed_) {
    graph_->remove(point);
    ++changes_;
  }
  unclaimed_.clear();
}

bool HnswIndex::wants_saving() const {
  return graph_ && changes_ > std::max(kChangesWorthSaving, graph_->size() / 10);
}

Status HnswIndex::save(const std::string& path, const std::function<std::string_view(uint32_t row)>& id_of,
                       Work* work) {
  if (!graph_) return Status::ok();
  QUIPU_RETURN_IF_ERROR(graph_->save(
      path, [&](Point point) { return id_of(rows_[point]); }, work));
  changes_ = 0;
  return Status::ok();
}

bool HnswIndex::needs_rebuild() const {
  return graph_ && graph_->removed() > std::max(kRemovedWorthRebuilding, graph_->size() / 2);
}

void HnswIndex::reset() {
  for (uint32_t row = 0; row < states_.size(); ++row) {
    if (states_[row] < 0) continue;
    states_[row] = kPending;
    pending_.insert(row);
  }
  rows_.clear();
  changes_ += graph_->size();
  graph_.emplace(graph_->dimensions(), options_);
}

}  // namespace quipu
