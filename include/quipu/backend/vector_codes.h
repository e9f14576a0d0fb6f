// Codes of vectors, which a store may keep beside these: what search compares in place of a vector, some
// eighth of it. docs/FORMAT.md, Codes, has the bytes. VectorValues::codes() is how search comes by them.

#ifndef QUIPU_BACKEND_VECTOR_CODES_H_
#define QUIPU_BACKEND_VECTOR_CODES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quipu/status.h"

namespace quipu {

struct VectorCode {
  struct Direction {  // the vector's length along its code, and across
    float along = 0;
    float across = 0;
  };
  double norm = 0;
  Direction coarse;  // by the upper halves of its bytes
  Direction fine;    // by the bytes
  std::span<const uint8_t> upper;
  std::span<const uint8_t> lower;
};

// VectorEncoder: makes the codes of vectors of one dimension, the same ones in every version and on every
// machine. Thread-safety: one thread at a time. Cost: to make, some 10 ns an element; a code, 6 ns an
// element.
class VectorEncoder {
 public:
  explicit VectorEncoder(size_t dimensions);
  ~VectorEncoder();
  VectorEncoder(VectorEncoder&&) noexcept;
  VectorEncoder& operator=(VectorEncoder&&) noexcept;

  size_t dimensions() const;
  // REQUIRES: so many elements. What it views lives until the next call.
  VectorCode encode(std::span<const double> elements);

  // How long either half of a code is. 0: vectors of so many elements have none.
  static size_t half_bytes(size_t dimensions);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// CodeRest: what the block of a code that has been moved tells beside its upper half. A view.
struct CodeRest {
  // Vectors of more elements have no lower half there.
  static constexpr size_t kDimensionsAtMost = 128;

  std::string_view key;            // the vector's
  VectorCode::Direction fine;      // and
  std::span<const uint8_t> lower;  // where it is there

  static std::string to_bytes(std::string_view key, const VectorCode& code, size_t dimensions) {
    std::string bytes;
    if (dimensions <= kDimensionsAtMost) {
      bytes.append(reinterpret_cast<const char*>(&code.fine), sizeof(code.fine));
      bytes.append(reinterpret_cast<const char*>(code.lower.data()), code.lower.size());
    }
    return bytes.append(key);
  }
  // Nothing where it is malformed. REQUIRES: not empty.
  static std::optional<CodeRest> parse(std::string_view bytes, size_t dimensions) {
    CodeRest rest;
    if (dimensions <= kDimensionsAtMost) {
      const size_t half = VectorEncoder::half_bytes(dimensions);
      if (bytes.size() < sizeof(rest.fine) + half) return std::nullopt;
      std::memcpy(&rest.fine, bytes.data(), sizeof(rest.fine));
      rest.lower = {reinterpret_cast<const uint8_t*>(bytes.data()) + sizeof(rest.fine), half};
      bytes.remove_prefix(sizeof(rest.fine) + half);
    }
    rest.key = bytes;
    return rest;
  }
};

// CodeBlock: what a query reads of many vectors, the upper halves of codes that are stored together, by
// ascending orders. A view; none of its arrays is aligned. A vector is known by its order: the number that
// grows with each insertion (VectorEntry), which an update leaves as it is and nobody gets again.
struct CodeBlock {
  // Blocks of numbers from here on hold what VectorValues::kMoveCode has put there; those before, all else.
  static constexpr uint64_t kFirstMoved = uint64_t{1} << 63;

  uint64_t number = 0;
  size_t dimensions = 0;
  size_t rows = 0;
  const uint8_t* orders = nullptr;  // rows of uint64_t,
  const uint8_t* norms = nullptr;   // of double,
  const uint8_t* along = nullptr;   // of float: VectorCode::coarse,
  const uint8_t* across = nullptr;  // of float,
  const uint8_t* upper = nullptr;   // of VectorEncoder::half_bytes(dimensions)
  const uint8_t* rest_ends =
      nullptr;                  // of uint32_t, each where a row's CodeRest ends, the next one's begins;
  const char* rests = nullptr;  // null, both, or one empty: only the CodeRow tells

