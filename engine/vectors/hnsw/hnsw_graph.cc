#include "engine/vectors/hnsw/hnsw_graph.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <thread>

#include "engine/base/threads.h"
#include "engine/vectors/hnsw/hnsw_graph_impl.h"

namespace quipu {
namespace {

constexpr size_t kFirstCapacity = 1024;
// Fewer points are not worth a thread.
constexpr size_t kPointsPerThread = 64;

using Candidate = std::pair<float, hnswlib::tableint>;  // similarity, internal id

// Marks of the points that a walk has met.
class Visited {
 public:
  explicit Visited(hnswlib::VisitedListPool& pool) : pool_(pool), list_(pool.getFreeVisitedList()) {}
  ~Visited() { pool_.releaseVisitedList(list_); }
  Visited(const Visited&) = delete;
  Visited& operator=(const Visited&) = delete;
  // True for the first time.
  bool visit(hnswlib::tableint id) { return std::exchange(list_->mass[id], list_->curV) != list_->curV; }
  void prefetch(hnswlib::tableint id) const { __builtin_prefetch(list_->mass + id); }

 private:
  hnswlib::VisitedListPool& pool_;
  hnswlib::VisitedList* const list_;
};

// The vector is read soon. The processor fetches by itself what comes behind its first lines.
void prefetch(const Hnsw& hnsw, hnswlib::tableint id) {
  constexpr size_t kLine = 64;
  constexpr size_t kLines = 8;
  const char* const vector = hnsw.getDataByInternalId(id);
  for (size_t line = 0; line < std::min(kLines, hnsw.data_size_ / kLine); ++line) {
    __builtin_prefetch(vector + line * kLine);
  }
}

// From the top of the graph to the nearest point of its second lowest layer.
Candidate descend(const Hnsw& hnsw, const CosineSpace& space, const float* query) {
  Candidate best = {space.dot(query, hnsw.getDataByInternalId(hnsw.enterpoint_node_)), hnsw.enterpoint_node_};
  for (int level = hnsw.maxlevel_; level > 0; --level) {
    for (bool nearer = true; nearer;) {
      nearer = false;
      hnswlib::linklistsizeint* const list = hnsw.get_linklist(best.second, level);
      const size_t count = hnsw.getListCount(list);
      for (size_t i = 1; i <= count; ++i) {
        const float similarity = space.dot(query, hnsw.getDataByInternalId(list[i]));
        if (similarity <= best.first) continue;
        best = {similarity, list[i]};
        nearer = true;
      }
    }
  }
  return best;
}

}  // namespace

// A walk reads vectors from everywhere, and each page of 4 KiB would cost a look-up of its address.
void use_large_pages(Hnsw& hnsw) {
  constexpr size_t kPage = 2 << 20;
  const size_t bytes = (hnsw.max_elements_ * hnsw.size_data_per_element_ + kPage - 1) / kPage * kPage;
  void* const block = std::aligned_alloc(kPage, bytes);
  if (block == nullptr) return;
  (void)::madvise(block, bytes, MADV_HUGEPAGE);  // a kernel without them does what it did before
  std::memcpy(block, hnsw.data_level0_memory_, hnsw.cur_element_count * hnsw.size_data_per_element_);
  std::free(hnsw.data_level0_memory_);
  hnsw.data_level0_memory_ = static_cast<char*>(block);
}

HnswGraph::HnswGraph(size_t dimensions, const HnswOptions& options)
    : impl_(std::make_unique<Impl>(dimensions, options, kFirstCapacity)) {}
HnswGraph::HnswGraph(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HnswGraph::~HnswGraph() = default;
HnswGraph::HnswGraph(HnswGraph&&) noexcept = default;
HnswGraph& HnswGraph::operator=(HnswGraph&&) noexcept = default;

size_t HnswGraph::dimensions() const { return impl_->space.dimensions(); }
size_t HnswGraph::size() const { return impl_->hnsw->cur_element_count; }
size_t HnswGraph::removed() const { return impl_->hnsw->num_deleted_; }
size_t HnswGraph::memory_bytes() const {
  constexpr size_t kOfAPoint = 64;  // places, and the layers above the lowest
  return impl_->hnsw->max_elements_ * (impl_->hnsw->size_data_per_element_ + kOfAPoint);
}
const HnswOptions& HnswGraph::options() const { return impl_->options; }

Status HnswGraph::add(std::span<const Point> points, std::span<const float> vectors, Work* work) try {
  Hnsw& hnsw = *impl_->hnsw;
  const size_t needed = size() + points.size();
  if (needed > hnsw.max_elements_) {
    hnsw.resizeIndex(std::max(needed, hnsw.max_elements_ * 3 / 2));
    use_large_pages(hnsw);
  }
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  const auto add_some = [&] {
    try {
      for (size_t i = next++; i < points.size() && !failed; i = next++) {
        if (work != nullptr && work->cancelled()) return;
        hnsw.addPoint(vectors.data() + i * dimensions(), points[i]);
        if (work != nullptr) work->add(dimensions() * sizeof(float));
      }
    } catch (const std::exception&) {
      failed = true;
    }
  };
  const size_t threads = std::clamp<size_t>(points.size() / kPointsPerThread, 1,
                                            std::max(1U, std::thread::hardware_concurrency()));
  run_on_threads(threads, add_some);
  if (failed) return Status::invalid_argument("hnsw: memory does not suffice for another point");
  return work != nullptr ? work->check() : Status::ok();
} catch (const std::exception& error) {
  return Status::invalid_argument(std::string("hnsw: ") + error.what());
}

void HnswGraph::remove(Point point) {
  const auto found = impl_->hnsw->label_lookup_.find(point);
  if (found == impl_->hnsw->label_lookup_.end() || impl_->hnsw->isMarkedDeleted(found->second)) return;
  impl_->hnsw->markDeletedInternal(found->second);
}

const float* HnswGraph::vector_of(Point point) const {
  const auto found = impl_->hnsw->label_lookup_.find(point);
  if (found == impl_->hnsw->label_lookup_.end()) return nullptr;
  return reinterpret_cast<const float*>(impl_->hnsw->getDataByInternalId(found->second));
}

std::optional<std::vector<HnswGraph::Found>> HnswGraph::search(std::span<const float> query, size_t ef,
                                                               const std::function<bool(Point)>* allowed,
                                                               size_t patience) const {
  const Hnsw& hnsw = *impl_->hnsw;
  const CosineSpace& space = impl_->space;
  std::vector<Found> found;
  if (size() == 0 || ef == 0) return found;
  const auto counts = [&](hnswlib::tableint id) {
    return !hnsw.isMarkedDeleted(id) &&
           (allowed == nullptr || (*allowed)(static_cast<Point>(hnsw.getExternalLabel(id))));
  };
  const auto farther = [](const Candidate& a, const Candidate& b) { return a.first > b.first; };
  std::vector<Candidate> ways;  // a heap, the nearest on top
  std::vector<Candidate> best;  // a heap of at most ef that count, the farthest on top
  best.reserve(ef + 1);
  std::vector<hnswlib::tableint> fresh;  // neighbours that the walk meets for the first time
  Visited visited(*hnsw.visited_list_pool_);
  const Candidate start = descend(hnsw, space, query.data());
  visited.visit(start.second);
  ways.push_back(start);
  if (counts(start.second)) best.push_back(start);
  size_t met = 1;
  while (!ways.empty()) {
    std::pop_heap(ways.begin(), ways.end());
    const Candidate way = ways.back();
    ways.pop_back();
    if (best.size() == ef && way.first < best.front().first) break;
    const hnswlib::linklistsizeint* const list = hnsw.get_linklist0(way.second);
    const size_t count = hnsw.getListCount(const_cast<hnswlib::linklistsizeint*>(list));
    for (size_t i = 1; i <= count; ++i) visited.prefetch(list[i]);
    fresh.clear();
    for (size_t i = 1; i <= count; ++i) {
      if (visited.visit(list[i])) fresh.push_back(list[i]);
    }
    met += fresh.size();
    if (met > patience) return std::nullopt;
    if (!fresh.empty()) prefetch(hnsw, fresh.front());
    for (size_t i = 0; i < fresh.size(); ++i) {
      const hnswlib::tableint id = fresh[i];
      if (i + 1 < fresh.size()) prefetch(hnsw, fresh[i + 1]);
      const float similarity = space.dot(query.data(), hnsw.getDataByInternalId(id));
      if (best.size() == ef && similarity <= best.front().first) continue;
      ways.emplace_back(similarity, id);
      std::push_heap(ways.begin(), ways.end());
      if (!counts(id)) continue;
      best.emplace_back(similarity, id);
      std::push_heap(best.begin(), best.end(), farther);
      if (best.size() > ef) {
        std::pop_heap(best.begin(), best.end(), farther);
        best.pop_back();
      }
    }
  }
  std::sort_heap(best.begin(), best.end(), farther);
  found.reserve(best.size());
  for (const auto& [similarity, id] : best) {
    found.push_back({similarity, static_cast<Point>(hnsw.getExternalLabel(id))});
  }
  return found;
}

}  // namespace quipu
