#include "engine/stores/indexes/struct_writer.h"

#include <algorithm>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>

#include "engine/layout/storage_layout.h"
#include "engine/stores/indexes/same_struct.h"
#include "engine/stores/indexes/struct_parts.h"
#include "quipu/persist_dir.h"

namespace quipu {
namespace {

using StoredPart = ComposedValues::Part;
using NewPart = StructParts::Part;

// The operations that make one slot of a stored struct what it is now.
class SlotDifference {
 public:
  struct Step {
    std::string key;
    std::string_view text;
    bool erase = false;
  };

  // `next`: the number of the next part that is added to the struct.
  SlotDifference(std::span<const StoredPart> stored, const StructParts::Field& now, bool sets,
                 uint64_t& next) {
    now.is_dict ? compare_dicts(stored, now.parts, sets) : compare_lists(stored, now.parts, next);
  }

  const std::vector<Step>& steps() const { return steps_; }
  // Whether there is more than sets in another order.
  bool is_real() const { return is_real_; }

 private:
  // Members keep their place as long as those that stay stand in the same order; what stands behind the first
  // that does not is put anew.
  void compare_dicts(std::span<const StoredPart> stored, const std::vector<NewPart>& now, bool sets) {
    std::unordered_set<std::string_view> wanted;
    if (stored.size() != now.size() || !equal_keys(stored, now)) {
      for (const NewPart& part : now) wanted.insert(part.key);
    }
    auto next = now.begin();
    auto part = stored.begin();
    for (; part != stored.end(); ++part) {
      if (!wanted.empty() && !wanted.contains(part->key)) {
        erase(part->key);
        continue;
      }
      if (next == now.end() || next->key != part->key) break;
      if (next->text != part->text) {
        is_real_ = is_real_ || !sets || !equal_sets(member_value(part->text), member_value(next->text));
        steps_.push_back({part->key, next->text});
      }
      ++next;
    }
    for (; part != stored.end(); ++part) erase(part->key);
    for (; next != now.end(); ++next) {
      is_real_ = true;
      steps_.push_back({std::string(next->key), next->text});
    }
  }

  // Elements that stay must stand in the same order.
  void compare_lists(std::span<const StoredPart> stored, const std::vector<NewPart>& now,
                     uint64_t& next_key) {
    auto next = now.begin();
    for (const StoredPart& part : stored) {
      if (next != now.end() && next->text == part.text) {
        ++next;
      } else {
        erase(part.key);
      }
    }
    for (; next != now.end(); ++next) {
      is_real_ = true;
      steps_.push_back({element_key(next_key++), next->text});
    }
  }

  void erase(const std::string& key) {
    is_real_ = true;
    steps_.push_back({key, {}, true});
  }

  static bool equal_keys(std::span<const StoredPart> stored, const std::vector<NewPart>& now) {
    return std::ranges::equal(stored, now, {}, &StoredPart::key, &NewPart::key);
  }

  std::vector<Step> steps_;
  bool is_real_ = false;
};

// The slots of a stored struct, from the parts of all of them, which are in order.
std::span<const StoredPart> take_slot(std::span<const StoredPart>& parts, size_t slot) {
  size_t end = 0;
  while (end < parts.size() && parts[end].slot == slot) ++end;
  const std::span<const StoredPart> taken = parts.first(end);
  parts = parts.subspan(end);
  return taken;
}

}  // namespace

Result<KeyLocks> StructWriter::lock(std::string_view id) const {
  LockSet key;
  key.add(collection_, id);
  return kvstore_.lock(key);
}

Status StructWriter::write(const KeyLocks& locks) const {
  WriteOptions options;
  options.held = &locks;
  return kvstore_.write(batch_, options);
}

Result<std::optional<uint64_t>> StructWriter::revision(std::string_view id) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Info> info, composed_.composed_info(collection_, id));
  return info ? std::optional(info->revision) : std::nullopt;
}

