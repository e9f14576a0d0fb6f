#include "python/src/convert/fsspec_file_system.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "python/src/convert/text.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

constexpr size_t kBlockBytes = 4 << 20;  // asked for, and handed over, at once

using Interrupted = std::shared_ptr<std::exception_ptr>;

// What was raised, as a Status; kept where it is no Exception, such as KeyboardInterrupt.
Status status_of(const nb::python_error& raised, const std::string& what, Interrupted& interrupted) {
  if (!raised.matches(PyExc_Exception)) *interrupted = std::make_exception_ptr(raised);
  std::string message = what + ": ";
  if (raised.matches(PyExc_FileNotFoundError)) {
    message += "No such file or directory";
  } else {
    const nb::object type = nb::borrow(raised.type()).attr("__name__");
    message += nb::cast<std::string_view>(type);
    const nb::str text(raised.value());
    message += ": ";
    message += text.c_str();
  }
  return Status::io_error(std::move(message));
}

// Runs `call`, which returns a Status or Result, with the GIL; what it raises becomes an error of `what`.
template <class Call>
auto with_gil(const std::string& what, Interrupted interrupted, Call call) -> decltype(call()) {
  const nb::gil_scoped_acquire gil;
  try {
    return call();
  } catch (const nb::python_error& raised) {
    return status_of(raised, what, interrupted);
  } catch (const std::exception& raised) {  // an answer of another type than fsspec gives
    return Status::io_error(what + ": " + raised.what());
  }
}

// A Python object that goes with the GIL, wherever its owner goes.
class Owned {
 public:
  explicit Owned(nb::object object) : object_(std::move(object)) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    const nb::gil_scoped_acquire gil;
    object_.reset();
  }
  const nb::object& get() const { return object_; }

 private:
  nb::object object_;
};

class FsspecInputFile : public InputFile {
 public:
  FsspecInputFile(nb::object file, uint64_t size, std::string path, Interrupted interrupted)
      : file_(std::move(file)), size_(size), path_(std::move(path)), interrupted_(std::move(interrupted)) {}
  ~FsspecInputFile() override { (void)close(file_, path_, interrupted_); }

  Result<size_t> read(char* to, size_t size) override {
    if (at_ == block_.size()) QUIPU_RETURN_IF_ERROR(fill());
    const size_t count = std::min(size, block_.size() - at_);
    std::memcpy(to, block_.data() + at_, count);
    at_ += count;
    return count;
  }
  uint64_t size() const override { return size_; }

  static Status close(const Owned& file, const std::string& path, const Interrupted& interrupted) {
    return with_gil("cannot close " + path, interrupted, [&] {
      file.get().attr("close")();
      return Status::ok();
    });
  }

 private:
  Status fill() {
    at_ = 0;
    return with_gil("cannot read " + path_, interrupted_, [&] {
      const auto bytes = nb::cast<nb::bytes>(file_.get().attr("read")(kBlockBytes));
      block_.assign(bytes.c_str(), bytes.size());
      return Status::ok();
    });
  }

  const Owned file_;
  const uint64_t size_;
  const std::string path_;
  Interrupted interrupted_;
  std::string block_;
  size_t at_ = 0;
};

// Where a file is until it is whole. REQUIRES: the GIL.
std::string temporary_name(const std::string& path) {
  const auto unique = nb::cast<std::string>(nb::module_::import_("uuid").attr("uuid4")().attr("hex"));
  return path_in(directory_of(path), "." + path.substr(path.find_last_of('/') + 1) + "." + unique);
}

class FsspecOutputFile : public OutputFile {
 public:
  // REQUIRES: the GIL.
  FsspecOutputFile(const nb::object& fs, std::string path, Interrupted interrupted)
      : fs_(fs),
        path_(std::move(path)),
        temporary_(temporary_name(path_)),
        file_(fs.attr("open")(temporary_, "wb")),
        interrupted_(std::move(interrupted)) {}
  ~FsspecOutputFile() override {
    if (done_) return;
    (void)FsspecInputFile::close(file_, temporary_, interrupted_);
    (void)with_gil(temporary_, interrupted_, [&] {
      fs_.get().attr("rm_file")(temporary_);
      return Status::ok();
    });
  }

  Status append(std::string_view text) override {
    QUIPU_RETURN_IF_ERROR(failed_);
    block_.append(text);
    written_ += text.size();
    return block_.size() < kBlockBytes ? Status::ok() : flush();
  }
  Status commit() override {
    QUIPU_RETURN_IF_ERROR(failed_);
    QUIPU_RETURN_IF_ERROR(flush());
    return failed_ = with_gil("cannot write " + path_, interrupted_, [&] {
             file_.get().attr("close")();
             move();
             done_ = true;
             return Status::ok();
           });
  }
  uint64_t bytes_written() const override { return written_; }

