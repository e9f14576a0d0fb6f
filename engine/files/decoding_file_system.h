// DecodingFileSystem: persist files in another encoding than UTF-8, read as UTF-8.
//
// LlamaIndex on Windows writes some of its files in the system's code page, and others in ASCII or UTF-8.
// Each file is judged by itself: ASCII passes as it is; one whose first 64 KiB from its first other byte on
// are UTF-8 passes, too; any other is converted while it is read. UTF-16 and UTF-32 are converted from the
// first byte on where a file is not plainly ASCII there.

#ifndef QUIPU_ENGINE_FILES_DECODING_FILE_SYSTEM_H_
#define QUIPU_ENGINE_FILES_DECODING_FILE_SYSTEM_H_

#include <memory>
#include <string>
#include <vector>

#include "quipu/file_system.h"
#include "quipu/persist_dir.h"

namespace quipu {

// Places in error messages that others make of what is read count in the converted text.
class DecodingFileSystem : public FileSystem {
 public:
  // `encoding`: a name of Python's ("gbk", "cp932", "latin-1") or of iconv's, in any case. `files` must
  // outlive it. Error: kInvalidArgument for a name that is not known.
  static Result<std::unique_ptr<DecodingFileSystem>> make(const FileSystem& files,
                                                          const std::string& encoding);

  // A file whose reading fails with kInvalidArgument, naming the byte, where it is not in the encoding.
  Result<std::unique_ptr<InputFile>> open(const std::string& path) const override;

  // As of the other file system; what is written is not converted.
  Result<std::unique_ptr<OutputFile>> create(const std::string& path) const override;
  Result<std::optional<uint64_t>> file_size(const std::string& path) const override;
  Result<std::vector<std::string>> list(const std::string& directory) const override;
  Result<bool> make_directory(const std::string& directory) const override;
  void remove_directory(const std::string& directory) const override;
  Status remove_file(const std::string& path) const override { return files_.remove_file(path); }

 private:
  DecodingFileSystem(const FileSystem& files, std::string encoding, bool extends_ascii)
      : files_(files), encoding_(std::move(encoding)), extends_ascii_(extends_ascii) {}

  const FileSystem& files_;
  const std::string encoding_;  // as iconv knows it
  const bool extends_ascii_;    // whether ASCII bytes stand for themselves in it
};

// What `work` returns for the options, or where they name an encoding, for such ones whose file system
// converts.
template <class Work>
auto with_decoded_files(const ImportOptions& options, const Work& work) -> decltype(work(options)) {
  if (options.encoding.empty()) return work(options);
  QUIPU_ASSIGN_OR_RETURN(const auto files, DecodingFileSystem::make(*options.fs, options.encoding));
  ImportOptions decoded = options;
  decoded.encoding.clear();
  decoded.fs = files.get();
  return work(decoded);
}

}  // namespace quipu

#endif  // QUIPU_ENGINE_FILES_DECODING_FILE_SYSTEM_H_
