// IdTable: finds rows by their ids, which the rows' owner keeps. Cost: 11 to 21 bytes an id; none comes back
// from ids that are removed.
//
// `id_of`, everywhere: the id of a row that is in the table. Thread-safety: as a standard container.

#ifndef QUIPU_ENGINE_VECTORS_ID_TABLE_H_
#define QUIPU_ENGINE_VECTORS_ID_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

class IdTable {
 public:
  size_t size() const { return size_; }
  size_t memory_bytes() const { return places_.capacity() * sizeof(Place); }
  void clear() {
    places_ = {};
    size_ = 0;
  }

  template <class IdOf>
  std::optional<uint32_t> find(std::string_view id, const IdOf& id_of) const {
    if (size_ == 0) return std::nullopt;
    const uint32_t hash = hash_of(id);
    for (size_t at = hash & mask(); places_[at].row != kNone; at = (at + 1) & mask()) {
      if (places_[at].hash == hash && id_of(places_[at].row) == id) return places_[at].row;
    }
    return std::nullopt;
  }

  // REQUIRES: the id is not there.
  void add(std::string_view id, uint32_t row) {
    if (4 * (size_ + 1) > 3 * places_.size()) grow();
    insert({row, hash_of(id)});
    ++size_;
  }

  // REQUIRES: the row is there, under this id. Those behind it move up, so that no place is lost.
  void remove(std::string_view id, uint32_t row) {
    size_t gap = hash_of(id) & mask();
    while (places_[gap].row != row) gap = (gap + 1) & mask();
    for (size_t at = (gap + 1) & mask(); places_[at].row != kNone; at = (at + 1) & mask()) {
      const size_t wanted = places_[at].hash & mask();
      if (((at - wanted) & mask()) < ((at - gap) & mask())) continue;  // it would stand before its place
      places_[gap] = places_[at];
      gap = at;
    }
    places_[gap] = {};
    --size_;
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Place {
    uint32_t row = kNone;
    uint32_t hash = 0;
  };

  static uint32_t hash_of(std::string_view id) {
    return static_cast<uint32_t>(std::hash<std::string_view>()(id));
  }
  size_t mask() const { return places_.size() - 1; }
  void insert(const Place& place) {
    size_t at = place.hash & mask();
    while (places_[at].row != kNone) at = (at + 1) & mask();
    places_[at] = place;
  }
  void grow() {
    std::vector<Place> before(places_.empty() ? 16 : 2 * places_.size());
    std::swap(before, places_);
    for (const Place& place : before) {
      if (place.row != kNone) insert(place);
    }
  }

  std::vector<Place> places_;  // a power of two, a quarter of which is free
  size_t size_ = 0;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_VECTORS_ID_TABLE_H_
