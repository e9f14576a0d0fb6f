#include "engine/stores/element_lists.h"

#include <algorithm>
#include <set>

namespace quipu {
namespace {

constexpr std::string_view kTail = "]}";

}  // namespace

ElementLists::ElementLists(BaseKVStore& kvstore, std::string_view collection, std::string_view name)
    : kvstore_(kvstore),
      members_(kvstore.member_lists()),
      collection_(collection),
      name_(name),
      head_("{\"" + std::string(name) + "\": [") {}

Result<std::vector<std::string>> ElementLists::parse(JsonView stored, std::string_view name) {
  const std::optional<JsonView> array = stored.find(name);
  if (!array || !array->is_array()) {
    return Status::invalid_argument("a stored value has no array \"" + std::string(name) + "\"");
  }
  std::vector<std::string> elements;
  for (const JsonView element : array->elements()) elements.emplace_back(element.text());
  return elements;
}

Result<ElementLists::List*> ElementLists::load(std::string_view key) {
  if (const auto found = lists_.find(key); found != lists_.end()) return &found->second;
  List list;
  QUIPU_ASSIGN_OR_RETURN(const std::optional<MemberLists::Info> info, members_.list_info(collection_, key));
  if (info) {
    list.stored = list.native = true;
    list.count = info->count;
  } else {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> stored, kvstore_.get(key, collection_));
    if (stored) {
      QUIPU_ASSIGN_OR_RETURN(list.elements, parse(*stored, name_));
      list.stored = true;
      list.count = list.elements.size();
      list.distinct =
          std::set<std::string_view>(list.elements.begin(), list.elements.end()).size() == list.count;
    }
  }
  lists_.insert_or_assign(std::string(key), std::move(list));
  return &lists_.find(key)->second;
}

Result<bool> ElementLists::has(List& list, std::string_view key, std::string_view element) const {
  if (!list.native) return std::ranges::find(list.elements, element) != list.elements.end();
  if (const auto known = list.known.find(std::string(element)); known != list.known.end()) {
    return known->second;
  }
  return members_.has_member(collection_, key, element);
}

Result<bool> ElementLists::add(std::string_view key, std::string_view element) {
  QUIPU_ASSIGN_OR_RETURN(List* const list, load(key));
  QUIPU_ASSIGN_OR_RETURN(const bool there, has(*list, key, element));
  if (there) return false;
  ++list->count;
  list->changes.emplace_back(element, true);
  if (list->native) {
    list->known[std::string(element)] = true;
  } else {
    list->elements.emplace_back(element);
  }
  return true;
}

Result<bool> ElementLists::remove(std::string_view key, std::string_view element) {
  QUIPU_ASSIGN_OR_RETURN(List* const list, load(key));
  QUIPU_ASSIGN_OR_RETURN(const bool there, has(*list, key, element));
  if (!there) return false;
  --list->count;
  list->changes.emplace_back(element, false);
  if (list->native) {
    list->known[std::string(element)] = false;
  } else {
    list->elements.erase(std::ranges::find(list->elements, element));
  }
  return true;
}

void ElementLists::add_unseen(std::string_view key, std::string_view element, WriteBatch& batch) const {
  batch.ensure_list(collection_, key, head_, kTail);
  batch.add_member(collection_, key, element);
}

Status ElementLists::write(WriteBatch& batch) const {
  for (const auto& [key, list] : lists_) QUIPU_RETURN_IF_ERROR(write(key, list, batch));
  return Status::ok();
}

Status ElementLists::write(const std::string& key, const List& list, WriteBatch& batch) const {
  if (list.changes.empty()) return Status::ok();
  if (list.count == 0) {
    if (list.stored) batch.delete_(collection_, key);
    return Status::ok();
  }
  if (list.native) {
    for (const auto& [element, added] : list.changes) {
      if (added) {
        batch.add_member(collection_, key, element);
      } else {
        batch.remove_member(collection_, key, element);
      }
    }
    return Status::ok();
  }
  if (list.distinct) {
    batch.put_list(collection_, key, head_, kTail);
    for (const std::string& element : list.elements) batch.add_member(collection_, key, element);
    return Status::ok();
  }
  std::string text = head_;
  for (const std::string& element : list.elements) {
    if (text.size() > head_.size()) text += ", ";
    text += element;
  }
  text += kTail;
  batch.put(collection_, key, JsonView::from_canonical(text));
  return Status::ok();
}

}  // namespace quipu
