// Records of a database directory, as damage or an attacker may leave them.

#include "backends/rocksdb/format/record.h"

#include "tests/fuzz/fuzz.h"

namespace quipu::testing {

void fuzz_one(std::string_view input) {
  using namespace rocks;  // NOLINT: all of it is about that namespace
  std::string_view rest = input;
  uint64_t number = 0;
  if (take_varint(rest, number)) {
    std::string written;
    put_varint(number, written);
    std::string_view again = written;
    uint64_t same = 0;
    require(take_varint(again, same) && same == number && again.empty(), "a number comes back");
  }
  rest = input;
  std::string_view bytes;
  if (take_bytes(rest, bytes))
    require(bytes.size() + rest.size() < input.size(), "bytes are a part of the input");
  if (const auto record = parse_data_record(input)) {
    if (record->is_list()) {
      if (const auto header = parse_list_header(*record)) {
        const std::string written = make_list_record(record->sequence, *header);
        const auto again = parse_data_record(written);
        require(again && parse_list_header(*again)->count == header->count, "a list's header comes back");
      }
    }
    std::vector<double> elements;
    std::string text;
    const bool is_vector = parse_vector_body(record->body, elements);
    if (is_vector && record->is_vector()) {
      require(append_vector_text(record->body, text), "a vector has a text");
    }
  }
  if (const auto record = parse_collection_record(input)) {
    require(parse_collection_record(make_collection_record(*record)).has_value(),
            "a collection's record comes back");
  }
  (void)parse_count(input);
  (void)family_collection_id(input);
  require(after_prefix(input).empty() || after_prefix(input) > input, "the end of a prefix is behind it");
}

}  // namespace quipu::testing
