// Suspects: of rows that are written those that PostgreSQL refuses, or may refuse: its messages name no key.
//
//   suspects.look(collection, key, value);            // of each row, or once something was refused
//   return suspects.named(failure.status(place));
//
// Thread-safety: as a standard container.

#ifndef QUIPU_BACKENDS_POSTGRES_WRITE_SUSPECTS_H_
#define QUIPU_BACKENDS_POSTGRES_WRITE_SUSPECTS_H_

#include <string>
#include <string_view>

#include "quipu/status.h"

namespace quipu::postgres {

class Suspects {
 public:
  // Cost: a few searches for short texts, unless one of them is there.
  void look(std::string_view collection, std::string_view key, std::string_view value);

  // What was refused as kInvalidArgument, with the key that it is about; else the status as it is.
  Status named(const Status& refused) const;

 private:
  std::string number_;    // the first row with a number that no JSON has, which is refused for certain
  std::string long_key_;  // with a key that may not fit an index
  std::string escape_;    // with an escape that jsonb refuses
};

}  // namespace quipu::postgres

#endif  // QUIPU_BACKENDS_POSTGRES_WRITE_SUSPECTS_H_
