#include "engine/json/json_file.h"

#include <boost/filesystem.hpp>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include "engine/json/atomic_file.h"

namespace quipu {

namespace fs = boost::filesystem;

Result<std::optional<Json>> read_json_file(const std::string& path) {
  boost::system::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_not_found) return std::optional<Json>();
  if (status.type() != fs::regular_file) return Status::io_error("cannot read " + path + ": not a file");
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || (in.peek() != std::ifstream::traits_type::eof() && !(text << in.rdbuf()))) {
    return Status::io_error("cannot read " + path + ": " + std::generic_category().message(errno));
  }
  Result<Json> parsed = Json::parse(std::move(text).str());
  if (!parsed) return Status::invalid_argument(path + ": " + parsed.error().message());
  return std::optional<Json>(*std::move(parsed));
}

Status make_parent_directory(const std::string& path) {
  const fs::path directory = fs::path(path).parent_path();
  boost::system::error_code error;
  if (!directory.empty()) fs::create_directories(directory, error);
  if (error) return Status::io_error("cannot make directory " + directory.string() + ": " + error.message());
  return Status::ok();
}

Status write_text_file(const std::string& path, std::string_view text) {
  QUIPU_RETURN_IF_ERROR(make_parent_directory(path));
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file, AtomicFile::create(path));
  QUIPU_RETURN_IF_ERROR(file->append(text));
  return file->commit();
}

}  // namespace quipu
