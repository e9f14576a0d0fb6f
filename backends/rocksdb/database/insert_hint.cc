#include "backends/rocksdb/database/insert_hint.h"

#include <string_view>

#include "backends/rocksdb/format/record.h"

namespace quipu::rocks {
namespace {

// All keys of the domain share one hint.
class InsertHint : public rocksdb::SliceTransform {
 public:
  using Domain = bool (*)(std::string_view key);
  InsertHint(const char* name, Domain domain) : name_(name), domain_(domain) {}

  const char* Name() const override { return name_; }
  rocksdb::Slice Transform(const rocksdb::Slice& key) const override { return {key.data(), 0}; }
  bool InDomain(const rocksdb::Slice& key) const override { return domain_(key.ToStringView()); }

 private:
  const char* const name_;
  const Domain domain_;
};

bool any(std::string_view /*key*/) { return true; }

bool behind_collection(std::string_view key) { return key.size() > sizeof(uint32_t); }

bool behind_list(std::string_view key) {
  uint32_t collection = 0;
  std::string_view list;
  return take_u32(key, collection) && take_bytes(key, list) && !key.empty();
}

}  // namespace

std::shared_ptr<const rocksdb::SliceTransform> hint_for_all_keys() {
  return std::make_shared<InsertHint>("quipu.HintForAllKeys", any);
}

std::shared_ptr<const rocksdb::SliceTransform> hint_behind_collection() {
  return std::make_shared<InsertHint>("quipu.HintBehindCollection", behind_collection);
}

std::shared_ptr<const rocksdb::SliceTransform> hint_behind_list() {
  return std::make_shared<InsertHint>("quipu.HintBehindList", behind_list);
}

}  // namespace quipu::rocks
