#include "engine/stores/partitions/compared_vectors.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace quipu {
namespace {

constexpr size_t kBytesOfEntry = 120;  // beside the elements, about
constexpr size_t kLine = 64;

void prefetch(const void* from, size_t bytes) {
  for (size_t at = 0; at < bytes; at += kLine) __builtin_prefetch(static_cast<const char*>(from) + at);
}

}  // namespace

size_t ComparedVectors::Vector::memory_bytes() const {
  return kBytesOfEntry + size * (floats ? sizeof(float) : sizeof(double));
}

std::vector<size_t> ComparedVectors::use_those_there(std::span<const uint64_t> orders, const Use& use) const {
  std::vector<size_t> absent;
  std::vector<std::pair<size_t, const Vector*>> there;
  there.reserve(orders.size());
  std::vector<double> elements;
  const std::shared_lock lock(mutex_);
  for (size_t i = 0; i < orders.size(); ++i) {
    const auto found = places_.find(orders[i]);
    if (found == places_.end()) {
      absent.push_back(i);
      continue;
    }
    const Vector* const vector = vectors_[found->second].get();
    there.emplace_back(i, vector);
    if (vector->floats) prefetch(vector->floats.get(), vector->size * sizeof(float));
  }
  for (const auto& [i, vector] : there) {
    vector->is_used.store(true, std::memory_order_relaxed);
    if (vector->doubles) {
      use(i, {vector->doubles.get(), vector->size});
      continue;
    }
    elements.resize(vector->size);
    std::copy_n(vector->floats.get(), vector->size, elements.data());
    use(i, elements);
  }
  return absent;
}

void ComparedVectors::put(uint64_t order, std::span<const double> elements) {
  auto vector = std::make_unique<Vector>();
  vector->order = order;
  vector->size = elements.size();
  const auto is_float = [](double each) { return double{static_cast<float>(each)} == each; };
  if (std::ranges::all_of(elements, is_float)) {
    vector->floats = std::make_unique_for_overwrite<float[]>(elements.size());
    for (size_t i = 0; i < elements.size(); ++i) vector->floats[i] = static_cast<float>(elements[i]);
  } else {
    vector->doubles = std::make_unique_for_overwrite<double[]>(elements.size());
    std::ranges::copy(elements, vector->doubles.get());
  }
  const size_t bytes = vector->memory_bytes();
  const std::unique_lock lock(mutex_);
  if (bytes > bytes_ || places_.contains(order)) return;
  while (used_bytes_ + bytes > bytes_) drop_at_hand();
  used_bytes_ += bytes;
  places_.emplace(order, vectors_.size());
  vectors_.push_back(std::move(vector));
}

void ComparedVectors::drop_at_hand() {
  if (hand_ >= vectors_.size()) hand_ = 0;
  if (vectors_[hand_]->is_used.exchange(false, std::memory_order_relaxed)) {
    ++hand_;
  } else {
    drop(hand_);
  }
}

void ComparedVectors::drop(size_t place) {
  used_bytes_ -= vectors_[place]->memory_bytes();
  places_.erase(vectors_[place]->order);
  std::swap(vectors_[place], vectors_.back());
  vectors_.pop_back();
  if (place < vectors_.size()) places_[vectors_[place]->order] = place;
}

void ComparedVectors::forget(uint64_t order) {
  const std::unique_lock lock(mutex_);
  const auto found = places_.find(order);
  if (found != places_.end()) drop(found->second);
}

void ComparedVectors::clear() {
  const std::unique_lock lock(mutex_);
  vectors_.clear();
  places_.clear();
  hand_ = used_bytes_ = 0;
}

size_t ComparedVectors::memory_bytes() const {
  const std::shared_lock lock(mutex_);
  return used_bytes_;
}

}  // namespace quipu
