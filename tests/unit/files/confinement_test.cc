// Nothing outside its own directories is touched, whatever names are asked for, and nobody else may read.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/filesystem.hpp>
#include <set>

#include "quipu/backup.h"
#include "quipu/document_store.h"
#include "quipu/persist_dir.h"
#include "quipu/rocksdb_kv_store.h"
#include "quipu/vector_store.h"
#include "tests/support/temp_dir.h"

namespace quipu::testing {
namespace {

namespace fs = boost::filesystem;

const std::vector<std::string> kHostileNames = {"..",
                                                ".",
                                                "/",
                                                "//",
                                                "../x",
                                                "../../x",
                                                "a/../../x",
                                                "/etc/passwd",
                                                "/tmp",
                                                "~",
                                                "~root",
                                                "./../x",
                                                "..\\x",
                                                "C:\\x",
                                                "con",
                                                "nul",
                                                "a\nb",
                                                "a\tb",
                                                "\x01",
                                                "\x7f",
                                                "-rf",
                                                "--help",
                                                "-",
                                                " ",
                                                "  x",
                                                "x ",
                                                "x.",
                                                ".x",
                                                "...",
                                                "*",
                                                "?",
                                                "[a]",
                                                "$HOME",
                                                "$(id)",
                                                "`id`",
                                                "a;b",
                                                "a|b",
                                                "a&b",
                                                "a>b",
                                                "a<b",
                                                "'",
                                                "\"",
                                                "\\",
                                                "%2e%2e%2f",
                                                "%s%n",
                                                "{}",
                                                "#",
                                                "!",
                                                "CURRENT",
                                                "MANIFEST-000001",
                                                "LOCK",
                                                "QUIPU",
                                                "SESSION",
                                                "rocksdb",
                                                "indexes",
                                                "tmp",
                                                "default",
                                                "000001.log",
                                                "docstore.json",
                                                "../docstore.json",
                                                "\xc3\xa9/../x",
                                                "\xef\xbc\x8e\xef\xbc\x8e\xef\xbc\x8fx",
                                                std::string(255, 'a'),
                                                std::string(5000, 'b')};

mode_t mode_of(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(::lstat(path.c_str(), &info), 0) << path;
  return info.st_mode & 0777;
}

std::shared_ptr<const BaseNode> node(const std::string& id) {
  const auto built = TextNodeBuilder().id(id).text("t").embedding(std::vector<double>{1, 2}).build();
  EXPECT_TRUE(built) << built.error().to_string();
  return *built;
}

TEST(ConfinementTest, HostileNamesStayNames) {
  ASSERT_GE(kHostileNames.size(), 60u);
  const TempDir directory;
  fs::create_directory(directory / "in");
  const std::string path = directory / "in/db";
  const auto kv = *RocksDBKVStore::open(path);
  for (const std::string& name : kHostileNames) {
    SCOPED_TRACE(name.substr(0, 40));
    ASSERT_TRUE(kv->put(name, Json::from_canonical("{\"a\": 1}"), name).is_ok());
    EXPECT_EQ((*kv->get(name, name))->text(), "{\"a\": 1}");
    KVDocumentStore documents(kv, {.ns = name});
    ASSERT_TRUE(documents.add_documents(std::vector{node(name)}).is_ok());
    EXPECT_EQ((*documents.get_document(name))->node_id(), name);
    KVVectorStore vectors(kv, name);
    ASSERT_TRUE(vectors.add(std::vector{node(name)}));
    ASSERT_TRUE(vectors.use_hnsw({.M = 2, .ef_construction = 4, .ef = 4}).is_ok());
    EXPECT_EQ(vectors.query({.query_embedding = {1, 2}})->ids, std::vector<std::string>{name});
  }
  ASSERT_TRUE(create_backup(path, directory / "in/backups"));
  ASSERT_TRUE(kv->close().is_ok());
  std::set<std::string> beside;
  for (const auto& entry : fs::directory_iterator(directory.path()))
    beside.insert(entry.path().filename().string());
  EXPECT_EQ(beside, std::set<std::string>{"in"});
  beside.clear();
  for (const auto& entry : fs::directory_iterator(directory / "in"))
    beside.insert(entry.path().filename().string());
  EXPECT_EQ(beside, (std::set<std::string>{"backups", "db"}));
}

// A vector store's name becomes part of a file's name on export. What is no plain file name is refused.
TEST(ConfinementTest, AnExportWritesIntoItsDirectoryOnly) {
  const TempDir directory;
  fs::create_directory(directory / "in");
  int refused = 0;
  for (size_t i = 0; i < kHostileNames.size(); ++i) {
    SCOPED_TRACE(kHostileNames[i].substr(0, 40));
    const auto kv = *RocksDBKVStore::open(directory / ("in/db" + std::to_string(i)));
    KVVectorStore vectors(kv, kHostileNames[i]);
    ASSERT_TRUE(vectors.add(std::vector{node("n")}));
    const std::string to = directory / ("in/out" + std::to_string(i));
    const auto report = export_persist_dir(*kv, to);
    if (!report) {
      ++refused;
      EXPECT_EQ(report.error().code(), StatusCode::kInvalidArgument) << report.error().to_string();
      EXPECT_FALSE(fs::exists(to) && !fs::is_empty(to));
    } else {
      for (const FileReport& file : report->files) EXPECT_EQ(fs::path(file.name).filename(), file.name);
    }
    ASSERT_TRUE(kv->close().is_ok());
  }
  EXPECT_GT(refused, 5);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()), 1);
}

