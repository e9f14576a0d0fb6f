// FaultyFiles: a quipu::FileSystem over another one, whose operations fail as Faults says. A failed append
// leaves a part of the text behind.
//
//   Faults faults;
//   const FaultyFiles files(local_file_system(), faults);
//   faults.fail(7, FaultKind::kNoSpace, /*for_ever=*/false);
//   ... export_persist_dir(store, directory, {.fs = &files}) ...

#ifndef QUIPU_TESTS_SUPPORT_FAULTS_FAULTY_FILES_H_
#define QUIPU_TESTS_SUPPORT_FAULTS_FAULTY_FILES_H_

#include "quipu/file_system.h"
#include "tests/support/faults/faults.h"

namespace quipu::testing {

class FaultyFiles : public FileSystem {
 public:
  // Both must outlive it.
  FaultyFiles(const FileSystem& files, Faults& faults) : files_(files), faults_(faults) {}

  Result<std::unique_ptr<InputFile>> open(const std::string& path) const override;
  Result<std::unique_ptr<OutputFile>> create(const std::string& path) const override;
  Result<std::optional<uint64_t>> file_size(const std::string& path) const override;
  Result<std::vector<std::string>> list(const std::string& directory) const override;
  Result<bool> make_directory(const std::string& directory) const override;
  void remove_directory(const std::string& directory) const override { files_.remove_directory(directory); }
  Status remove_file(const std::string& path) const override;

 private:
  const FileSystem& files_;
  Faults& faults_;
};

}  // namespace quipu::testing

#endif  // QUIPU_TESTS_SUPPORT_FAULTS_FAULTY_FILES_H_