 private:
  Status flush() {
    failed_ = with_gil("cannot write " + path_, interrupted_, [&] {
      file_.get().attr("write")(nb::bytes(block_.data(), block_.size()));
      return Status::ok();
    });
    block_.clear();
    return failed_;
  }
  // By the file system's own way, if it has one; fsspec's takes names for patterns.
  void move() const {
    const nb::object abstract = nb::module_::import_("fsspec").attr("AbstractFileSystem");
    if (!fs_.get().type().attr("mv").is(abstract.attr("mv"))) {
      fs_.get().attr("mv")(temporary_, path_);
      return;
    }
    fs_.get().attr("cp_file")(temporary_, path_);
    fs_.get().attr("rm_file")(temporary_);
  }

  const Owned fs_;
  const std::string path_;
  const std::string temporary_;
  const Owned file_;
  Interrupted interrupted_;
  std::string block_;
  uint64_t written_ = 0;
  Status failed_;
  bool done_ = false;
};

}  // namespace

FsspecFileSystem::FsspecFileSystem(nb::object fs)
    : fs_(std::move(fs)), interrupted_(std::make_shared<std::exception_ptr>()) {
  fs_.attr("invalidate_cache")();  // what others have written since it last looked
}

void FsspecFileSystem::rethrow() const {
  if (*interrupted_) std::rethrow_exception(*interrupted_);
}

Result<std::unique_ptr<InputFile>> FsspecFileSystem::open(const std::string& path) const {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<uint64_t> size, file_size(path));
  if (!size) return Status::io_error("cannot open " + path + ": No such file or directory");
  return with_gil("cannot open " + path, interrupted_, [&]() -> Result<std::unique_ptr<InputFile>> {
    return std::make_unique<FsspecInputFile>(fs_.attr("open")(path, "rb"), *size, path, interrupted_);
  });
}

Result<std::unique_ptr<OutputFile>> FsspecFileSystem::create(const std::string& path) const {
  return with_gil("cannot write " + path, interrupted_, [&]() -> Result<std::unique_ptr<OutputFile>> {
    return std::make_unique<FsspecOutputFile>(fs_, path, interrupted_);
  });
}

Result<std::optional<uint64_t>> FsspecFileSystem::file_size(const std::string& path) const {
  const std::string what = "cannot open " + path;
  return with_gil(what, interrupted_, [&]() -> Result<std::optional<uint64_t>> {
    nb::object info;
    try {
      info = fs_.attr("info")(path);
    } catch (const nb::python_error& raised) {
      if (!raised.matches(PyExc_FileNotFoundError)) throw;
      return std::optional<uint64_t>();
    }
    if (nb::cast<std::string_view>(info["type"]) == "directory") {
      return Status::io_error(what + ": Is a directory");
    }
    const nb::object size = info["size"];
    return std::optional<uint64_t>(size.is_none() ? 0 : nb::cast<uint64_t>(size));
  });
}

Result<std::vector<std::string>> FsspecFileSystem::list(const std::string& directory) const {
  const auto without_slashes = [](std::string path) {
    while (path.ends_with('/')) path.pop_back();
    return path;
  };
  return with_gil("cannot read " + directory, interrupted_, [&]() -> Result<std::vector<std::string>> {
    std::vector<std::string> names;
    // Where there are no directories, one without files is none.
    if (!nb::cast<bool>(fs_.attr("isdir")(directory))) return names;
    const std::string base = without_slashes(nb::cast<std::string>(fs_.attr("_strip_protocol")(directory)));
    const nb::object listed = fs_.attr("ls")(directory, nb::arg("detail") = false);
    for (const nb::handle each : listed) {
      const std::string path = without_slashes(nb::cast<std::string>(each));
      if (path != base) names.push_back(path.substr(path.find_last_of('/') + 1));  // else what marks it
    }
    std::ranges::sort(names);
    return names;
  });
}

Result<bool> FsspecFileSystem::make_directory(const std::string& directory) const {
  if (directory.empty()) return false;
  return with_gil("cannot make " + directory, interrupted_, [&]() -> Result<bool> {
    if (nb::cast<bool>(fs_.attr("isdir")(directory))) return false;
    fs_.attr("makedirs")(directory, nb::arg("exist_ok") = true);
    return true;
  });
}

void FsspecFileSystem::remove_directory(const std::string& directory) const {
  (void)with_gil(directory, interrupted_, [&] {
    fs_.attr("rmdir")(directory);
    return Status::ok();
  });
}

Status FsspecFileSystem::remove_file(const std::string& path) const {
  return with_gil("cannot remove " + path, interrupted_, [&] {
    try {
      fs_.attr("rm_file")(path);
    } catch (const nb::python_error& raised) {
      if (!raised.matches(PyExc_FileNotFoundError)) throw;
    }
    return Status::ok();
  });
}

}  // namespace quipu::python
