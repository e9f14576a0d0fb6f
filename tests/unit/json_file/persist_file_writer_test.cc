#include "engine/json_file/persist_file_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/files/atomic_file.h"
#include "engine/json_file/persist_file_reader.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

JsonView view(std::string_view canonical) { return JsonView::from_canonical(canonical); }

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

// The writer together with its file.
class WholeFile : public PersistFileWriter {
 public:
  static Result<std::unique_ptr<WholeFile>> create(const std::string& path) {
    QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<AtomicFile> file, AtomicFile::create(path));
    return std::unique_ptr<WholeFile>(new WholeFile(std::move(file)));
  }
  Status commit() {
    QUIPU_RETURN_IF_ERROR(finish());
    return file_->commit();
  }
  uint64_t bytes_written() const { return file_->bytes_written(); }

 private:
  explicit WholeFile(std::unique_ptr<AtomicFile> file) : PersistFileWriter(*file), file_(std::move(file)) {}

  const std::unique_ptr<AtomicFile> file_;
};

class PersistFileWriterTest : public ::testing::Test {
 protected:
  std::unique_ptr<WholeFile> create(const std::string& path) {
    Result<std::unique_ptr<WholeFile>> writer = WholeFile::create(path);
    EXPECT_TRUE(writer) << writer.error().to_string();
    return std::move(*writer);
  }
  void write_one(const std::string& path) {
    const auto writer = create(path);
    ASSERT_TRUE(writer->begin_collection("c").is_ok());
    ASSERT_TRUE(writer->entry("k", view("{}")).is_ok());
    ASSERT_TRUE(writer->end_collection().is_ok());
    const Status status = writer->commit();
    ASSERT_TRUE(status.is_ok()) << status.to_string();
  }

  TempDir directory_;
  const std::string path_ = directory_ / "docstore.json";
};

TEST_F(PersistFileWriterTest, WritesAsJsonDumps) {
  const auto writer = create(path_);
  ASSERT_TRUE(writer->begin_collection("docstore/data").is_ok());
  ASSERT_TRUE(writer->entry("a\n\"\xc3\xa9\xed\xa0\x80", view(R"({"x": [1, 2.0]})")).is_ok());
  ASSERT_TRUE(writer->entry("", view("{}")).is_ok());
  ASSERT_TRUE(writer->end_collection().is_ok());
  ASSERT_TRUE(writer->begin_collection("empty").is_ok());
  ASSERT_TRUE(writer->end_collection().is_ok());
  ASSERT_TRUE(writer->commit().is_ok());
  const std::string text =
      R"({"docstore/data": {"a\n\"\u00e9\ud800": {"x": [1, 2.0]}, "": {}}, "empty": {}})";
  EXPECT_EQ(read_file(path_), text);
  EXPECT_EQ(writer->bytes_written(), text.size());
  EXPECT_THAT(names_in(directory_.path()), ElementsAre("docstore.json"));
}

TEST_F(PersistFileWriterTest, NothingAtAllIsAnEmptyObject) {
  ASSERT_TRUE(create(path_)->commit().is_ok());
  EXPECT_EQ(read_file(path_), "{}");
}

// Copies what it is handed.
class Copier : public PersistFileHandler {
 public:
  explicit Copier(PersistFileWriter& writer) : writer_(writer) {}
  Status begin_collection(std::string_view name, JsonKind /*kind*/) override {
    return writer_.begin_collection(name);
  }
  Status entry(std::string_view key, JsonView value) override { return writer_.entry(key, value); }
  Status end_collection() override { return writer_.end_collection(); }

 private:
  PersistFileWriter& writer_;
};

TEST_F(PersistFileWriterTest, CopiesGoldensByteForByte) {
  const std::filesystem::path goldens = QUIPU_SOURCE_DIR "/tests/data/goldens";
  int files = 0;
  for (const auto& golden : std::filesystem::directory_iterator(goldens)) {
    for (const char* name : {"docstore.json", "index_store.json"}) {
      const std::string source = (golden.path() / name).string();
      if (!std::filesystem::exists(source)) continue;
      const auto writer = create(path_);
      Copier copier(*writer);
      ASSERT_TRUE(read_persist_file(source, {}, copier).is_ok()) << source;
      ASSERT_TRUE(writer->commit().is_ok());
      EXPECT_EQ(read_file(path_), read_file(source)) << source;
      ++files;
    }
  }
  EXPECT_GT(files, 10);
}

TEST_F(PersistFileWriterTest, LargeValuesPassTheBuffer) {
  const auto writer = create(path_);
  const std::string large = R"({"x": ")" + std::string(3 << 20, 'x') + R"("})";
  std::string expected = R"({"c": {)";
  ASSERT_TRUE(writer->begin_collection("c").is_ok());
  for (const std::string& value : {std::string("{}"), large, large, std::string("{}")}) {
    ASSERT_TRUE(writer->entry("k", view(value)).is_ok());
    expected += (expected.back() == '{' ? "\"k\": " : ", \"k\": ") + value;
    EXPECT_EQ(writer->bytes_written(), expected.size());
  }
  ASSERT_TRUE(writer->end_collection().is_ok());
  ASSERT_TRUE(writer->commit().is_ok());
  EXPECT_EQ(read_file(path_), expected + "}}");
}

