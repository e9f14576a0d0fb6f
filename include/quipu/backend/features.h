// Features: what a store above may ask of any backend so that it need not rewrite or load what it has not
// changed. Each has a default over get() and scan(), which is right and slow (BaseKVStore::member_lists() and
// the others say how slow); a backend overrides those that it keeps itself.
//
// Readers see ordinary values whatever the feature: get() and scan() return JSON objects. What a feature
// changes goes into a WriteBatch with the kinds of operations beside it.
//
// Thread-safety, lifetime: as the store that they belong to.

#ifndef QUIPU_BACKEND_FEATURES_H_
#define QUIPU_BACKEND_FEATURES_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/backend/vector_codes.h"
#include "quipu/json.h"
#include "quipu/kv_store.h"
#include "quipu/status.h"
#include "quipu/write_batch.h"

namespace quipu {

// MemberLists: an object that holds one long array of distinct elements, each under a key of its own, so that
// adding or removing one costs O(1). A member is an element's canonical JSON text. get() returns
//     head + m1 + ", " + m2 + ", " + ... + tail
// with the members in the order in which they were added. put() or delete_() of the key replaces the list.
// Default: the whole object is one value, rewritten by each batch that changes it; list_info() knows no list,
// and a batch may add members only to a list that it puts itself.
class MemberLists {
 public:
  virtual ~MemberLists() = default;

  // value, tail: an empty list with this text before and after its members.
  static constexpr WriteOp::Kind kPutList{"put_list", true, true};
  // The same where the key is absent; a list that is there stays as it is. kInvalidArgument where the key
  // holds a plain value, and by default.
  static constexpr WriteOp::Kind kEnsureList{"ensure_list", true, true};
  // value: the member. kInvalidArgument where the key holds no list.
  static constexpr WriteOp::Kind kAddMember{"add_member", false, true};
  static constexpr WriteOp::Kind kRemoveMember{"remove_member", false, false};

  struct Info {
    uint64_t count = 0;  // members
    std::string head;    // canonical JSON text before the members
    std::string tail;    // and after them
  };

  // Nothing when the key is absent or holds a plain value.
  virtual Result<std::optional<Info>> list_info(std::string_view collection, std::string_view key) const = 0;
  // O(1). False where there is no such list.
  virtual Result<bool> has_member(std::string_view collection, std::string_view key,
                                  std::string_view member) const = 0;
  // In the order in which they were added.
  virtual Result<std::vector<std::string>> members(std::string_view collection,
                                                   std::string_view key) const = 0;
};

// ComposedValues: an object whose long arrays and dicts are kept part by part, each part under a key of its
// own, so that changing one costs O(1). It is texts with slots between them, and get() returns
//     texts[0] + slot 0 + texts[1] + slot 1 + ... + texts[n]
// where a slot is the texts of its parts, joined by ", ", in the order in which their keys came, as in a
// dict: a part that is put over another takes its place. put() or delete_() of the key replaces it all.
// Default: the whole object is one value, rewritten by each batch that changes it; composed_info() knows no
// composed value, and a batch may change the parts only of one that it puts itself.
class ComposedValues {
 public:
  virtual ~ComposedValues() = default;

  // value: joined_texts(). Its slots are empty.
  static constexpr WriteOp::Kind kPutComposed{"put_composed", true, true};
  // value: part_name(), tail: the text. kInvalidArgument where the key holds no composed value.
  static constexpr WriteOp::Kind kPutPart{"put_part", false, true};
  // value: part_name().
  static constexpr WriteOp::Kind kErasePart{"erase_part", false, false};

  // The texts of a value with one slot less than texts, as an operation has them.
  static std::string joined_texts(std::span<const std::string_view> texts);
  static std::vector<std::string_view> split_texts(std::string_view joined);
  // A part's slot and key as an operation has them.
  static std::string part_name(size_t slot, std::string_view key);
  // The slot; what is left of `name` is the key.
  static size_t take_slot(std::string_view& name);

  struct Info {
    uint64_t revision = 0;  // another one, never seen before in this store, after each change
    uint64_t added = 0;     // parts that it has had so far: whoever needs a new key may count on from it
    std::vector<std::string> texts;
  };
  struct Part {
    size_t slot = 0;
    std::string key;
    std::string text;
  };

  // O(1). Nothing when the key is absent or holds a plain value.
  virtual Result<std::optional<Info>> composed_info(std::string_view collection,
                                                    std::string_view key) const = 0;
  // All of them, slot by slot, each in its order.
  virtual Result<std::vector<Part>> parts(std::string_view collection, std::string_view key) const = 0;
};

// FieldIndex: finds the keys whose objects have a given string as a top-level member. A collection may have
// one field indexed (CollectionOptions::indexed_field); every write keeps the index, in the same atomic
// batch. Where no index covers what is asked for, the collection is read: O(collection). Default: always so.
class FieldIndex {
 public:
  virtual ~FieldIndex() = default;

