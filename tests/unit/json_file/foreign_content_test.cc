// What is no persist file is refused by what it is and what to do.

#include "engine/json_file/foreign_content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "engine/json_file/json_file.h"
#include "engine/json_file/persist_file_reader.h"
#include "quipu/file_system.h"
#include "quipu/persist_dir.h"

namespace quipu::testing {
namespace {

using namespace std::string_view_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Case {
  std::string_view head;
  const char* what;
  const char* advice;
};

const Case kCases[] = {
    {"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"sv, "a Git LFS pointer",
     "git lfs pull"},
    {"/annex/objects/SHA256E-s12--00.json\n"sv, "a git-annex pointer", "git annex get"},
    {"\0GITCRYPT\0\1\2"sv, "git-crypt", "git-crypt unlock"},
    {"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n"sv, "conflict", "resolve it"},
    {"IxF2\6\0\0\0\2\0\0\0\0\0\0\0"sv, "a Faiss index", "(files)"},
    {"IxFI\0\6\0\0\2\0\0\0"sv, "a Faiss index", "FaissVectorStore"},
    {"IBxF\100\0\0\0"sv, "a Faiss index", "(files)"},
    {"IHNf\0\3\0\0"sv, "a Faiss index", "(files)"},
    {"\x1f\x8b\x08\0"sv, "compressed by gzip", "unpack it"},
    {"PK\x03\x04\x14\0"sv, "a zip archive", "unpack it"},
    {"PK\x05\x06\0\0"sv, "an empty zip archive", "unpack it"},
    {"\xfd\x37zXZ\0\0"sv, "compressed by xz", "unpack it"},
    {"BZh91AY"sv, "compressed by bzip2", "unpack it"},
    {"\x28\xb5\x2f\xfd\4"sv, "compressed by zstd", "unpack it"},
    {"\x04\x22\x4d\x18\4"sv, "compressed by lz4", "unpack it"},
    {"7z\xbc\xaf\x27\x1c\0"sv, "a 7-Zip archive", "unpack it"},
    {"SQLite format 3\0\x10"sv, "a SQLite database", "persist its content as JSON"},
    {"\x80\x04\x95\x10"sv, "a Python pickle", "load it in Python"},
    {"\x93NUMPY\1"sv, "a NumPy array", "persist its content as JSON"},
    {"PAR1\x15"sv, "a Parquet file", "persist its content as JSON"},
    {"ARROW1\0\0"sv, "an Arrow file", "persist its content as JSON"},
    {"\x89HDF\r\n\x1a\n\0"sv, "an HDF5 file", "persist its content as JSON"},
    {"%PDF-1.7"sv, "a PDF document", "name a directory"},
    {"\n <!DOCTYPE html><html>"sv, "HTML or XML", "download the file anew"},
    {"<?xml version=\"1.0\"?><Error>"sv, "HTML or XML", "download the file anew"},
    {"<html>"sv, "HTML or XML", "download the file anew"},
    {"{'docstore/data': {}}"sv, "a Python dict", "json.dump()"},
    {"\0\0\0\0\0\0"sv, "zero bytes", "backup"},
};

TEST(ForeignContentTest, SaysWhatItIsAndWhatToDo) {
  for (const Case& each : kCases) {
    const std::string said = describe_foreign_content(each.head);
    EXPECT_THAT(said, HasSubstr(each.what)) << each.head;
    EXPECT_THAT(said, HasSubstr(each.advice)) << each.head;
  }
  const std::string tar = "docstore.json" + std::string(244, '\0') +
                          "ustar\0"
                          "00";
  EXPECT_THAT(describe_foreign_content(tar), StartsWith("a tar archive"));
}

TEST(ForeignContentTest, WhatMayBeJsonIsNone) {
  for (const std::string_view head : {"{\"a\": 1}"sv,
                                      " \n{}"sv,
                                      "Infinity "sv,
                                      "-Infinity"sv,
                                      "NaN"sv,
                                      "null"sv,
                                      "12"sv,
                                      "[1, 2]"sv,
                                      "\"IxF2\""sv,
                                      "\xef\xbb\xbf{}"sv,
                                      "\xff\xfe{\0}\0"sv,
                                      "{\0}\0"sv,
                                      "\0\0\0{\0\0\0}"sv,
                                      "<"sv,
                                      "\0\0"sv,
                                      ""sv,
                                      "IxF2"sv,
                                      "IxF2\0\0\0\0"sv,
                                      "\x80\x10\x11"sv,
                                      "PK"sv}) {
    EXPECT_EQ(describe_foreign_content(head), "") << head;
  }
}

class Nothing : public PersistFileHandler {
 public:
  Status begin_collection(std::string_view, JsonKind) override { return Status::ok(); }
  Status entry(std::string_view, JsonView) override { return Status::ok(); }
  Status end_collection() override { return Status::ok(); }
};

TEST(ForeignContentTest, BothReadersRefuseBeforeTheyParse) {
  const MemoryFileSystem files;
  PersistFileOptions options;
  options.fs = &files;
  for (const Case& each : kCases) {
    const auto file = *files.create("a.json");
    ASSERT_TRUE(file->append(each.head).is_ok());
    ASSERT_TRUE(file->commit().is_ok());
    Nothing handler;
    const Status expected = Status::invalid_argument("a.json: " + describe_foreign_content(each.head));
    EXPECT_EQ(read_persist_file("a.json", options, handler), expected);
    EXPECT_EQ(check_json_file("a.json", options), expected);
    EXPECT_EQ(read_json_file("a.json", files).error(), expected);
  }
}

TEST(ForeignContentTest, AdviceFollowsWhatIsWrongWithJson) {
  EXPECT_THAT(with_advice("Invalid UTF-8"), StartsWith("Invalid UTF-8; LlamaIndex on Windows"));
  EXPECT_EQ(with_advice("the text is UTF-16, only UTF-8 is read"),
            "the text is UTF-16, only UTF-8 is read (encoding utf-16 converts it)");
  EXPECT_THAT(with_advice("the file's root is an array, not an object"),
              HasSubstr("another program wrote this"));
  EXPECT_THAT(with_advice("the collection is null, not an object"), HasSubstr("another program wrote this"));
  EXPECT_EQ(with_advice("Expecting value"), "Expecting value");
}

}  // namespace
}  // namespace quipu::testing