  uint64_t order(size_t row) const { return at<uint64_t>(orders, row); }
  double norm(size_t row) const { return at<double>(norms, row); }
  VectorCode::Direction coarse(size_t row) const { return {at<float>(along, row), at<float>(across, row)}; }
  // The bytes of a CodeRest; may be empty.
  std::string_view rest(size_t row) const {
    if (rest_ends == nullptr) return {};
    const uint32_t begin = row == 0 ? 0 : at<uint32_t>(rest_ends, row - 1);
    return {rests + begin, at<uint32_t>(rest_ends, row) - begin};
  }

 private:
  template <class Number>
  static Number at(const uint8_t* numbers, size_t row) {
    Number number;
    std::memcpy(&number, numbers + row * sizeof(Number), sizeof(Number));
    return number;
  }
};

// CodeMove: the value of a VectorValues::kMoveCode: which code, and where to.
struct CodeMove {
  uint64_t order = 0;       // the vector's
  uint64_t dimensions = 0;  // and
  uint64_t block = 0;       // from CodeBlock::kFirstMoved on; 0: where the codes are that nothing has moved

  // A view of this.
  std::string_view bytes() const { return {reinterpret_cast<const char*>(this), sizeof(*this)}; }
};

// CodeRow: what a query reads of few vectors. A view.
struct CodeRow {
  size_t dimensions = 0;
  uint64_t order = 0;
  uint64_t block = 0;    // the number of the block that it is in
  std::string_view key;  // the vector's
  VectorCode::Direction fine;
  std::span<const uint8_t> lower;
};

// CodeReader: the codes of one collection as they were at one moment. Thread-safety: any number of threads at
// once; that of a transaction: one at a time. Lifetime: must go before its store. Views live until `use`
// returns; what it returns ends the reading unless it is OK. Errors: kCorruption for what is malformed.
class CodeReader {
 public:
  virtual ~CodeReader() = default;

  // How many vectors there are.
  virtual uint64_t count() const = 0;
  // How many elements they have: each number once, ascending.
  virtual Result<std::vector<size_t>> dimensions() const = 0;

  // The least and the greatest number of a block from `first` to `last`, these included; nothing: there is
  // none.
  virtual Result<std::optional<std::pair<uint64_t, uint64_t>>> block_numbers(size_t dimensions,
                                                                             uint64_t first,
                                                                             uint64_t last) const = 0;
  // The blocks of numbers from `first` to `last`, these included, of vectors of so many elements, ascending.
  // For all that there are, once each: nothing of it is kept in caches.
  virtual Status scan_blocks(size_t dimensions, uint64_t first, uint64_t last,
                             const std::function<Status(const CodeBlock&)>& use) const = 0;
  // Blocks of these numbers, ascending, each with its place among them; absent ones are passed over.
  virtual Status get_blocks(size_t dimensions, std::span<const uint64_t> numbers,
                            const std::function<Status(size_t i, const CodeBlock&)>& use) const = 0;
  // Rows of these orders, ascending, the same way; and all that there are, by dimension and order.
  virtual Status get_rows(size_t dimensions, std::span<const uint64_t> orders,
                          const std::function<Status(size_t i, const CodeRow&)>& use) const = 0;
  virtual Status scan_rows(const std::function<Status(const CodeRow&)>& use) const = 0;
  // The vectors of these keys, of so many elements, as VectorValues::get_vectors.
  virtual Status get_vectors(size_t dimensions, std::span<const std::string_view> keys,
                             const std::function<void(size_t i, std::span<const double>)>& use) const = 0;
  // What VectorValues::kPutCodeNote has put under keys that begin with `prefix`, by key.
  virtual Status scan_notes(
      std::string_view prefix,
      const std::function<Status(std::string_view key, std::string_view value)>& use) const = 0;
};

}  // namespace quipu

#endif  // QUIPU_BACKEND_VECTOR_CODES_H_
