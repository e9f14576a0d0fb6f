// ListChange: what one batch does to one member list: the list before it, and its members now. The members
// are views of the batch.

#ifndef QUIPU_BACKENDS_ROCKSDB_WRITE_LIST_CHANGE_H_
#define QUIPU_BACKENDS_ROCKSDB_WRITE_LIST_CHANGE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backends/rocksdb/format/record.h"
#include "backends/rocksdb/read/read_view.h"

namespace quipu::rocks {

class ListChange {
 public:
  // A list of collection `collection`, under `key`; all must outlive this.
  ListChange(const ReadView& view, uint32_t collection, std::string_view key)
      : view_(view), collection_(collection), key_(key) {}

  // The list as it is stored; without it there is none yet.
  void loaded(const ListHeader& header);
  // A new list takes the place of whatever is there, with no members so far.
  void replace(std::string_view head, std::string_view tail);
  // The list goes, or becomes a plain value.
  void remove() { replace({}, {}); }
  Result<bool> has(std::string_view member) const;
  // REQUIRES: !has(member). `place` is the member's place among what this batch inserts.
  void add(std::string_view member, uint64_t place);
  // REQUIRES: has(member).
  void erase(std::string_view member);

  std::string record(uint64_t sequence) const { return make_list_record(sequence, {count_, head_, tail_}); }
  // The members' records; `base` is the sequence of the batch's first insertion, `ranges` whether the batch
  // may delete ranges.
  Status write_members(uint64_t base, rocksdb::WriteBatchBase& batch, bool ranges) const;

 private:
  Status remove_stored(rocksdb::WriteBatchBase& batch, bool ranges) const;

  const ReadView& view_;
  const uint32_t collection_;
  const std::string_view key_;
  uint64_t stored_count_ = 0;  // members in the database before this batch
  bool replaced_ = false;      // the stored ones do not count any more
  uint64_t count_ = 0;
  std::string head_;
  std::string tail_;
  std::unordered_map<std::string_view, bool> changed_;        // member -> is in the list
  std::vector<std::pair<std::string_view, uint64_t>> added_;  // with their places
};

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_WRITE_LIST_CHANGE_H_