Result<std::optional<uint64_t>> StructWriter::add(const IndexStruct& index_struct) {
  const std::string& id = index_struct.index_id();
  std::optional<StructParts> now;
  if (kvstore_.capabilities().composed_values) now = StructParts::of(index_struct);
  QUIPU_ASSIGN_OR_RETURN(const KeyLocks locks, lock(id));
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Info> stored, composed_.composed_info(collection_, id));
  if (stored && now && std::ranges::equal(stored->texts, now->texts())) {
    QUIPU_ASSIGN_OR_RETURN(const bool differs, add_difference(index_struct, *now, *stored));
    if (!differs) return std::optional(stored->revision);
  } else {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> value, kvstore_.get(id, collection_));
    if (value && is_same_struct(*value, index_struct)) return revision(id);
    QUIPU_RETURN_IF_ERROR(add_whole(index_struct, now));
  }
  QUIPU_RETURN_IF_ERROR(write(locks));
  return revision(id);
}

// Into the batch; false where there is nothing to be written.
Result<bool> StructWriter::add_difference(const IndexStruct& index_struct, const StructParts& now,
                                          const Info& stored) {
  const std::string& id = index_struct.index_id();
  QUIPU_ASSIGN_OR_RETURN(const std::vector<StoredPart> parts, composed_.parts(collection_, id));
  std::span<const StoredPart> rest = parts;
  uint64_t next = stored.added;
  bool is_real = false;
  for (size_t slot = 0; slot < now.fields().size(); ++slot) {
    const StructParts::Field& field = now.fields()[slot];
    const SlotDifference difference(take_slot(rest, slot), field, has_sets(index_struct, field.name), next);
    is_real = is_real || difference.is_real();
    for (const SlotDifference::Step& step : difference.steps()) {
      if (step.erase) {
        batch_.erase_part(collection_, id, slot, step.key);
      } else {
        batch_.put_part(collection_, id, slot, step.key, step.text);
      }
    }
  }
  return is_real;
}

Status StructWriter::add_whole(const IndexStruct& index_struct, const std::optional<StructParts>& now) {
  const std::string& id = index_struct.index_id();
  QUIPU_RETURN_IF_ERROR(
      kvstore_.declare_collection(collection_, {std::string(INDEX_STORE_PERSIST_FNAME), ""}));
  if (!now) return batch_.put(collection_, id, index_struct.to_json()), Status::ok();
  batch_.put_composed(collection_, id, now->texts());
  uint64_t next = 0;
  for (size_t slot = 0; slot < now->fields().size(); ++slot) {
    const StructParts::Field& field = now->fields()[slot];
    for (const NewPart& part : field.parts) {
      if (field.is_dict) {
        batch_.put_part(collection_, id, slot, part.key, part.text);
      } else {
        batch_.put_part(collection_, id, slot, element_key(next++), part.text);
      }
    }
  }
  return Status::ok();
}

Result<std::optional<uint64_t>> StructWriter::update(std::string_view id, const IndexStructChange& change) {
  QUIPU_ASSIGN_OR_RETURN(const KeyLocks locks, lock(id));
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Info> stored, composed_.composed_info(collection_, id));
  if (!stored || stored->revision != change.revision()) return std::optional<uint64_t>();
  if (change.steps().empty()) return std::optional(stored->revision);
  std::string empty;  // the struct without any parts, which tells the fields
  for (const std::string& text : stored->texts) empty += text;
  QUIPU_ASSIGN_OR_RETURN(const IndexStruct fields_only, IndexStruct::from_json(Json::from_canonical(empty)));
  const std::optional<StructParts> known = StructParts::of(fields_only);
  if (!known) return std::optional<uint64_t>();
  uint64_t next = stored->added;
  for (const IndexStructChange::Step& step : change.steps()) {
    using Kind = IndexStructChange::Step::Kind;
    const auto field = std::ranges::find(known->fields(), step.field, &StructParts::Field::name);
    const bool fits = field != known->fields().end() && field->is_dict == (step.kind != Kind::kAppend);
    if (!fits) return std::optional<uint64_t>();
    const auto slot = static_cast<size_t>(field - known->fields().begin());
    if (step.kind == Kind::kErase) {
      batch_.erase_part(collection_, id, slot, step.key);
    } else if (step.kind == Kind::kPut) {
      batch_.put_part(collection_, id, slot, step.key, part_text("\"" + step.key + "\"", step.value));
    } else {
      batch_.put_part(collection_, id, slot, element_key(next++), part_text(step.value));
    }
  }
  QUIPU_RETURN_IF_ERROR(write(locks));
  return revision(id);
}

}  // namespace quipu
