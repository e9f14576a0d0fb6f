#include "backends/rocksdb/database/row_numbers.h"

#include <algorithm>

#include "backends/rocksdb/database/database.h"
#include "backends/rocksdb/format/status.h"

namespace quipu::rocks {
namespace {

// The limit is raised by so many, which is at most what each opening leaves out.
constexpr uint32_t kStep = 4096;
constexpr uint32_t kMaxRow = UINT32_MAX - 1;

}  // namespace

std::string RowNumbers::limit_key(uint32_t index) {
  std::string key;
  put_u32(index, key);
  return key += 'r';
}

Status RowNumbers::raise(uint32_t index, uint32_t count, Index& numbers) {
  rocksdb::ColumnFamilyHandle* const family = database_.text();
  if (!numbers.read) {
    std::string stored;
    QUIPU_ASSIGN_OR_RETURN(const bool found,
                           is_found(database_.db().Get({}, family, limit_key(index), &stored),
                                    "cannot read the rows of a text index"));
    std::string_view value = stored;
    uint64_t limit = 0;
    if (found && (!take_varint(value, limit) || limit > kMaxRow))
      return Status::corruption("text index: its number of rows is damaged");
    numbers.next = numbers.limit = static_cast<uint32_t>(limit);
    numbers.read = true;
  }
  if (count > kMaxRow - numbers.next) {
    return Status::invalid_argument(
        "text index: all row numbers are used up; drop it and make it anew (drop_text_index, index_text)");
  }
  if (numbers.next + count <= numbers.limit) return Status::ok();
  const uint32_t limit = numbers.next + count + std::min(kStep, kMaxRow - numbers.next - count);
  std::string value;
  put_varint(limit, value);
  rocksdb::WriteBatch batch;
  batch.Put(family, limit_key(index), value).PermitUncheckedError();
  QUIPU_RETURN_IF_ERROR(database_.write(batch, false));
  numbers.limit = limit;
  return Status::ok();
}

Result<std::shared_ptr<const RowNumbers::Taken>> RowNumbers::take(uint32_t index, uint32_t count) {
  const MutexLock lock(mutex_);
  Index& numbers = indexes_[index];
  if (!numbers.read || numbers.limit - numbers.next < count) {
    QUIPU_RETURN_IF_ERROR(raise(index, count, numbers));
  }
  const uint32_t first = numbers.next;
  numbers.next += count;
  numbers.taken.insert(first);
  return std::make_shared<const Taken>(*this, index, first);
}

void RowNumbers::give_back(const Taken& taken) {
  const MutexLock lock(mutex_);
  indexes_[taken.index_].taken.erase(taken.first);
}

uint32_t RowNumbers::settled(uint32_t index) const {
  const MutexLock lock(mutex_);
  const auto found = indexes_.find(index);
  if (found == indexes_.end() || !found->second.read) return 0;
  const Index& numbers = found->second;
  return numbers.taken.empty() ? numbers.next : *numbers.taken.begin();
}

}  // namespace quipu::rocks
