// UnfitEntries: what of a migration's source its target cannot hold, which is refused before anything is
// written.
//
// Thread-safety: as a standard container.

#ifndef QUIPU_ENGINE_MIGRATE_UNFIT_ENTRIES_H_
#define QUIPU_ENGINE_MIGRATE_UNFIT_ENTRIES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "quipu/kv_store.h"
#include "quipu/status.h"

namespace quipu {

class UnfitEntries {
 public:
  // A target that holds everything, unless its capabilities say otherwise.
  explicit UnfitEntries(const KVCapabilities& target = {})
      : text_keys_(target.text_keys), finite_numbers_(target.finite_numbers) {}

  void look(std::string_view collection, std::string_view key, JsonView value);

  // kInvalidArgument naming the first of them, and how many there are.
  Status status() const;

 private:
  const bool text_keys_;
  const bool finite_numbers_;
  uint64_t count_ = 0;
  std::string names_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_MIGRATE_UNFIT_ENTRIES_H_
