#include "engine/stores/documents/listed_ref_doc.h"

namespace quipu {
namespace {

constexpr std::string_view kHead = "{\"node_ids\": [";
constexpr std::string_view kTail = "], \"metadata\": ";

// The metadata in a list's tail.
JsonView metadata_of(const MemberLists::Info& info) {
  std::string_view tail = info.tail;
  if (info.head != kHead || !tail.starts_with(kTail) || !tail.ends_with('}')) {
    return JsonView::from_canonical("{}");
  }
  tail.remove_prefix(kTail.size());
  tail.remove_suffix(1);
  return JsonView::from_canonical(tail);
}

}  // namespace

std::string_view ref_doc_list_head() { return kHead; }

std::string ref_doc_list_tail(std::string_view metadata) {
  return std::string(kTail) + std::string(metadata) + "}";
}

ListedRefDoc::ListedRefDoc(const MemberLists& lists, std::string_view collection, std::string ref_doc_id,
                           const MemberLists::Info& info)
    : lists_(lists),
      collection_(collection),
      id_(std::move(ref_doc_id)),
      count_(info.count),
      metadata_(metadata_of(info)) {}

void ListedRefDoc::add(std::string_view node_id, JsonView metadata) {
  metadata_.merge(metadata);
  append_json_string(node_id, added_.emplace_back());  // the store leaves a member that is there where it is
}

Result<bool> ListedRefDoc::remove(std::string_view node_id) {
  std::string member;
  append_json_string(node_id, member);
  if (!removed_.contains(member)) {
    QUIPU_ASSIGN_OR_RETURN(const bool listed, lists_.has_member(collection_, id_, member));
    if (listed) {
      removed_.insert(std::move(member));
      --count_;
    }
  }
  return count_ == 0;
}

void ListedRefDoc::erase() { erased_ = true; }

Status ListedRefDoc::write(WriteBatch& batch) const {
  if (erased_) {
    batch.delete_(collection_, id_);
    return Status::ok();
  }
  if (metadata_.changed()) QUIPU_RETURN_IF_ERROR(rewrite(batch));
  for (const std::string& member : added_) batch.add_member(collection_, id_, member);
  for (const std::string& member : removed_) batch.remove_member(collection_, id_, member);
  return Status::ok();
}

// Metadata stands beside the members and changes once at most, from empty to not empty.
Status ListedRefDoc::rewrite(WriteBatch& batch) const {
  QUIPU_ASSIGN_OR_RETURN(std::vector<std::string> members, lists_.members(collection_, id_));
  batch.put_list(collection_, id_, kHead, ref_doc_list_tail(metadata_.text()));
  for (const std::string& member : members) batch.add_member(collection_, id_, member);
  return Status::ok();
}

}  // namespace quipu
