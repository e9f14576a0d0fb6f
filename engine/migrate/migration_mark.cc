#include "engine/migrate/migration_mark.h"

#include <memory>
#include <utility>

#include "quipu/write_batch.h"

namespace quipu {
namespace {

constexpr int64_t kVersion = 1;

std::optional<std::string> string_of(JsonView json, std::string_view name) {
  const std::optional<JsonView> value = json.find(name);
  if (!value || !value->is_string()) return std::nullopt;
  return value->string();
}

std::optional<uint64_t> number_of(JsonView value) {
  const std::optional<int64_t> number = value.int64();
  if (!number || *number < 0) return std::nullopt;
  return static_cast<uint64_t>(*number);
}

std::optional<WrittenFile> parse_file(JsonView json) {
  const std::optional<JsonView> bytes = json.find("bytes");
  const std::optional<std::string> sha256 = string_of(json, "sha256");
  const std::optional<JsonView> counts = json.find("counts");
  if (!bytes || !number_of(*bytes) || !sha256 || !counts || !counts->is_object()) return std::nullopt;
  WrittenFile file{*number_of(*bytes), *sha256, {}};
  for (const JsonMember& member : counts->members()) {
    const std::optional<uint64_t> count = number_of(member.value);
    if (!count) return std::nullopt;
    file.counts[member.key()] = *count;
  }
  return file;
}

// {"a": 1, ...} of a map, `value` giving each value's text.
template <class Map, class Value>
std::string object_of(const Map& map, const Value& value) {
  std::string text = "{";
  for (const auto& [key, each] : map) {
    if (text.size() > 1) text += ", ";
    append_json_string(key, text);
    text.append(": ").append(value(each));
  }
  return text += "}";
}

}  // namespace

Json MigrationMark::to_json() const {
  std::string text = "{\"version\": " + std::to_string(kVersion) + ", \"source\": ";
  append_json_string(source, text);
  text += ", \"files\": ";
  text += object_of(files, [](const WrittenFile& file) {
    return "{\"bytes\": " + std::to_string(file.bytes) + ", \"sha256\": \"" + file.sha256 +
           "\", \"counts\": " + object_of(file.counts, [](uint64_t count) { return std::to_string(count); }) +
           "}";
  });
  return Json::from_canonical(text + "}");
}

std::optional<MigrationMark> MigrationMark::parse(JsonView json) {
  const std::optional<JsonView> version = json.find("version");
  const std::optional<std::string> source = string_of(json, "source");
  const std::optional<JsonView> files = json.find("files");
  if (!version || version->int64() != kVersion || !source || !files || !files->is_object())
    return std::nullopt;
  MigrationMark mark{*source, {}};
  for (const JsonMember& member : files->members()) {
    std::optional<WrittenFile> file = parse_file(member.value);
    if (!file) return std::nullopt;
    mark.files[member.key()] = *std::move(file);
  }
  return mark;
}

Result<std::optional<MigrationMark>> read_mark(const std::string& directory, const FileSystem& fs) {
  const std::string path = path_in(directory, kMigrationFile);
  QUIPU_ASSIGN_OR_RETURN(const std::optional<uint64_t> size, fs.file_size(path));
  if (!size) return std::optional<MigrationMark>();
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<InputFile> file, fs.open(path));
  constexpr size_t kMaxBytes = 16 << 20;
  std::string text(std::min<uint64_t>(*size, kMaxBytes), '\0');
  size_t at = 0;
  while (at < text.size()) {
    QUIPU_ASSIGN_OR_RETURN(const size_t got, file->read(text.data() + at, text.size() - at));
    if (got == 0) break;
    at += got;
  }
  text.resize(at);
  const Result<Json> json = Json::parse(text);
  std::optional<MigrationMark> mark = json ? MigrationMark::parse(*json) : std::nullopt;
  if (!mark) return Status::invalid_argument(path + " is not the mark of a migration of this version");
  return mark;
}

Status write_mark(const MigrationMark& mark, const std::string& directory, const FileSystem& fs) {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file,
                         fs.create(path_in(directory, kMigrationFile)));
  QUIPU_RETURN_IF_ERROR(file->append(mark.to_json().text()));
  return file->commit();
}

Result<std::optional<MigrationMark>> read_mark(const KVReader& store) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> json, store.get(kMigrationKey, kMigrationCollection));
  if (!json) return std::optional<MigrationMark>();
  std::optional<MigrationMark> mark = MigrationMark::parse(*json);
  if (!mark) {
    return Status::invalid_argument("collection \"" + std::string(kMigrationCollection) +
                                    "\" has no mark of a migration of this version");
  }
  return mark;
}

Status write_mark(const MigrationMark& mark, BaseKVStore& store) {
  WriteBatch batch;
  batch.put(kMigrationCollection, kMigrationKey, mark.to_json());
  return store.write(batch, {.sync = true});
}

}  // namespace quipu
