#include "backends/rocksdb/format/record.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>
#include <cstring>

#include "quipu/backend/features.h"
#include "quipu/json.h"

namespace quipu::rocks {

static_assert(std::endian::native == std::endian::little, "vectors are stored as they are in memory");

void put_varint(uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void put_u32(uint32_t value, std::string& out) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

void put_bytes(std::string_view bytes, std::string& out) {
  put_varint(bytes.size(), out);
  out += bytes;
}

bool take_varint(std::string_view& in, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool take_u32(std::string_view& in, uint32_t& value) {
  if (in.size() < 4) return false;
  value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(in[static_cast<size_t>(i)]);
  in.remove_prefix(4);
  return true;
}

bool take_bytes(std::string_view& in, std::string_view& bytes) {
  uint64_t length = 0;
  if (!take_varint(in, length) || length > in.size()) return false;
  bytes = in.substr(0, length);
  in.remove_prefix(length);
  return true;
}

std::string after_prefix(std::string_view prefix) {
  std::string after(prefix);
  while (!after.empty() && static_cast<unsigned char>(after.back()) == 0xff) after.pop_back();
  if (!after.empty()) after.back() = static_cast<char>(after.back() + 1);
  return after;
}

std::string describe(std::string_view collection, std::string_view key) {
  return "key " + Json::from_string(key.substr(0, 200)).text() + " of collection " +
         Json::from_string(collection.substr(0, 200)).text();
}

std::optional<DataRecord> parse_data_record(std::string_view value) {
  DataRecord record;
  if (!take_varint(value, record.sequence) || value.empty()) return std::nullopt;
  record.body = value;
  const bool known = value.front() == '{' || record.is_list() || record.is_vector() || record.is_composed();
  return known ? std::optional(record) : std::nullopt;
}

std::optional<ListHeader> parse_list_header(const DataRecord& record) {
  std::string_view rest = record.body.substr(1);
  ListHeader header;
  if (!take_varint(rest, header.count) || !take_bytes(rest, header.head)) return std::nullopt;
  header.tail = rest;
  return header;
}

std::string make_list_body(const ListHeader& header) {
  std::string body(1, kListTag);
  put_varint(header.count, body);
  put_bytes(header.head, body);
  body += header.tail;
  return body;
}

std::string make_list_record(uint64_t sequence, const ListHeader& header) {
  std::string value;
  put_varint(sequence, value);
  return value += make_list_body(header);
}

std::optional<ComposedHeader> parse_composed_header(const DataRecord& record) {
  std::string_view rest = record.body.substr(1);
  ComposedHeader header;
  if (!take_varint(rest, header.revision) || !take_varint(rest, header.added) ||
      !take_varint(rest, header.count)) {
    return std::nullopt;
  }
  while (!rest.empty()) {
    if (!take_bytes(rest, header.texts.emplace_back())) return std::nullopt;
  }
  return header.texts.empty() ? std::nullopt : std::optional(std::move(header));
}

std::string make_composed_body(const ComposedHeader& header) {
  std::string body(1, kComposedTag);
  put_varint(header.revision, body);
  put_varint(header.added, body);
  put_varint(header.count, body);
  for (const std::string_view text : header.texts) put_bytes(text, body);
  return body;
}

std::optional<PartName> parse_part_name(std::string_view name) {
  PartName part;
  if (!take_varint(name, part.slot)) return std::nullopt;
  part.key = name;
  return part;
}

std::string make_vector_body(std::span<const double> elements) {
  std::string body(2 + elements.size() * sizeof(float), kVectorTag);
  body[1] = sizeof(float);
  char* to = body.data() + 2;
  uint64_t lost = 0;  // bits that no float has
  for (const double element : elements) {
    const auto narrow = static_cast<float>(element);
    lost |= std::bit_cast<uint64_t>(static_cast<double>(narrow)) ^ std::bit_cast<uint64_t>(element);
    std::memcpy(to, &narrow, sizeof narrow);
    to += sizeof narrow;
  }
  if (lost == 0) return body;
  body.resize(2);
  body[1] = sizeof(double);
  body.append(reinterpret_cast<const char*>(elements.data()), elements.size_bytes());
  return body;
}

bool parse_vector_body(std::string_view body, std::vector<double>& elements) {
  elements.clear();
  if (body.size() < 2 || body[0] != kVectorTag) return false;
  const size_t width = static_cast<unsigned char>(body[1]);
  body.remove_prefix(2);
  if ((width != sizeof(float) && width != sizeof(double)) || body.size() % width != 0) return false;
  elements.resize(body.size() / width);
  if (width == sizeof(double)) {
    if (!body.empty()) std::memcpy(elements.data(), body.data(), body.size());
    return true;
  }
  for (size_t i = 0; i < elements.size(); ++i) {
    float element = 0;
    std::memcpy(&element, body.data() + i * sizeof element, sizeof element);
    elements[i] = element;
  }
  return true;
}

bool parse_vector(std::string_view body, std::vector<double>& elements) {
  return body.starts_with('{') ? parse_vector_value(JsonView::from_canonical(body), elements)
                               : parse_vector_body(body, elements);
}

std::optional<size_t> dimensions_of(std::string_view body) {
  std::vector<double> elements;
  if (body.starts_with('{'))
    return parse_vector(body, elements) ? std::optional(elements.size()) : std::nullopt;
  const size_t width = body.size() < 2 || body[0] != kVectorTag ? 0 : static_cast<unsigned char>(body[1]);
  if ((width != sizeof(float) && width != sizeof(double)) || (body.size() - 2) % width != 0)
    return std::nullopt;
  return (body.size() - 2) / width;
}

bool append_vector_text(std::string_view body, std::string& text) {
  std::vector<double> elements;
  if (!parse_vector_body(body, elements)) return false;
  text += vector_value(elements).text();
  return true;
}

std::string list_prefix(uint32_t collection, std::string_view key) {
  std::string prefix;
  put_u32(collection, prefix);
  put_bytes(key, prefix);
  return prefix;
}

std::string index_prefix(uint32_t collection, std::string_view value) {
  return list_prefix(collection, value);
}

std::string make_collection_record(const CollectionRecord& record) {
  std::string value;
  put_varint(record.id, value);
  put_varint(record.order, value);
  value += record.own_family ? '\0' : '\1';
  put_bytes(record.persist_file, value);
  put_bytes(record.indexed_field, value);
  if (record.codes == CollectionRecord::Codes::kNone && !record.text) return value;
  value += static_cast<char>(record.codes);
  if (record.codes == CollectionRecord::Codes::kSome) put_bytes(record.coded_below, value);
  if (!record.text) return value;
  put_bytes(record.text->analyser, value);
  put_bytes(record.text->version, value);
  put_varint(record.text->id, value);
  value += record.text->whole ? '\1' : '\0';
  put_bytes(record.text->below, value);
  return value;
}

namespace {

std::optional<TextMark> parse_text_mark(std::string_view value) {
  TextMark mark;
  std::string_view analyser;
  std::string_view version;
  std::string_view below;
  uint64_t id = 0;
  if (!take_bytes(value, analyser) || !take_bytes(value, version) || !take_varint(value, id) ||
      id >= UINT32_MAX || value.empty()) {
    return std::nullopt;
  }
  mark.whole = value.front() == 1;
  value.remove_prefix(1);
  if (!take_bytes(value, below)) return std::nullopt;
  mark.analyser = analyser;
  mark.version = version;
  mark.id = static_cast<uint32_t>(id);
  mark.below = below;
  return mark;
}

}  // namespace

std::optional<CollectionRecord> parse_collection_record(std::string_view value) {
  CollectionRecord record;
  uint64_t id = 0;
  std::string_view persist_file;
  std::string_view indexed_field;
  if (!take_varint(value, id) || id > UINT32_MAX || !take_varint(value, record.order) || value.empty()) {
    return std::nullopt;
  }
  const char placement = value.front();
  value.remove_prefix(1);
  if (placement > 1 || !take_bytes(value, persist_file) || !take_bytes(value, indexed_field))
    return std::nullopt;
  record.id = static_cast<uint32_t>(id);
  record.own_family = placement == 0;
  record.persist_file = persist_file;
  record.indexed_field = indexed_field;
  if (value.empty()) return record;
  record.codes = static_cast<CollectionRecord::Codes>(value.front());
  value.remove_prefix(1);
  if (record.codes > CollectionRecord::Codes::kSome) return std::nullopt;
  if (record.codes == CollectionRecord::Codes::kSome) {
    std::string_view below;
    if (!take_bytes(value, below)) return std::nullopt;
    record.coded_below = below;
  }
  if (value.empty()) return record;
  record.text = parse_text_mark(value);
  if (!record.text) return std::nullopt;
  return record;
}

std::string count_key(uint32_t collection) {
  std::string key = "c";
  put_u32(collection, key);
  return key;
}

std::string pending_key(uint32_t collection) {
  std::string key = "p";
  put_u32(collection, key);
  return key;
}

std::string make_count(uint64_t count) {
  std::string value;
  for (int shift = 0; shift < 64; shift += 8) value += static_cast<char>(count >> shift);
  return value;
}

uint64_t parse_count(std::string_view value) {
  uint64_t count = 0;
  for (size_t i = 0; i < 8 && i < value.size(); ++i) {
    count |= static_cast<uint64_t>(static_cast<unsigned char>(value[i])) << (8 * i);
  }
  return count;
}

std::string family_name(uint32_t id, std::string_view collection) {
  constexpr size_t kMaxName = 64;
  constexpr char kHex[] = "0123456789abcdef";
  std::string name = "c" + std::to_string(id) + ":";
  for (const char c : collection) {
    if (name.size() >= kMaxName) break;
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 ||
        (c != '\0' && std::strchr("._/-", c) != nullptr)) {
      name += c;
    } else {
      name += '%';
      name += kHex[static_cast<unsigned char>(c) >> 4];
      name += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return name;
}

std::optional<uint32_t> family_collection_id(std::string_view family) {
  const size_t colon = family.find(':');
  if (colon == std::string_view::npos || family.front() != 'c') return std::nullopt;
  uint32_t id = 0;
  const std::from_chars_result read = std::from_chars(family.data() + 1, family.data() + colon, id);
  if (read.ec != std::errc() || read.ptr != family.data() + colon) return std::nullopt;
  return id;
}

}  // namespace quipu::rocks
