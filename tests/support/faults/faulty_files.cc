#include "tests/support/faults/faulty_files.h"

namespace quipu::testing {
namespace {

Status failure_of(const std::string& path, std::optional<FaultKind> fault) {
  if (!fault) return Status::ok();
  return Status::io_error(path + (*fault == FaultKind::kNoSpace ? ": No space left on device (injected)"
                                                                : ": Input/output error (injected)"));
}
// The failure of an operation on `path`, or OK.
Status next(Faults& faults, const std::string& path) { return failure_of(path, faults.next(path)); }
Status next_read(Faults& faults, const std::string& path) { return failure_of(path, faults.next_read(path)); }

class FaultyInput : public InputFile {
 public:
  FaultyInput(std::unique_ptr<InputFile> file, Faults& faults, std::string path)
      : file_(std::move(file)), faults_(faults), path_(std::move(path)) {}
  Result<size_t> read(char* to, size_t size) override {
    QUIPU_RETURN_IF_ERROR(next_read(faults_, path_));
    return file_->read(to, size);
  }
  uint64_t size() const override { return file_->size(); }

 private:
  const std::unique_ptr<InputFile> file_;
  Faults& faults_;
  const std::string path_;
};

class FaultyOutput : public OutputFile {
 public:
  FaultyOutput(std::unique_ptr<OutputFile> file, Faults& faults, std::string path)
      : file_(std::move(file)), faults_(faults), path_(std::move(path)) {}
  Status append(std::string_view text) override {
    QUIPU_RETURN_IF_ERROR(failure_);
    failure_ = next(faults_, path_);
    if (failure_.is_ok()) return file_->append(text);
    QUIPU_RETURN_IF_ERROR(file_->append(text.substr(0, text.size() / 2)));
    return failure_;
  }
  Status commit() override {
    QUIPU_RETURN_IF_ERROR(failure_);
    QUIPU_RETURN_IF_ERROR(next(faults_, path_));
    return file_->commit();
  }
  uint64_t bytes_written() const override { return file_->bytes_written(); }

 private:
  const std::unique_ptr<OutputFile> file_;
  Faults& faults_;
  const std::string path_;
  Status failure_;
};

}  // namespace

Result<std::unique_ptr<InputFile>> FaultyFiles::open(const std::string& path) const {
  QUIPU_RETURN_IF_ERROR(next_read(faults_, path));
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, files_.open(path));
  return std::make_unique<FaultyInput>(std::move(file), faults_, path);
}

Result<std::unique_ptr<OutputFile>> FaultyFiles::create(const std::string& path) const {
  QUIPU_RETURN_IF_ERROR(next(faults_, path));
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<OutputFile> file, files_.create(path));
  return std::make_unique<FaultyOutput>(std::move(file), faults_, path);
}

Result<std::optional<uint64_t>> FaultyFiles::file_size(const std::string& path) const {
  QUIPU_RETURN_IF_ERROR(next_read(faults_, path));
  return files_.file_size(path);
}

Result<std::vector<std::string>> FaultyFiles::list(const std::string& directory) const {
  QUIPU_RETURN_IF_ERROR(next_read(faults_, directory));
  return files_.list(directory);
}

Result<bool> FaultyFiles::make_directory(const std::string& directory) const {
  QUIPU_RETURN_IF_ERROR(next(faults_, directory));
  return files_.make_directory(directory);
}

Status FaultyFiles::remove_file(const std::string& path) const {
  QUIPU_RETURN_IF_ERROR(next(faults_, path));
  return files_.remove_file(path);
}

}  // namespace quipu::testing
