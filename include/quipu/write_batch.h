// WriteBatch: changes to any number of collections that BaseKVStore::write() makes together.
//
// Operations take effect in their order, so a later one sees the earlier. The batch copies what it is given,
// but for the *_view forms, whose arguments must live until write() returns.
// Thread-safety: one thread at a time.

#ifndef QUIPU_WRITE_BATCH_H_
#define QUIPU_WRITE_BATCH_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "quipu/json.h"

namespace quipu {

// One change. For backends; users fill a WriteBatch by its methods.
struct WriteOp {
  // What is done to the key: an object that lives as long as the program, told apart by its address. Every
  // store knows the two below. A feature of a store has further ones beside it, and says what value and tail
  // are (backend/features.h); a store that has not heard of a kind refuses it with kNotSupported.
  struct Kind {
    std::string_view name;
    bool puts;  // the key is there afterwards, and its collection is made when there is none
    bool adds;  // takes room
  };
  static const Kind kPut;     // value: the object's text
  static const Kind kDelete;  // nothing else

  const Kind* kind;
  std::string_view collection;
  std::string_view key;
  std::string_view value = {};
  std::string_view tail = {};
};
inline constexpr WriteOp::Kind WriteOp::kPut{"put", true, true};
inline constexpr WriteOp::Kind WriteOp::kDelete{"delete", false, false};

class WriteBatch {
 public:
  WriteBatch() = default;
  WriteBatch(WriteBatch&&) = default;
  WriteBatch& operator=(WriteBatch&&) = default;

  void put(std::string_view collection, std::string_view key, JsonView val);
  void delete_(std::string_view collection, std::string_view key);

  // Changes to member lists; see backend/features.h.
  void put_list(std::string_view collection, std::string_view key, std::string_view head,
                std::string_view tail);
  void ensure_list(std::string_view collection, std::string_view key, std::string_view head,
                   std::string_view tail);
  void add_member(std::string_view collection, std::string_view key, std::string_view member);
  void remove_member(std::string_view collection, std::string_view key, std::string_view member);

  // Changes to composed values; see backend/features.h.
  void put_composed(std::string_view collection, std::string_view key,
                    std::span<const std::string_view> texts);
  void put_part(std::string_view collection, std::string_view key, size_t slot, std::string_view part,
                std::string_view text);
  void erase_part(std::string_view collection, std::string_view key, size_t slot, std::string_view part);

  // A vector; see backend/features.h.
  void put_vector(std::string_view collection, std::string_view key, std::span<const double> elements);

  // An operation of any kind, copied.
  void add(const WriteOp& op);
  // Adds an operation without copying what it views.
  void add_view(const WriteOp& op) { ops_.push_back(op); }

  bool empty() const { return ops_.empty(); }
  size_t size() const { return ops_.size(); }
  void clear();
  const std::vector<WriteOp>& ops() const { return ops_; }

 private:
  std::string_view keep(std::string_view bytes);

  static constexpr size_t kFirstBlockBytes = size_t{1} << 10;  // the next are larger, up to 64 KiB
  std::vector<WriteOp> ops_;
  std::vector<std::unique_ptr<char[]>> blocks_;  // what was copied; blocks never move
  size_t free_bytes_ = 0;                        // at the end of the newest block
  char* free_ = nullptr;
};

}  // namespace quipu

#endif  // QUIPU_WRITE_BATCH_H_
