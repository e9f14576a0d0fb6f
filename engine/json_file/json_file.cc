#include "engine/json_file/json_file.h"

#include <memory>

#include "engine/json_file/foreign_content.h"

namespace quipu {
namespace {

constexpr size_t kHeadBytes = 4096;  // by which content that is no JSON is recognised

}  // namespace

Result<std::optional<Json>> read_json_file(const std::string& path, const FileSystem& fs) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<uint64_t> size, fs.file_size(path));
  if (!size) return std::optional<Json>();
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<InputFile> file, fs.open(path));
  std::string text(file->size() + 1, '\0');  // one more, to see the end
  size_t read = 0;
  while (true) {
    QUIPU_ASSIGN_OR_RETURN(const size_t got, file->read(text.data() + read, text.size() - read));
    if (got == 0) break;
    read += got;
    if (read == text.size()) text.resize(text.size() * 2);  // it has grown
  }
  text.resize(read);
  const std::string foreign = describe_foreign_content(std::string_view(text).substr(0, kHeadBytes));
  if (!foreign.empty()) return Status::invalid_argument(path + ": " + foreign);
  Result<Json> parsed = Json::parse(std::move(text));
  if (!parsed) return Status::invalid_argument(path + ": " + parsed.error().message());
  return std::optional<Json>(*std::move(parsed));
}

Status write_text_file(const std::string& path, std::string_view text, const FileSystem& fs) {
  QUIPU_RETURN_IF_ERROR(fs.make_directory(directory_of(path)).status());
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, fs.create(path));
  QUIPU_RETURN_IF_ERROR(file->append(text));
  return file->commit();
}

}  // namespace quipu
