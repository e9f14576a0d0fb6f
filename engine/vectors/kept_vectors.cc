#include "engine/vectors/kept_vectors.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace quipu {
namespace {

constexpr uint64_t kMostBytes = uint64_t{8} << 20;
constexpr size_t kBytesOfEntry = 128;  // beside id and elements, about

}  // namespace

void KeptVectors::fit(size_t vectors, size_t dimensions, uint64_t room) {
  const uint64_t bytes = uint64_t{vectors} * (kBytesOfEntry + dimensions * sizeof(double));
  keeps_ = vectors != 0 && bytes <= std::min(kMostBytes, room);
  if (!keeps_ && !vectors_.empty()) clear();
}

void KeptVectors::forget(std::string_view id) {
  const auto found = vectors_.find(id);
  if (found == vectors_.end()) return;
  bytes_ -= kBytesOfEntry + found->first.size() + found->second.size() * sizeof(double);
  vectors_.erase(found);
}

void KeptVectors::clear() {
  vectors_.clear();
  bytes_ = 0;
}

size_t KeptVectors::memory_bytes() const {
  const std::shared_lock lock(mutex_);
  return bytes_;
}

bool KeptVectors::use_kept(std::span<const std::string_view> ids,
                           const std::function<void(size_t i, std::span<const double>)>& use) const {
  const std::shared_lock lock(mutex_);
  std::vector<std::span<const double>> found;
  found.reserve(ids.size());
  for (const std::string_view id : ids) {
    const auto place = vectors_.find(id);
    if (place == vectors_.end()) return false;
    found.emplace_back(place->second);
  }
  for (size_t i = 0; i < found.size(); ++i) use(i, found[i]);
  return true;
}

Status KeptVectors::fetch(std::span<const std::string_view> ids,
                          const std::function<void(size_t i, std::span<const double>)>& use,
                          const VectorIndex::Fetch& fetch) {
  if (!keeps_) return fetch(ids, use);
  if (use_kept(ids, use)) return Status::ok();
  std::vector<std::pair<size_t, std::vector<double>>> fetched;
  QUIPU_RETURN_IF_ERROR(fetch(ids, [&](size_t i, std::span<const double> elements) {
    fetched.emplace_back(i, std::vector<double>(elements.begin(), elements.end()));
    use(i, elements);
  }));
  const std::unique_lock lock(mutex_);
  for (auto& [i, elements] : fetched) {
    const size_t bytes = kBytesOfEntry + ids[i].size() + elements.size() * sizeof(double);
    if (vectors_.try_emplace(std::string(ids[i]), std::move(elements)).second) bytes_ += bytes;
  }
  return Status::ok();
}

}  // namespace quipu