// A link in the place of a file that is to be written is replaced, not followed.
TEST(ConfinementTest, AnExportDoesNotWriteThroughLinks) {
  const TempDir directory;
  const auto kv = *RocksDBKVStore::open(directory / "db");
  KVDocumentStore documents(kv);
  ASSERT_TRUE(documents.add_documents(std::vector{node("n")}).is_ok());
  write_file(directory / "precious", "untouched");
  fs::create_directory(directory / "out");
  fs::create_symlink(directory / "precious", directory / "out/docstore.json");
  ExportOptions force;
  force.force = true;
  const auto report = export_persist_dir(*kv, directory / "out", force);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(read_file(directory / "precious"), "untouched");
  EXPECT_FALSE(fs::is_symlink(fs::symlink_status(directory / "out/docstore.json")));
}

TEST(ConfinementTest, DirectoriesAreTheirOwners) {
  const TempDir directory;
  for (const std::string& name : {std::string("db"), std::string("parent/db")}) {
    const std::string path = directory / name;
    const auto kv = *RocksDBKVStore::open(path + "/");
    ASSERT_TRUE(kv->put("k", Json::from_canonical("{}")).is_ok());
    ASSERT_TRUE(create_backup(path, path + "-backups//"));
    ASSERT_TRUE(create_checkpoint(path, directory / ("copy-" + std::to_string(name.size()))).is_ok());
    ASSERT_TRUE(kv->close().is_ok());
    EXPECT_EQ(mode_of(path), 0700u);
    EXPECT_EQ(mode_of(directory / ("copy-" + std::to_string(name.size()))), 0700u);
  }
  EXPECT_EQ(mode_of(directory / "db-backups"), 0700u);
  const fs::path before = fs::current_path();
  fs::current_path(directory.path());
  const auto beside = RocksDBKVStore::open("./beside");
  fs::current_path(before);
  ASSERT_TRUE(beside) << beside.error().to_string();
  EXPECT_EQ(mode_of(directory / "beside"), 0700u);
  ASSERT_TRUE(restore_backup(directory / "db-backups", directory / "restored"));
  EXPECT_EQ(mode_of(directory / "restored"), 0700u);
}

}  // namespace
}  // namespace quipu::testing