  // Builds the index of an existing collection that was made without one; O(collection), and writers wait.
  // Cheap when there is nothing to do. Does nothing where there is no collection, and by default. Errors:
  // kInvalidArgument where another field is indexed, kNotSupported where the store is read_only.
  virtual Status ensure_index(std::string_view collection, std::string_view field) = 0;
  // The keys whose `field` is `value`, in byte order.
  virtual Result<std::vector<std::string>> keys_with_value(std::string_view collection,
                                                           std::string_view field,
                                                           std::string_view value) const = 0;
  // For each value, whether any key has it. O(values) with an index.
  virtual Result<std::vector<bool>> values_exist(std::string_view collection, std::string_view field,
                                                 std::span<const std::string_view> values) const = 0;
};

// Adjacency: finds the relations of many nodes at once. It is over a collection whose keys are JSON arrays of
// three strings, [source, label, target], and whose objects have the target as a member, too. Default: for
// each node a scan by the beginning of the key and a look-up in the FieldIndex.
class Adjacency {
 public:
  virtual ~Adjacency() = default;

  static constexpr std::string_view kTarget = "target";
  // What the keys begin with of all relations that lead from this node, and of no others.
  static std::string key_start(std::string_view source);

  // Gets the keys of the relations at either end of which ids[i] is: those that lead from it, by key, then
  // those that lead to it from others, by key. False: no more of them are wanted.
  using Use = std::function<Result<bool>(size_t i, std::vector<std::string> keys)>;
  // Calls `use` for each of `ids` in turn. Of the keys of each no more than the first `at_most` are wanted;
  // 0: all of them. Errors of `use` end it.
  virtual Status for_each_node(std::string_view collection, std::span<const std::string_view> ids,
                               uint64_t at_most, const Use& use) const = 0;
};

// What the lookups of a FieldIndex come to without an index; `all` goes through the collection by key.
Result<std::vector<std::string>> scan_keys_with_value(KVIterator& all, std::string_view field,
                                                      std::string_view value);
Result<std::vector<bool>> scan_values_exist(KVIterator& all, std::string_view field,
                                            std::span<const std::string_view> values);

// {"embedding": [0.1, ...]}.
Json vector_value(std::span<const double> elements);
// The elements of such a value; false when it is none.
bool parse_vector_value(JsonView value, std::vector<double>& elements);

struct VectorEntry {
  std::string_view key;
  uint64_t order = 0;  // grows in the order in which keys were inserted
  std::span<const double> elements;
};

// VectorValues: vectors that are kept as numbers instead of text, losslessly and in a fraction of the size.
// get() and scan() return {"embedding": [0.1, ...]}. Default: kept as such text.
class VectorValues {
 public:
  virtual ~VectorValues() = default;

  // value: the bytes of the vector's doubles.
  static constexpr WriteOp::Kind kPutVector{"put_vector", true, true};

  // Every vector of a collection, by key; values that are plain JSON of the same form are among them. The
  // views live until `use` returns; what it returns ends the scan unless it is OK. Errors: kCorruption for a
  // value that is no vector.
  virtual Status scan_vectors(std::string_view collection,
                              const std::function<Status(const VectorEntry&)>& use) const = 0;
  // The vectors of these keys, each with its place among them; absent ones are passed over.
  virtual Status get_vectors(std::string_view collection, std::span<const std::string_view> keys,
                             const std::function<void(size_t i, std::span<const double>)>& use) const = 0;

  // Moves the code of the vector of this key, as it is, to another block: value: CodeMove::bytes()
  // (backend/vector_codes.h). Does nothing where this key has no vector of that order and dimension any more,
  // or the batch writes or deletes it. Reads no vector. Changes nothing that a transaction reads, so that
  // none conflicts with it. Error: kNotSupported while not all vectors have codes.
  static constexpr WriteOp::Kind kMoveCode{"move_code", false, true};
  // Puts some bytes beside a collection's codes, that are for whoever has given these their blocks: key: what
  // they are found by, value: the bytes; none: removes them. They go when codes are made anew.
  static constexpr WriteOp::Kind kPutCodeNote{"put_code_note", false, true};

  // The codes of a collection's vectors as they are now, where the store keeps them
  // (CollectionOptions::keeps_codes) and all vectors have theirs; else null. Default: null.
  virtual Result<std::unique_ptr<CodeReader>> codes(std::string_view collection) const;
};

// PlainBatch: the operations of a batch as puts and deletions alone, for a backend that keeps JSON objects
// and nothing else. Views what the operations view. Move-only.
class PlainBatch {
 public:
  // Errors: kInvalidArgument for a member of what is no list of this batch, or a part of no composed value of
  // it; kNotSupported for kinds that are not of this header.
  static Result<PlainBatch> of(std::span<const WriteOp> ops);
  PlainBatch(PlainBatch&&) noexcept = default;
  PlainBatch& operator=(PlainBatch&&) noexcept = default;

  // In the order of the operations that they come from; a list or composed value stands where it was put.
  std::span<const WriteOp> ops() const { return plain_; }

 private:
  class Open;
  PlainBatch() = default;
  void add_text(const WriteOp& op, std::string text);

  std::span<const WriteOp> plain_;
  std::vector<WriteOp> made_;
  std::deque<std::string> texts_;
};

}  // namespace quipu

#endif  // QUIPU_BACKEND_FEATURES_H_