TEST_F(PersistFileWriterTest, TheOldFileStaysUntilCommit) {
  write_file(path_, "old");
  {
    const auto writer = create(path_);
    ASSERT_TRUE(writer->begin_collection("c").is_ok());
    EXPECT_EQ(read_file(path_), "old");
    const std::vector<std::string> names = names_in(directory_.path());
    ASSERT_EQ(names.size(), 2U);
    EXPECT_THAT(names,
                ::testing::Contains(::testing::MatchesRegex("\\.docstore\\.json\\.[0-9]+-[0-9]+\\.tmp")));
  }
  EXPECT_EQ(read_file(path_), "old");
  EXPECT_THAT(names_in(directory_.path()), ElementsAre("docstore.json"));
  write_one(path_);
  EXPECT_EQ(read_file(path_), R"({"c": {"k": {}}})");
}

TEST_F(PersistFileWriterTest, ReplacesALinkAndLeavesItsTarget) {
  const std::string target = directory_ / "elsewhere.json";
  write_file(target, "untouched");
  ASSERT_EQ(::symlink(target.c_str(), path_.c_str()), 0);
  write_one(path_);
  EXPECT_EQ(read_file(target), "untouched");
  EXPECT_FALSE(std::filesystem::is_symlink(path_));
  EXPECT_EQ(read_file(path_), R"({"c": {"k": {}}})");
}

TEST_F(PersistFileWriterTest, FilesHaveTheUsualMode) {
  const mode_t old_mask = ::umask(027);
  write_one(path_);
  ::umask(old_mask);
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, mode_t{0640});
}

TEST_F(PersistFileWriterTest, TakesNamesOfFullLengthAndRelativePaths) {
  write_one(directory_ / std::string(255, 'n'));
  EXPECT_THAT(names_in(directory_.path()), ElementsAre(std::string(255, 'n')));

  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path());
  write_one("relative.json");
  std::filesystem::current_path(before);
  EXPECT_EQ(read_file(directory_ / "relative.json"), R"({"c": {"k": {}}})");
}

TEST_F(PersistFileWriterTest, RefusesWhatCannotBeAFile) {
  const auto error_of = [](const std::string& path) { return WholeFile::create(path).status(); };
  for (const std::string& path : {std::string(), directory_ / "", directory_ / ".", directory_ / "..",
                                  directory_ / std::string("a\0b", 3)}) {
    EXPECT_EQ(error_of(path).code(), StatusCode::kInvalidArgument) << path;
  }
  EXPECT_EQ(error_of(directory_ / "missing/docstore.json"),
            Status::io_error("cannot write " + (directory_ / "missing/docstore.json") +
                             ": No such file or directory"));
  EXPECT_EQ(error_of(directory_.path()),
            Status::io_error("cannot write " + directory_.path() + ": Is a directory"));
  EXPECT_THAT(error_of("/dev/null/docstore.json").message(), EndsWith("Not a directory"));
  EXPECT_THAT(error_of(directory_ / std::string(256, 'n')).message(), HasSubstr("File name too long"));
  EXPECT_THAT(names_in(directory_.path()), IsEmpty());
}

TEST_F(PersistFileWriterTest, AFailedWriteLeavesTheOldFile) {
  write_file(path_, "old");
  rlimit old_limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{1 << 20, old_limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto writer = create(path_);
  const std::string large = R"({"x": ")" + std::string(3 << 20, 'x') + R"("})";
  EXPECT_TRUE(writer->begin_collection("c").is_ok());
  const Status failed = writer->entry("k", view(large));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  std::signal(SIGXFSZ, old_handler);

  EXPECT_EQ(failed, Status::io_error("cannot write " + path_ + ": File too large"));
  EXPECT_EQ(writer->entry("l", view("{}")), failed);
  EXPECT_EQ(writer->begin_collection("d"), failed);
  EXPECT_EQ(writer->end_collection(), failed);
  EXPECT_EQ(writer->commit(), failed);
  EXPECT_EQ(read_file(path_), "old");
  EXPECT_THAT(names_in(directory_.path()), ElementsAre("docstore.json"));
}

TEST_F(PersistFileWriterTest, TheDirectoryMayMoveUnderWay) {
  const std::string before = directory_ / "before";
  const std::string after = directory_ / "after";
  std::filesystem::create_directory(before);
  const auto writer = create(before + "/docstore.json");
  std::filesystem::rename(before, after);
  ASSERT_TRUE(writer->commit().is_ok());
  EXPECT_EQ(read_file(after + "/docstore.json"), "{}");
}

}  // namespace
}  // namespace quipu::testing
