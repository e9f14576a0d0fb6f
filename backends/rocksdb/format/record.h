// The keys and values of docs/FORMAT.md, built and parsed side by side.

#ifndef QUIPU_BACKENDS_ROCKSDB_FORMAT_RECORD_H_
#define QUIPU_BACKENDS_ROCKSDB_FORMAT_RECORD_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/status.h"

namespace quipu::rocks {

void put_varint(uint64_t value, std::string& out);
void put_u32(uint32_t value, std::string& out);
// varint(length) and the bytes.
void put_bytes(std::string_view bytes, std::string& out);
// Take a part off the front of `in`; false when it is not there.
bool take_varint(std::string_view& in, uint64_t& value);
bool take_u32(std::string_view& in, uint32_t& value);
bool take_bytes(std::string_view& in, std::string_view& bytes);

// The first key behind all keys that start with `prefix`; empty when there is none.
std::string after_prefix(std::string_view prefix);

// "key "k" of collection "c"", long keys shortened.
std::string describe(std::string_view collection, std::string_view key);

// ---- data ----

inline constexpr char kListTag = 0x01;
inline constexpr char kVectorTag = 0x02;
inline constexpr char kComposedTag = 0x03;

struct DataRecord {
  uint64_t sequence = 0;
  std::string_view body;

  // JSON as it is, rather than something to be put together.
  bool is_text() const { return !body.empty() && body.front() == '{'; }
  bool is_vector() const { return !body.empty() && body.front() == kVectorTag; }
  bool is_list() const { return !body.empty() && body.front() == kListTag; }
  bool is_composed() const { return !body.empty() && body.front() == kComposedTag; }
};
std::optional<DataRecord> parse_data_record(std::string_view value);

struct ListHeader {
  uint64_t count = 0;
  std::string_view head;
  std::string_view tail;
};
// REQUIRES: the record is_list().
std::optional<ListHeader> parse_list_header(const DataRecord& record);
std::string make_list_body(const ListHeader& header);
std::string make_list_record(uint64_t sequence, const ListHeader& header);

struct ComposedHeader {
  uint64_t revision = 0;
  uint64_t added = 0;  // parts that it has had so far
  uint64_t count = 0;  // parts that it has
  std::vector<std::string_view> texts;
};
// REQUIRES: the record is_composed().
std::optional<ComposedHeader> parse_composed_header(const DataRecord& record);
std::string make_composed_body(const ComposedHeader& header);

// A part's value, behind its sequence, is its text; the rest of its key is its name: a slot and a key in it.
struct PartName {
  uint64_t slot = 0;
  std::string_view key;
};
std::optional<PartName> parse_part_name(std::string_view name);

// The body of a vector: floats where every element is one, else doubles.
std::string make_vector_body(std::span<const double> elements);
// The elements of such a body; false when it is malformed.
bool parse_vector_body(std::string_view body, std::vector<double>& elements);
// The same of a record's body, which may be a vector's JSON as well.
bool parse_vector(std::string_view body, std::vector<double>& elements);
// How many elements they are; nothing where it is no vector.
std::optional<size_t> dimensions_of(std::string_view body);

// The JSON that a vector reads as; false when its body is malformed.
bool append_vector_text(std::string_view body, std::string& text);

// ---- lists and index ----

// The members of one list share this prefix, and so do the parts of one composed value.
std::string list_prefix(uint32_t collection, std::string_view key);
// The entries of one value share this prefix; the key follows.
std::string index_prefix(uint32_t collection, std::string_view value);

// ---- catalog ----

// A text index of a collection's values.
struct TextMark {
  std::string analyser = {};
  std::string version = {};
  // Its entries have this number, by which its documents are counted, too; its tokens by the next one. 0: it
  // has none, for those of another version have been thrown away.
  uint32_t id = 0;
  bool whole = false;
  std::string below = {};  // where it is not whole: it has the keys below this one
};

struct CollectionRecord {
  // Which of its vectors have codes. kSome: those below a key, and others may.
  enum class Codes : uint8_t { kNone = 0, kAll = 1, kSome = 2 };

  uint32_t id = 0;
  uint64_t order = 0;
  bool own_family = false;
  std::string persist_file;
  std::string indexed_field;
  Codes codes = Codes::kNone;
  std::string coded_below = {};
  std::optional<TextMark> text = {};
};
std::string make_collection_record(const CollectionRecord& record);
std::optional<CollectionRecord> parse_collection_record(std::string_view value);

inline constexpr std::string_view kNextIdKey = "i";
inline constexpr std::string_view kSequenceLimitKey = "s";
inline constexpr std::string_view kMergeKey = "m";
inline std::string collection_key(std::string_view name) { return "n" + std::string(name); }
inline std::string file_key(std::string_view name) { return "f" + std::string(name); }
std::string count_key(uint32_t collection);
std::string pending_key(uint32_t collection);

// Counters: unsigned 64-bit little-endian.
std::string make_count(uint64_t count);
uint64_t parse_count(std::string_view value);

// The column family of a collection: "c<id>:<name for the eye>".
std::string family_name(uint32_t id, std::string_view collection);
std::optional<uint32_t> family_collection_id(std::string_view family);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_FORMAT_RECORD_H_
