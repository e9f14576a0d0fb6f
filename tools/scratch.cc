#include "tools/scratch.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "quipu/persist_dir.h"
#include "tools/place.h"
#include "tools/progress.h"

namespace quipu::cli {
namespace {

namespace fs = std::filesystem;

}  // namespace

bool is_persist_dir(const std::string& path) {
  if (path.starts_with("s3://")) return true;
  std::error_code error;
  if (fs::exists(path + "/QUIPU", error)) return false;
  const Result<bool> holds_files = quipu::is_persist_dir(path);
  return holds_files && *holds_files;
}

Result<std::unique_ptr<Scratch>> Scratch::make() {
  std::error_code error;
  std::string path = (fs::temp_directory_path(error) / "quipu-XXXXXX").string();
  if (error) return Status::io_error("no directory for temporary files: " + error.message());
  if (::mkdtemp(path.data()) == nullptr) {
    return Status::io_error("cannot make " + path + ": " + std::generic_category().message(errno));
  }
  std::unique_ptr<Scratch> scratch(new Scratch(path));
  QUIPU_ASSIGN_OR_RETURN(scratch->store_, RocksDBKVStore::open(path));
  return scratch;
}

Scratch::~Scratch() {
  store_.reset();
  std::error_code ignored;  // it is where leftovers are expected
  fs::remove_all(path_, ignored);
}

Status Scratch::import(const std::string& directory, bool quiet) const {
  QUIPU_ASSIGN_OR_RETURN(const std::shared_ptr<const FileSystem> files, file_system_of(directory));
  ProgressBar bar(quiet);
  ImportOptions options;
  options.fs = files.get();
  options.progress = bar.callback();
  return import_persist_dir(directory, *store_, options).status();
}

}  // namespace quipu::cli
