#include "quipu/write_batch.h"

#include <algorithm>
#include <cstring>

#include "quipu/backend/features.h"

namespace quipu {

void WriteBatch::add(const WriteOp& op) {
  ops_.push_back({op.kind, keep(op.collection), keep(op.key), keep(op.value), keep(op.tail)});
}

void WriteBatch::put(std::string_view collection, std::string_view key, JsonView val) {
  add({&WriteOp::kPut, collection, key, val.text()});
}

void WriteBatch::delete_(std::string_view collection, std::string_view key) {
  add({&WriteOp::kDelete, collection, key});
}

void WriteBatch::put_list(std::string_view collection, std::string_view key, std::string_view head,
                          std::string_view tail) {
  add({&MemberLists::kPutList, collection, key, head, tail});
}

void WriteBatch::ensure_list(std::string_view collection, std::string_view key, std::string_view head,
                             std::string_view tail) {
  add({&MemberLists::kEnsureList, collection, key, head, tail});
}

void WriteBatch::put_vector(std::string_view collection, std::string_view key,
                            std::span<const double> elements) {
  const std::string_view bytes(reinterpret_cast<const char*>(elements.data()), elements.size_bytes());
  add({&VectorValues::kPutVector, collection, key, bytes});
}

void WriteBatch::add_member(std::string_view collection, std::string_view key, std::string_view member) {
  add({&MemberLists::kAddMember, collection, key, member});
}

void WriteBatch::remove_member(std::string_view collection, std::string_view key, std::string_view member) {
  add({&MemberLists::kRemoveMember, collection, key, member});
}

void WriteBatch::put_composed(std::string_view collection, std::string_view key,
                              std::span<const std::string_view> texts) {
  add({&ComposedValues::kPutComposed, collection, key, ComposedValues::joined_texts(texts)});
}

void WriteBatch::put_part(std::string_view collection, std::string_view key, size_t slot,
                          std::string_view part, std::string_view text) {
  add({&ComposedValues::kPutPart, collection, key, ComposedValues::part_name(slot, part), text});
}

void WriteBatch::erase_part(std::string_view collection, std::string_view key, size_t slot,
                            std::string_view part) {
  add({&ComposedValues::kErasePart, collection, key, ComposedValues::part_name(slot, part)});
}

void WriteBatch::clear() {
  ops_.clear();
  blocks_.clear();
  free_ = nullptr;
  free_bytes_ = 0;
}

std::string_view WriteBatch::keep(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (bytes.size() > free_bytes_) {
    free_bytes_ = std::max(bytes.size(), kFirstBlockBytes << std::min<size_t>(2 * blocks_.size(), 6));
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(free_bytes_));
    free_ = blocks_.back().get();
  }
  std::memcpy(free_, bytes.data(), bytes.size());
  std::string_view kept(free_, bytes.size());
  free_ += bytes.size();
  free_bytes_ -= bytes.size();
  return kept;
}

}  // namespace quipu
